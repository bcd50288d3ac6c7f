#include "core/train/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <stdexcept>

#include "core/base/fields.h"

namespace panicle {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kRecall = "recall";

constexpr std::array kMetrics{
    MetricInfo{"error_rate", "The share of photos whose most probable class is wrong.", "error_rate", true,
               false},
    MetricInfo{"accuracy", "The share of photos whose most probable class is right.", "accuracy", false,
               false},
    MetricInfo{"top_3_accuracy", "The share of photos whose class is among the three most probable.",
               "partial(top_k_accuracy, k=3)", false, false},
    MetricInfo{"top_5_accuracy", "The share of photos whose class is among the five most probable.",
               "top_k_accuracy", false, false},
    MetricInfo{
        "f1_macro",
        "The harmonic mean of precision and recall, averaged over the classes: every class counts alike.",
        "F1Score(average='macro')", false, false},
    MetricInfo{"cohen_kappa",
               "Agreement beyond what guessing by the classes' frequencies would reach: 1 perfect, 0 chance.",
               "CohenKappa", false, false},
    MetricInfo{"recall_macro",
               "The share found of each class, averaged over the classes (balanced accuracy).",
               "BalancedAccuracy, Recall(average='macro')", false, false},
    MetricInfo{"recall", "The share found of each class, a column a class.", "Recall(average=None)", false,
               false},
    MetricInfo{"mae", "The mean distance of the number from the truth.", "mae", true, true},
    MetricInfo{"rmse", "The root of the mean squared distance of the number from the truth.", "rmse", true,
               true},
    MetricInfo{
        "r2", "The share of the numbers' variance that is explained: 1 perfect, 0 no better than their mean.",
        "R2Score", false, true},
};

const MetricInfo* findMetric(const std::string& name) {
  const auto found =
      std::ranges::find_if(kMetrics, [&](const MetricInfo& metric) { return name == metric.name; });
  return found == kMetrics.end() ? nullptr : &*found;
}

[[noreturn]] void throwUnknown(const std::string& metric) {
  throw std::invalid_argument("'" + metric + "' is no metric of this kind of target");
}

// Torch's order: not-a-number is above every number.
bool above(float a, float b) {
  return a > b || (std::isnan(a) && !std::isnan(b));
}

}  // namespace

std::span<const MetricInfo> knownMetrics() {
  return kMetrics;
}

bool smallerIsBetter(const std::string& monitor) {
  if (monitor.starts_with("recall/") || monitor.find("_recall/") != std::string::npos) return false;
  for (const MetricInfo& metric : kMetrics) {
    const std::string name = metric.name;
    if (monitor == name || monitor.ends_with("_" + name)) return metric.smaller_is_better;
  }
  return monitor.find("loss") != std::string::npos || monitor.find("error") != std::string::npos;
}

std::vector<std::string> metricsOf(const std::vector<std::string>& asked, const TargetKind& target) {
  const bool number = target.classes == 0;
  std::vector<std::string> metrics;
  for (const std::string& name : asked) {
    const MetricInfo* metric = findMetric(name);
    if (metric && metric->numbers == number) metrics.push_back(name);
  }
  if (number && metrics.empty()) metrics.emplace_back("mae");
  return metrics;
}

std::vector<std::string> metricNames(const std::vector<std::string>& asked,
                                     const std::vector<TargetKind>& targets,
                                     const std::vector<std::vector<std::string>>& vocabs) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    std::string prefix;
    if (i > 0) prefix = targets[i].name + "_";
    for (const std::string& metric : metricsOf(asked, targets[i])) {
      if (metric != kRecall) {
        names.push_back(prefix + metric);
        continue;
      }
      for (const std::string& label : vocabs.at(i)) names.push_back(prefix + metric + "/" + label);
    }
  }
  return names;
}

std::vector<std::string> checkMetrics(const std::vector<std::string>& asked) {
  std::vector<std::string> known;
  for (const MetricInfo& metric : kMetrics) known.emplace_back(metric.name);
  std::vector<std::string> problems;
  std::set<std::string> seen;
  for (const std::string& name : asked) {
    std::string problem = "metrics: '" + name;
    if (!findMetric(name)) {
      const std::string near = nearestName(name, known);
      problem += "' is not known; ";
      if (!near.empty()) {
        problem += "did you mean '" + near + "'?";
      } else {
        problem += "known are ";
        for (const std::string& one : known) problem += (one == known.front() ? "" : ", ") + one;
      }
    } else if (!seen.insert(name).second) {
      problem += "' is named twice; name it once";
    } else {
      continue;
    }
    problems.push_back(std::move(problem));
  }
  return problems;
}

ClassMetrics::ClassMetrics(std::size_t classes) : right_(classes), actual_(classes), predicted_(classes) {}

void ClassMetrics::add(std::span<const float> logits, std::span<const std::int64_t> targets) {
  const std::size_t classes = actual_.size();
  if (logits.size() != targets.size() * classes) {
    throw std::invalid_argument("ClassMetrics: logits are not one row of all classes for each target");
  }
  for (std::size_t row = 0; row < targets.size(); ++row) {
    if (targets[row] < 0) continue;
    const auto target = static_cast<std::size_t>(targets[row]);
    if (target >= classes) throw std::invalid_argument("ClassMetrics: a target is not among the classes");
    const auto scores = logits.subspan(row * classes, classes);
    // Equal scores: the class that comes first ranks higher.
    std::size_t best = 0, rank = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      if (above(scores[c], scores[best])) best = c;
      if (above(scores[c], scores[target]) || (c < target && !above(scores[target], scores[c]))) ++rank;
    }
    ++photos_;
    ++actual_[target];
    ++predicted_[best];
    if (best == target) ++right_[target];
    if (rank < 3) ++amongThree_;
    if (rank < 5) ++amongFive_;
  }
}

double ClassMetrics::value(const std::string& metric) const {
  if (photos_ == 0) return kNone;
  const auto photos = static_cast<double>(photos_);
  const double right = static_cast<double>(rightPhotos());
  if (metric == "error_rate") return (photos - right) / photos;
  if (metric == "accuracy") return right / photos;
  if (metric == "top_3_accuracy") return static_cast<double>(amongThree_) / photos;
  if (metric == "top_5_accuracy") return static_cast<double>(amongFive_) / photos;
  if (metric == "f1_macro") return f1Macro();
  if (metric == "cohen_kappa") return cohenKappa();
  if (metric == "recall_macro") return recallMacro();
  throwUnknown(metric);
}

std::vector<double> ClassMetrics::recalls() const {
  std::vector<double> recalls;
  for (std::size_t c = 0; c < actual_.size(); ++c) {
    recalls.push_back(actual_[c] == 0 ? kNone
                                      : static_cast<double>(right_[c]) / static_cast<double>(actual_[c]));
  }
  return recalls;
}

std::uint64_t ClassMetrics::rightPhotos() const {
  std::uint64_t right = 0;
  for (const std::uint64_t count : right_) right += count;
  return right;
}

double ClassMetrics::f1Macro() const {
  double sum = 0;
  int classes = 0;
  for (std::size_t c = 0; c < actual_.size(); ++c) {
    const std::uint64_t seen = actual_[c] + predicted_[c];
    if (seen == 0) continue;
    sum += 2 * static_cast<double>(right_[c]) / static_cast<double>(seen);
    ++classes;
  }
  return sum / classes;
}

double ClassMetrics::cohenKappa() const {
  const auto photos = static_cast<double>(photos_);
  double chance = 0;
  for (std::size_t c = 0; c < actual_.size(); ++c) {
    chance += static_cast<double>(actual_[c]) / photos * (static_cast<double>(predicted_[c]) / photos);
  }
  // 0 / 0, not a number, when everything is one class and predicted so.
  return (static_cast<double>(rightPhotos()) / photos - chance) / (1 - chance);
}

double ClassMetrics::recallMacro() const {
  double sum = 0;
  int classes = 0;
  for (const double recall : recalls()) {
    if (std::isnan(recall)) continue;
    sum += recall;
    ++classes;
  }
  return sum / classes;
}

void NumberMetrics::add(std::span<const float> predicted, std::span<const float> truth) {
  if (predicted.size() != truth.size())
    throw std::invalid_argument("NumberMetrics: not one prediction for each truth");
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (std::isnan(truth[i])) continue;
    const double value = truth[i];
    const double difference = predicted[i] - value;
    ++count_;
    absolute_ += std::abs(difference);
    squared_ += difference * difference;
    // Welford's running variance: exact where the numbers are large and close together.
    const double fromMean = value - mean_;
    mean_ += fromMean / static_cast<double>(count_);
    spread_ += fromMean * (value - mean_);
  }
}

double NumberMetrics::value(const std::string& metric) const {
  const auto count = static_cast<double>(count_);
  if (metric == "mae") return count_ == 0 ? kNone : absolute_ / count;
  if (metric == "rmse") return count_ == 0 ? kNone : std::sqrt(squared_ / count);
  if (metric != "r2") throwUnknown(metric);
  if (count_ < 2) return kNone;
  if (spread_ == 0) return squared_ == 0 ? 1 : 0;  // as scikit-learn
  return 1 - squared_ / spread_;
}

}  // namespace panicle
