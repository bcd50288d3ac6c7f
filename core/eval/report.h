// One HTML file that tells all of a run: no network is needed to read it, and nothing outside it. Light and dark, as the reader's system is.
#pragma once

#include <cstddef>
#include <filesystem>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/eval/predictions.h"

namespace panicle {

struct ReportTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

struct ReportCurve {
  std::string name;
  std::vector<double> values;  // one an epoch; not-a-number where there is none
};

struct ReportChart {
  std::string title;
  std::string x_label = "epoch";
  std::string y_label;
  std::vector<ReportCurve> curves;
};

struct Report {
  std::string title;                                          // "Run 3: convnext pad"
  std::vector<std::pair<std::string, std::string>> facts;     // "Architecture", "resnet26d"
  std::vector<std::string> notes;                             // warnings, in sentences
  ReportTable epochs;
  std::vector<ReportChart> charts;
  Predictions predictions;                                    // labelled ones make the matrix, the tables and the photos
  std::string shown;                                          // of what they are: "validation photos, with test-time augmentation"
  std::filesystem::path root;                                 // of the photos' paths; one that cannot be read is left out
  std::size_t photos = 24;                                    // of each gallery
  std::string spec;                                           // the run's document
};

// Of up to 40 classes the whole matrix, of more the 40 with the most mistakes. Photos are JPEGs of 224 pixels. Throws Cancelled.
std::string reportHtml(const Report& report, std::stop_token stop = {});

}  // namespace panicle
