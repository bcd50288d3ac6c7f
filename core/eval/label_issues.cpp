#include "core/eval/label_issues.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"

namespace panicle {
namespace {

float probability(const Predictions& predictions, std::size_t row, int target) {
  return predictions.row(row)[static_cast<std::size_t>(target)];
}

// The most probable class other than `given`; the first of equals.
int bestOther(const Predictions& predictions, std::size_t row, int given) {
  const auto values = predictions.row(row);
  int best = -1;
  for (int c = 0; c < static_cast<int>(values.size()); ++c) {
    if (c != given && (best < 0 || values[static_cast<std::size_t>(c)] > values[static_cast<std::size_t>(best)])) best = c;
  }
  return best < 0 ? given : best;
}

// The most probable of the classes that the image is at least as sure of as their own images are; -1: none.
int confidentClass(const Predictions& predictions, std::size_t row, const std::vector<double>& thresholds) {
  const auto values = predictions.row(row);
  int best = -1;
  for (std::size_t c = 0; c < values.size(); ++c) {
    const bool sure = values[c] >= thresholds[c];  // false where there is no threshold
    if (sure && (best < 0 || values[c] > values[static_cast<std::size_t>(best)])) best = static_cast<int>(c);
  }
  return best;
}

double scoreOf(const Predictions& predictions, const LabelIssue& issue, IssueRank rank, std::span<const ImageHistory> histories) {
  switch (rank) {
    case IssueRank::Loss: break;
    case IssueRank::SelfConfidence: return 1.0 - issue.self_confidence;
    case IssueRank::Margin: return (1.0 + probability(predictions, issue.row, issue.suggested) - issue.self_confidence) / 2;
    case IssueRank::Dynamics:
      if (!histories.empty()) return 1.0 - dynamicsOf(histories[issue.row]).mean_probability;
  }
  return issue.loss;
}

}  // namespace

double ConfidentJoint::noise() const {
  if (images == 0) return 0;
  const std::size_t classes = thresholds.size();
  std::size_t off = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) off += i / classes != i % classes ? counts[i] : 0;
  return static_cast<double>(off) / static_cast<double>(images);
}

ConfidentJoint confidentJoint(const Predictions& predictions) {
  const std::size_t classes = predictions.vocab.size();
  ConfidentJoint joint{.thresholds = std::vector<double>(classes), .counts = std::vector<std::uint32_t>(classes * classes)};
  std::vector<std::size_t> images(classes);
  for (std::size_t row = 0; row < predictions.size(); ++row) {
    const int given = predictions.targets[row];
    if (given < 0) continue;
    joint.thresholds[static_cast<std::size_t>(given)] += probability(predictions, row, given);
    ++images[static_cast<std::size_t>(given)];
    ++joint.images;
  }
  for (std::size_t c = 0; c < classes; ++c) {
    joint.thresholds[c] = images[c] > 0 ? joint.thresholds[c] / static_cast<double>(images[c]) : std::numeric_limits<double>::quiet_NaN();
  }
  for (std::size_t row = 0; row < predictions.size(); ++row) {
    const int given = predictions.targets[row];
    if (given < 0) continue;
    const int is = confidentClass(predictions, row, joint.thresholds);
    if (is >= 0) ++joint.counts[static_cast<std::size_t>(given) * classes + static_cast<std::size_t>(is)];
  }
  return joint;
}

std::vector<LabelIssue> labelIssues(const Predictions& predictions, IssueRank rank, std::span<const ImageHistory> histories) {
  if (!histories.empty() && histories.size() != predictions.size()) {
    throw Error("there are histories of " + std::to_string(histories.size()) + " images beside predictions of " + std::to_string(predictions.size()));
  }
  const ConfidentJoint joint = confidentJoint(predictions);
  std::vector<LabelIssue> issues;
  issues.reserve(joint.images);
  for (std::uint32_t row = 0; row < predictions.size(); ++row) {
    const int given = predictions.targets[row];
    if (given < 0) continue;
    LabelIssue issue{.row = row, .given = given};
    issue.self_confidence = probability(predictions, row, given);
    issue.loss = predictions.losses[row];
    const int is = confidentClass(predictions, row, joint.thresholds);
    issue.confident = is >= 0 && is != given;
    issue.suggested = issue.confident ? is : bestOther(predictions, row, given);
    issue.score = scoreOf(predictions, issue, rank, histories);
    issues.push_back(issue);
  }
  const auto order = [](double score) { return std::isnan(score) ? std::numeric_limits<double>::infinity() : score; };
  std::stable_sort(issues.begin(), issues.end(),
                   [&](const LabelIssue& a, const LabelIssue& b) { return order(a.score) > order(b.score); });
  return issues;
}

}  // namespace panicle
