// Where the parts of a data set lie: the label table, the image folders, the sample submission.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/data/csv.h"
#include "core/data/data_options.h"

namespace panicle {

struct Layout {
  std::filesystem::path root;     // absolute
  std::string words;              // for people: "Paddy Doctor (train.csv, train_images/)"
  std::optional<CsvTable> table;  // without one the folders' names are the labels
  std::string images;  // folder relative to root, "" for root itself; absolute when it lies elsewhere
  std::optional<std::string> test;  // likewise
  std::optional<std::filesystem::path> sample_submission;
  std::vector<std::string> warnings;
};

// A folder written as Layout::images is.
inline std::filesystem::path folderPath(const std::filesystem::path& root, const std::string& folder) {
  return folder.empty() ? root : root / folder;
}

// Throws Error when the root, the table or a folder that the options name is not there, or when the table is
// not certain.
Layout findLayout(const DataOptions& options);

}  // namespace panicle
