#include "core/eval/matrix_order.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "core/base/error.h"
#include "core/eval/vocab_match.h"

namespace panicle {
namespace {

std::vector<std::size_t> byMistakes(const ConfusionMatrix& matrix) {
  const std::size_t classes = matrix.vocab.size();
  std::vector<std::uint64_t> mistakes(classes);
  for (std::size_t actual = 0; actual < classes; ++actual) {
    for (std::size_t predicted = 0; predicted < classes; ++predicted) {
      if (actual == predicted) continue;
      mistakes[actual] += matrix.at(actual, predicted);
      mistakes[predicted] += matrix.at(actual, predicted);
    }
  }
  std::vector<std::size_t> order(classes);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return mistakes[a] > mistakes[b]; });
  return order;
}

// Distances of clusters, which bear the number of one of their classes.
class Distances {
 public:
  explicit Distances(const ConfusionMatrix& matrix) : classes_(matrix.vocab.size()), values_(classes_ * classes_), sizes_(classes_, 1) {
    std::vector<double> sums(classes_);
    for (std::size_t c = 0; c < classes_; ++c) sums[c] = std::max<double>(1, matrix.rowSum(c));
    for (std::size_t a = 0; a < classes_; ++a) {
      for (std::size_t b = 0; b < classes_; ++b) {
        if (a != b) values_[a * classes_ + b] = 1 - (matrix.at(a, b) / sums[a] + matrix.at(b, a) / sums[b]) / 2;
      }
    }
  }

  double at(std::size_t a, std::size_t b) const { return values_[a * classes_ + b]; }
  bool alive(std::size_t cluster) const { return sizes_[cluster] > 0; }

  // The nearest of the others, `preferred` among equals.
  std::size_t nearest(std::size_t cluster, std::size_t preferred) const {
    std::size_t best = preferred;
    for (std::size_t other = 0; other < classes_; ++other) {
      if (other == cluster || !alive(other)) continue;
      if (best == classes_ || at(cluster, other) < at(cluster, best)) best = other;
    }
    return best;
  }

  // `b` becomes a part of `a`: average linkage, by Lance and Williams's formula.
  void join(std::size_t a, std::size_t b) {
    const double ofA = static_cast<double>(sizes_[a]) / static_cast<double>(sizes_[a] + sizes_[b]);
    for (std::size_t other = 0; other < classes_; ++other) {
      if (!alive(other) || other == a || other == b) continue;
      const double value = ofA * at(a, other) + (1 - ofA) * at(b, other);
      values_[a * classes_ + other] = values_[other * classes_ + a] = value;
    }
    sizes_[a] += sizes_[b];
    sizes_[b] = 0;
  }

 private:
  std::size_t classes_;
  std::vector<double> values_;
  std::vector<std::size_t> sizes_;  // 0: has become a part of another
};

struct Merge {
  std::size_t a = 0, b = 0;  // a class of each
  double distance = 0;
};

// Nearest-neighbour chains find all merges, though not in the order of their distances.
std::vector<Merge> mergesOf(Distances distances, std::size_t classes) {
  std::vector<Merge> merges;
  std::vector<std::size_t> chain;
  while (merges.size() + 1 < classes) {
    if (chain.empty()) {
      std::size_t first = 0;
      while (!distances.alive(first)) ++first;
      chain.push_back(first);
    }
    const std::size_t last = chain.back();
    const std::size_t before = chain.size() > 1 ? chain[chain.size() - 2] : classes;
    const std::size_t next = distances.nearest(last, before);
    if (next != before) {
      chain.push_back(next);
      continue;
    }
    const std::size_t a = std::min(last, before), b = std::max(last, before);
    merges.push_back({a, b, distances.at(a, b)});
    distances.join(a, b);
    chain.resize(chain.size() - 2);
  }
  std::stable_sort(merges.begin(), merges.end(), [](const Merge& x, const Merge& y) { return x.distance < y.distance; });
  return merges;
}

// Turned so that the ends that touch are as near as can be; as they are among equals.
std::vector<std::size_t> placed(std::vector<std::size_t> first, std::vector<std::size_t> second, const Distances& distances) {
  const double straight = distances.at(first.back(), second.front());
  const double turnSecond = distances.at(first.back(), second.back());
  const double turnFirst = distances.at(first.front(), second.front());
  const double turnBoth = distances.at(first.front(), second.back());
  const double best = std::min({straight, turnSecond, turnFirst, turnBoth});
  if (straight > best) {
    if (turnSecond > best) std::reverse(first.begin(), first.end());
    if (turnSecond == best || turnFirst > best) std::reverse(second.begin(), second.end());
  }
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::vector<std::size_t> byClusters(const ConfusionMatrix& matrix) {
  const std::size_t classes = matrix.vocab.size();
  const Distances distances(matrix);
  std::vector<std::vector<std::size_t>> clusters(classes);
  std::vector<std::size_t> clusterOf(classes);
  for (std::size_t c = 0; c < classes; ++c) {
    clusters[c] = {c};
    clusterOf[c] = c;
  }
  for (const Merge& merge : mergesOf(distances, classes)) {
    std::size_t a = clusterOf[merge.a], b = clusterOf[merge.b];
    if (b < a) std::swap(a, b);
    for (const std::size_t c : clusters[b]) clusterOf[c] = a;
    clusters[a] = placed(std::move(clusters[a]), std::move(clusters[b]), distances);
    clusters[b].clear();
  }
  return classes == 0 ? std::vector<std::size_t>{} : clusters[clusterOf[0]];
}

}  // namespace

std::vector<std::size_t> classOrder(const ConfusionMatrix& matrix, MatrixOrder order) {
  if (order == MatrixOrder::Confusion) return byMistakes(matrix);
  if (order == MatrixOrder::Clusters) return byClusters(matrix);
  std::vector<std::size_t> all(matrix.vocab.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

MatrixDifference difference(const ConfusionMatrix& before, const ConfusionMatrix& after) {
  if (const std::string differs = vocabDifference("the first matrix", before.vocab, "the second", after.vocab); !differs.empty()) throw Error(differs);
  const std::vector<std::size_t> place = columnsInOrder(after.vocab, before.vocab);
  const std::size_t classes = before.vocab.size();
  MatrixDifference result{before.vocab, std::vector<std::int64_t>(classes * classes)};
  for (std::size_t actual = 0; actual < classes; ++actual) {
    for (std::size_t predicted = 0; predicted < classes; ++predicted) {
      result.counts[actual * classes + predicted] =
          static_cast<std::int64_t>(after.at(place[actual], place[predicted])) - static_cast<std::int64_t>(before.at(actual, predicted));
    }
  }
  return result;
}

}  // namespace panicle
