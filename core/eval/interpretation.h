// What a run got wrong. Source: fastai.interpret.ClassificationInterpretation.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/eval/interval.h"
#include "core/eval/predictions.h"

namespace panicle {

struct ConfusionMatrix {
  Vocab vocab;
  std::vector<std::uint32_t> counts;  // actual x predicted, row-major

  std::uint32_t at(std::size_t actual, std::size_t predicted) const { return counts[actual * vocab.size() + predicted]; }
  std::uint32_t rowSum(std::size_t actual) const;
  std::uint32_t columnSum(std::size_t predicted) const;
  // Share of the row; 0 for an empty row.
  double normalized(std::size_t actual, std::size_t predicted) const;
};

// Unlabelled rows are left out.
ConfusionMatrix confusionMatrix(const Predictions& predictions);

struct Confusion {
  int actual = 0;
  int predicted = 0;
  std::uint32_t count = 0;
};

// Off-diagonal cells of at least `min_count`, count descending, ties in row-major order (fastai's most_confused).
std::vector<Confusion> mostConfused(const ConfusionMatrix& matrix, std::uint32_t min_count = 1);

// The photos behind the cells, sorted once, so that a click costs no more than its answer.
class ConfusionCells {
 public:
  explicit ConfusionCells(const Predictions& predictions);
  // Rows of the predictions, in their order.
  std::span<const std::uint32_t> cell(std::size_t actual, std::size_t predicted) const;
  std::span<const std::uint32_t> row(std::size_t actual) const;  // by predicted class, then in their order

 private:
  std::size_t classes_ = 0;
  std::vector<std::uint32_t> begins_;  // of each cell in `rows_`, and the end
  std::vector<std::uint32_t> rows_;
};

// Indices of the labelled rows of the predictions, highest loss first; not-a-number counts as highest.
std::vector<std::uint32_t> topLosses(const Predictions& predictions);

// How sure the prediction of a row is: the share of its highest probability in the row's sum (rows of test-time augmentation with use_max do
// not add up to 1). NaN for a row of a diverged run.
double confidenceOf(const Predictions& predictions, std::size_t row);

// Labelled rows that are predicted wrongly, the most confident first.
std::vector<std::uint32_t> mostConfidentMistakes(const Predictions& predictions);

// What makes a row uncertain, each between 0 (sure) and 1.
enum class Uncertainty {
  Entropy,  // of the probabilities, divided by that of all classes being equally probable
  Margin,   // 1 - (highest - second highest)
  Least     // 1 - highest
};
double uncertaintyOf(const Predictions& predictions, std::size_t row, Uncertainty kind);
// All rows, labelled or not, the most uncertain first; not-a-number counts as that.
std::vector<std::uint32_t> mostUncertain(const Predictions& predictions, Uncertainty kind);

// With 95 % intervals: Wilson's for precision and recall. F1 = 2 J / (1 + J) where J is the share of the right ones among all images that are of the
// class or are taken for it, so its interval is that of J, carried over. 0 to 1 where there is nothing to count.
struct ClassReport {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  std::uint32_t support = 0;    // images of this class
  std::uint32_t predicted = 0;  // images that are taken for it
  std::uint32_t right = 0;      // that are both
  Interval precision_range;
  Interval recall_range;
  Interval f1_range;
};

std::vector<ClassReport> perClass(const ConfusionMatrix& matrix);

// "actual\predicted,<class>,..." then one row a class.
std::string toCsv(const ConfusionMatrix& matrix);

}  // namespace panicle
