#include "core/eval/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/eval/interpretation.h"

namespace panicle {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::size_t binOf(double confidence, std::size_t bins) {
  const double place = std::ceil(confidence * static_cast<double>(bins)) - 1;
  return static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(bins - 1)));
}

double brierOf(const Predictions& predictions, std::size_t row) {
  const auto probabilities = predictions.row(row);
  double sum = 0;
  for (std::size_t c = 0; c < probabilities.size(); ++c) {
    const double off = probabilities[c] - (static_cast<int>(c) == predictions.targets[row] ? 1.0 : 0.0);
    sum += off * off;
  }
  return sum;
}

// From sums over the images to means.
void finish(Calibration& result, const std::vector<std::uint32_t>& right) {
  for (std::size_t b = 0; b < result.bins.size(); ++b) {
    ReliabilityBin& bin = result.bins[b];
    bin.accuracy_range = wilson(right[b], bin.images);
    if (bin.images == 0) continue;
    bin.confidence /= bin.images;
    bin.accuracy = static_cast<double>(right[b]) / bin.images;
    const double off = std::abs(bin.accuracy - bin.confidence);
    result.expected_error += off * bin.images;
    result.largest_error = std::max(result.largest_error, off);
  }
  if (result.images == 0) {
    result.confidence = result.accuracy = result.expected_error = result.largest_error = result.brier = result.log_loss = kNone;
    return;
  }
  for (double* sum : {&result.confidence, &result.accuracy, &result.expected_error, &result.brier, &result.log_loss}) *sum /= result.images;
}

}  // namespace

Calibration calibration(const Predictions& predictions, std::size_t bins) {
  Calibration result;
  result.bins.resize(std::max<std::size_t>(1, bins));
  const auto count = static_cast<double>(result.bins.size());
  for (std::size_t b = 0; b < result.bins.size(); ++b) {
    result.bins[b].low = static_cast<double>(b) / count;
    result.bins[b].high = static_cast<double>(b + 1) / count;
  }
  std::vector<std::uint32_t> right(result.bins.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const double confidence = confidenceOf(predictions, i);
    if (predictions.targets[i] < 0 || std::isnan(confidence)) continue;
    const std::size_t b = binOf(confidence, result.bins.size());
    const bool isRight = predictions.predicted(i) == predictions.targets[i];
    ++result.images;
    ++result.bins[b].images;
    result.bins[b].confidence += confidence;
    right[b] += isRight;
    result.confidence += confidence;
    result.accuracy += isRight;
    result.brier += brierOf(predictions, i);
    result.log_loss += predictions.losses[i];
  }
  finish(result, right);
  return result;
}

PrCurve prCurve(const Predictions& predictions, std::size_t label) {
  PrCurve curve;
  std::vector<float> thresholds;
  const auto probability = [&](std::size_t i) {
    const float value = predictions.row(i)[label];
    return std::isnan(value) ? -std::numeric_limits<float>::infinity() : value;
  };
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    if (predictions.targets[i] == static_cast<int>(label)) thresholds.push_back(probability(i));
  }
  curve.positives = static_cast<std::uint32_t>(thresholds.size());
  if (thresholds.empty()) {
    curve.average_precision = kNone;
    return curve;
  }
  std::sort(thresholds.begin(), thresholds.end(), std::greater<>());
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  // Between two of the class's own probabilities the recall stays, so nothing but their number is asked of the other images.
  std::vector<std::uint32_t> taken(thresholds.size()), right(thresholds.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    if (predictions.targets[i] < 0) continue;
    const float value = probability(i);
    if (value < thresholds.back()) continue;
    const auto place = std::lower_bound(thresholds.begin(), thresholds.end(), value, std::greater<>()) - thresholds.begin();
    ++taken[static_cast<std::size_t>(place)];
    right[static_cast<std::size_t>(place)] += predictions.targets[i] == static_cast<int>(label);
  }
  std::partial_sum(taken.begin(), taken.end(), taken.begin());
  std::partial_sum(right.begin(), right.end(), right.begin());
  double before = 0;
  for (std::size_t k = 0; k < thresholds.size(); ++k) {
    const PrPoint point{thresholds[k], static_cast<double>(right[k]) / taken[k], static_cast<double>(right[k]) / curve.positives};
    curve.average_precision += point.precision * (point.recall - before);
    before = point.recall;
    curve.points.push_back(point);
  }
  return curve;
}

std::vector<double> averagePrecisions(const Predictions& predictions) {
  std::vector<double> values;
  for (std::size_t c = 0; c < predictions.vocab.size(); ++c) values.push_back(prCurve(predictions, c).average_precision);
  return values;
}

}  // namespace panicle
