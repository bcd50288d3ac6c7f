// From predictions to the CSV that a competition asks for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/eval/predictions.h"

namespace panicle {

struct Submission {
  std::vector<std::string> header;               // the sample's
  std::vector<std::vector<std::string>> rows;    // the sample's order
  std::vector<std::string> problems;             // why it must not be written; empty: good
};

// The sample's header and order, its label column (the last one) filled with the argmax class. Ids are matched exactly, else by
// file name, else by file name without extension. Problems, each in a sentence with examples: ids of the sample without a
// prediction, predictions that the sample does not ask for, duplicate ids, an empty sample, a header without a label column.
Submission makeSubmission(const Predictions& predictions, const std::filesystem::path& sample);

// Throws Error listing the problems if there are any; writes atomically.
void writeSubmission(const Submission& submission, const std::filesystem::path& out);

}  // namespace panicle
