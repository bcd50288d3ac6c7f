// What a run got wrong. Source: fastai.interpret.ClassificationInterpretation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

// Indices of the labelled rows of the predictions, highest loss first; not-a-number counts as highest.
std::vector<std::uint32_t> topLosses(const Predictions& predictions);

struct ClassReport {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  std::uint32_t support = 0;  // images of this class
};

std::vector<ClassReport> perClass(const ConfusionMatrix& matrix);

// "actual\predicted,<class>,..." then one row a class.
std::string toCsv(const ConfusionMatrix& matrix);

}  // namespace panicle
