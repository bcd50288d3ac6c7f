#include "core/eval/interpretation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/data/csv.h"

namespace panicle {
namespace {

// Rows of the predictions by what `valueOf` says of them, highest first; equals keep their order. Not-a-number counts as the highest, as
// torch.topk ranks it.
template <typename ValueOf>
std::vector<std::uint32_t> ordered(const Predictions& predictions, std::vector<std::uint32_t> rows, const ValueOf& valueOf) {
  std::vector<double> values(predictions.size());
  for (const std::uint32_t row : rows) {
    const double value = valueOf(row);
    values[row] = std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
  }
  std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) { return values[a] > values[b]; });
  return rows;
}

}  // namespace

std::uint32_t ConfusionMatrix::rowSum(std::size_t actual) const {
  const auto first = counts.begin() + static_cast<std::ptrdiff_t>(actual * vocab.size());
  return std::accumulate(first, first + static_cast<std::ptrdiff_t>(vocab.size()), 0u);
}

std::uint32_t ConfusionMatrix::columnSum(std::size_t predicted) const {
  std::uint32_t sum = 0;
  for (std::size_t actual = 0; actual < vocab.size(); ++actual) sum += at(actual, predicted);
  return sum;
}

double ConfusionMatrix::normalized(std::size_t actual, std::size_t predicted) const {
  const std::uint32_t sum = rowSum(actual);
  return sum == 0 ? 0.0 : static_cast<double>(at(actual, predicted)) / sum;
}

ConfusionMatrix confusionMatrix(const Predictions& predictions) {
  const std::size_t classes = predictions.vocab.size();
  ConfusionMatrix matrix{predictions.vocab, std::vector<std::uint32_t>(classes * classes, 0)};
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    if (predictions.targets[i] < 0) continue;
    const auto actual = static_cast<std::size_t>(predictions.targets[i]);
    ++matrix.counts[actual * classes + static_cast<std::size_t>(predictions.predicted(i))];
  }
  return matrix;
}

std::vector<Confusion> mostConfused(const ConfusionMatrix& matrix, std::uint32_t min_count) {
  std::vector<Confusion> confusions;
  const int classes = static_cast<int>(matrix.vocab.size());
  for (int actual = 0; actual < classes; ++actual) {
    for (int predicted = 0; predicted < classes; ++predicted) {
      const auto count = matrix.at(static_cast<std::size_t>(actual), static_cast<std::size_t>(predicted));
      if (actual != predicted && count >= min_count) confusions.push_back({actual, predicted, count});
    }
  }
  std::stable_sort(confusions.begin(), confusions.end(),
                   [](const Confusion& a, const Confusion& b) { return a.count > b.count; });
  return confusions;
}

ConfusionCells::ConfusionCells(const Predictions& predictions)
    : classes_(predictions.vocab.size()), begins_(classes_ * classes_ + 1, 0) {
  constexpr std::size_t kUnlabelled = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> cells(predictions.size(), kUnlabelled);
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    if (predictions.targets[i] < 0) continue;
    cells[i] = static_cast<std::size_t>(predictions.targets[i]) * classes_ + static_cast<std::size_t>(predictions.predicted(i));
    ++begins_[cells[i] + 1];
  }
  std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
  rows_.resize(begins_.back());
  std::vector<std::uint32_t> next(begins_.begin(), begins_.end() - 1);
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    if (cells[i] != kUnlabelled) rows_[next[cells[i]]++] = i;
  }
}

std::span<const std::uint32_t> ConfusionCells::cell(std::size_t actual, std::size_t predicted) const {
  const std::size_t cell = actual * classes_ + predicted;
  return std::span(rows_).subspan(begins_[cell], begins_[cell + 1] - begins_[cell]);
}

std::span<const std::uint32_t> ConfusionCells::row(std::size_t actual) const {
  const std::uint32_t begin = begins_[actual * classes_], end = begins_[(actual + 1) * classes_];
  return std::span(rows_).subspan(begin, end - begin);
}

std::vector<std::uint32_t> topLosses(const Predictions& predictions) {
  std::vector<std::uint32_t> labelled;
  for (std::uint32_t i = 0; i < predictions.size(); ++i) {
    if (predictions.targets[i] >= 0) labelled.push_back(i);
  }
  return ordered(predictions, std::move(labelled), [&](std::uint32_t i) { return predictions.losses[i]; });
}

double confidenceOf(const Predictions& predictions, std::size_t row) {
  const auto probabilities = predictions.row(row);
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  return probabilities[static_cast<std::size_t>(predictions.predicted(row))] / sum;
}

std::vector<std::uint32_t> mostConfidentMistakes(const Predictions& predictions) {
  std::vector<std::uint32_t> wrong;
  for (std::uint32_t i = 0; i < predictions.size(); ++i) {
    if (predictions.targets[i] >= 0 && predictions.predicted(i) != predictions.targets[i]) wrong.push_back(i);
  }
  return ordered(predictions, std::move(wrong), [&](std::uint32_t i) { return confidenceOf(predictions, i); });
}

double uncertaintyOf(const Predictions& predictions, std::size_t row, Uncertainty kind) {
  const auto probabilities = predictions.row(row);
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  if (!(sum > 0)) return std::numeric_limits<double>::quiet_NaN();
  double highest = 0, second = 0, entropy = 0;
  for (const float probability : probabilities) {
    const double share = probability / sum;
    if (share > 0) entropy -= share * std::log(share);
    second = std::max(second, std::min(highest, share));
    highest = std::max(highest, share);
  }
  if (kind == Uncertainty::Margin) return 1 - (highest - second);
  if (kind == Uncertainty::Least) return 1 - highest;
  return probabilities.size() < 2 ? 0.0 : entropy / std::log(static_cast<double>(probabilities.size()));
}

std::vector<std::uint32_t> mostUncertain(const Predictions& predictions, Uncertainty kind) {
  std::vector<std::uint32_t> all(predictions.size());
  std::iota(all.begin(), all.end(), 0u);
  return ordered(predictions, std::move(all), [&](std::uint32_t i) { return uncertaintyOf(predictions, i, kind); });
}

std::vector<ClassReport> perClass(const ConfusionMatrix& matrix) {
  const auto ratio = [](double part, double whole) { return whole == 0 ? 0.0 : part / whole; };
  const auto f1Of = [](double share) { return 2 * share / (1 + share); };
  std::vector<ClassReport> reports;
  for (std::size_t c = 0; c < matrix.vocab.size(); ++c) {
    ClassReport report{.support = matrix.rowSum(c), .predicted = matrix.columnSum(c), .right = matrix.at(c, c)};
    report.precision = ratio(report.right, report.predicted);
    report.recall = ratio(report.right, report.support);
    report.f1 = ratio(2 * report.precision * report.recall, report.precision + report.recall);
    report.precision_range = wilson(report.right, report.predicted);
    report.recall_range = wilson(report.right, report.support);
    const Interval share = wilson(report.right, report.support + report.predicted - report.right);
    report.f1_range = {f1Of(share.low), f1Of(share.high)};
    reports.push_back(report);
  }
  return reports;
}

std::string toCsv(const ConfusionMatrix& matrix) {
  std::vector<std::string> fields{"actual\\predicted"};
  fields.insert(fields.end(), matrix.vocab.begin(), matrix.vocab.end());
  std::string csv = csvLine(fields);
  for (std::size_t actual = 0; actual < matrix.vocab.size(); ++actual) {
    fields[0] = matrix.vocab[actual];
    for (std::size_t c = 0; c < matrix.vocab.size(); ++c)
      fields[c + 1] = std::to_string(matrix.at(actual, c));
    csv += csvLine(fields);
  }
  return csv;
}

}  // namespace panicle
