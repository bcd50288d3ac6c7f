// From predictions to the CSV that a competition asks for.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/eval/predictions.h"

namespace panicle {

// A sample_submission.csv as it lies on the disk, with the places of its labels.
struct SampleText {
  struct Place {
    std::size_t begin = 0, end = 0;  // bytes of the last field of a row, with its quotes
    bool quoted = false;
  };
  std::string text;
  std::vector<Place> labels;  // one a row

  // The text with other labels, one a row; all else stays as it is, byte for byte: line ends, quotes, order, further columns.
  std::string filled(const std::vector<std::vector<std::string>>& rows) const;
};

struct Submission {
  std::vector<std::string> header;               // the sample's
  std::vector<std::vector<std::string>> rows;    // the sample's order
  std::vector<std::string> problems;             // why it must not be written; empty: good
  std::filesystem::path sample;
  SampleText layout;
  Json made_from = Json::object();               // for the provenance: where the predictions come from; the caller may fill it
};

// The sample's header and order, its label column (the last one) filled with the argmax class. Ids are matched exactly, else by
// file name, else by file name without extension. Problems, each in a sentence with examples: ids of the sample without a
// prediction, predictions that the sample does not ask for, duplicate ids, probabilities that are not numbers, classes that are not among `labels`
// (where any are given), an empty sample, a header without a label column, with an unnamed or repeated column, or that is no header.
Submission makeSubmission(const Predictions& predictions, const std::filesystem::path& sample, const Vocab& labels = {});

// The labels that the table of labelled photos beside a sample (train.csv) knows, of the column that is called like the sample's last; empty
// where there is no such table.
Vocab labelsBeside(const std::filesystem::path& sample);

// Throws Error listing the problems if there are any; writes atomically. Beside it goes a provenance (core/eval/provenance.h) with the sample,
// the number of images of each label, and `made_from`.
void writeSubmission(const Submission& submission, const std::filesystem::path& out);

// What is wrong with a submission that is already a file, in sentences: another header or number of rows than the sample's, ids that are missing,
// not asked for or there twice, labels that are empty, not a number or not among `labels`. Empty: it is good.
std::vector<std::string> submissionProblems(const std::filesystem::path& submission, const std::filesystem::path& sample, const Vocab& labels = {});

}  // namespace panicle
