// Labels that may be wrong, by what a network says that has never trained on these images: give it predictions on validation images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/eval/predictions.h"
#include "core/eval/training_dynamics.h"

namespace panicle {

enum class IssueRank {
  Loss,            // out-of-sample cross-entropy
  SelfConfidence,  // 1 - probability of the label that it has (Northcutt et al. 2021)
  Margin,          // how much more probable the most probable other class is: (1 + p(other) - p(label)) / 2
  Dynamics         // 1 - mean probability of its label over the epochs; 1 for an image without epochs; the rank of Loss where no image has histories
};

struct LabelIssue {
  std::uint32_t row = 0;  // of the predictions
  double score = 0;       // by the rank asked for; higher is more suspicious
  int given = 0;          // index into the vocab
  int suggested = 0;      // the most probable class other than the given one
  float loss = 0;
  float self_confidence = 0;  // probability of the given label
  // By confident learning the label is wrong: the image is at least as sure of `suggested` as the images of that class are on average, and surer
  // of it than of any other class for which that holds. Does not depend on the rank.
  bool confident = false;
};

// Confident learning (Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 2021).
struct ConfidentJoint {
  std::vector<double> thresholds;     // by class: the mean self-confidence of the images with that label; NaN for a class without images
  std::vector<std::uint32_t> counts;  // given label x class that it confidently is, row-major; images of no confident class are in none
  std::size_t images = 0;             // labelled ones

  // The share of labelled images whose label is confidently another.
  double noise() const;
};

ConfidentJoint confidentJoint(const Predictions& predictions);

// Labelled rows, the most suspicious first; ties keep the order of the rows, and not-a-number comes first. `histories` (empty, or one a row of the
// predictions) are what Dynamics ranks by.
std::vector<LabelIssue> labelIssues(const Predictions& predictions, IssueRank rank, std::span<const ImageHistory> histories = {});

}  // namespace panicle
