// Rows and columns of a confusion matrix in an order that shows something, and what two matrices have apart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/fields.h"
#include "core/eval/interpretation.h"

namespace panicle {

// Vocab: as the classes are; Confusion: the classes with the most mistakes (theirs, and others taken for them) first; Clusters: classes
// that are taken for each other beside each other.
enum class MatrixOrder { Vocab, Confusion, Clusters };

template <>
struct EnumNames<MatrixOrder> {
  static constexpr std::array names{"vocab", "confusion", "clusters"};
};

// Classes (indices into the vocab), each once, in the order in which they are to be shown.
// Clusters: agglomerative clustering with average linkage (UPGMA, Sokal and Michener 1958; nearest-neighbour chains, Murtagh 1983) of the distance
// 1 - (share of a's images taken for b + share of b's taken for a) / 2; where two clusters join, the ends that are confused most touch.
// 1,000 classes take about a tenth of a second.
std::vector<std::size_t> classOrder(const ConfusionMatrix& matrix, MatrixOrder order);

// How many more images a cell has in `after` than in `before`, row-major. The classes are joined by name, in the order of `before`.
struct MatrixDifference {
  Vocab vocab;
  std::vector<std::int64_t> counts;
  std::int64_t at(std::size_t actual, std::size_t predicted) const { return counts[actual * vocab.size() + predicted]; }
};
// Throws Error saying how the classes differ where they do. Matrices of other images than each other say little: see sharedImages()
// (core/eval/ensemble.h).
MatrixDifference difference(const ConfusionMatrix& before, const ConfusionMatrix& after);

}  // namespace panicle
