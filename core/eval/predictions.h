// Predictions as they are kept: keyed by image id, never by position.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/data/dataset.h"

namespace panicle {

// One row per image; probabilities row-major, ids.size() x vocab.size().
struct Predictions {
  Vocab vocab;
  std::vector<std::string> ids;
  std::vector<std::string> paths;  // relative to the data set's root
  std::vector<float> probabilities;
  std::vector<int> targets;   // index into vocab; -1 where unlabelled
  std::vector<float> losses;  // cross-entropy; 0 where unlabelled

  std::size_t size() const { return ids.size(); }
  std::span<const float> row(std::size_t i) const {
    return std::span(probabilities).subspan(i * vocab.size(), vocab.size());
  }
  // The most probable class; the first of equals, as torch.argmax.
  int predicted(std::size_t i) const;
  // The share of the labelled images whose predicted class is wrong; NaN without any.
  double errorRate() const;
};

// <stem>_preds.csv: image_id, then one probability column per class in vocab order. <stem>_items.csv:
// image_id, path, label, loss; the last two are empty where unlabelled. Numbers round-trip exactly. Each file
// is written atomically.
void writePredictions(const std::filesystem::path& folder, const std::string& stem,
                      const Predictions& predictions);
// Throws Error naming the file and line (missing, other header, not a number, ids that do not agree).
Predictions readPredictions(const std::filesystem::path& folder, const std::string& stem);
// <stem>_preds.csv's form alone, under any name; atomically.
void writePredictionTable(const std::filesystem::path& path, const Predictions& predictions);
// The probabilities alone, from any CSV of the form of <stem>_preds.csv: paths are the ids, and nothing is
// labelled.
Predictions readPredictionTable(const std::filesystem::path& path);
bool hasPredictions(const std::filesystem::path& folder, const std::string& stem);

// Predictions of a target that is a number.
struct NumberPredictions {
  std::string name;  // the target's
  std::vector<std::string> ids;
  std::vector<std::string> paths;  // relative to the data set's root
  std::vector<float> values;       // what the network says
  std::vector<float> truths;       // NaN where unlabelled

  std::size_t size() const { return ids.size(); }
};

// <stem>_preds.csv: image_id and one column of the target's name. <stem>_items.csv: image_id, path, value;
// the last is empty where unlabelled. As for classes otherwise.
void writeNumberPredictions(const std::filesystem::path& folder, const std::string& stem,
                            const NumberPredictions& predictions);
NumberPredictions readNumberPredictions(const std::filesystem::path& folder, const std::string& stem);

// The stem of a run's further target: targetStem("valid", "variety") is "valid.variety". What no file name
// may hold is written %2F.
std::string targetStem(const std::string& stem, const std::string& target);
// The stem of what test-time augmentation made of a split: "valid_tta".
std::string ttaStem(const std::string& split);

}  // namespace panicle
