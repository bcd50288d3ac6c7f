#include "core/eval/interpretation.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/data/csv.h"

namespace panicle {

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

std::vector<std::uint32_t> topLosses(const Predictions& predictions) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < predictions.size(); ++i) {
    if (predictions.targets[i] >= 0) order.push_back(i);
  }
  // Not-a-number counts as the highest, as torch.topk ranks it; a plain > would not be an order.
  const auto rank = [&](std::uint32_t i) {
    const float loss = predictions.losses[i];
    return loss != loss ? std::numeric_limits<float>::infinity() : loss;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return rank(a) > rank(b); });
  return order;
}

std::vector<ClassReport> perClass(const ConfusionMatrix& matrix) {
  const auto ratio = [](double part, double whole) { return whole == 0 ? 0.0 : part / whole; };
  std::vector<ClassReport> reports;
  for (std::size_t c = 0; c < matrix.vocab.size(); ++c) {
    ClassReport report;
    report.support = matrix.rowSum(c);
    report.precision = ratio(matrix.at(c, c), matrix.columnSum(c));
    report.recall = ratio(matrix.at(c, c), report.support);
    report.f1 = ratio(2 * report.precision * report.recall, report.precision + report.recall);
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
