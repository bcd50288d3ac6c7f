#include "core/eval/matrix_order.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "core/base/json.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

ConfusionMatrix matrixOf(Vocab vocab, std::vector<std::uint32_t> counts) {
  return {std::move(vocab), std::move(counts)};
}

TEST(MatrixOrder, MostMistakesFirst) {
  const ConfusionMatrix matrix = matrixOf({"a", "b", "c"}, {5, 0, 1, 0, 5, 4, 0, 0, 5});
  EXPECT_THAT(classOrder(matrix, MatrixOrder::Vocab), ElementsAre(0u, 1u, 2u));
  EXPECT_THAT(classOrder(matrix, MatrixOrder::Confusion), ElementsAre(2u, 1u, 0u));
}

TEST(MatrixOrder, WhatIsConfusedStandsTogether) {
  // a and d, b and c are taken for each other; d a little for c.
  const ConfusionMatrix matrix = matrixOf({"a", "b", "c", "d"}, {10, 0, 0, 8, 0, 10, 7, 0, 0, 6, 10, 0, 9, 0, 1, 10});
  EXPECT_THAT(classOrder(matrix, MatrixOrder::Clusters), ElementsAre(0u, 3u, 2u, 1u));
}

TEST(MatrixOrder, EveryClassOnceAlsoOfEmptyAndSingleOnes) {
  EXPECT_THAT(classOrder(matrixOf({}, {}), MatrixOrder::Clusters), ElementsAre());
  EXPECT_THAT(classOrder(matrixOf({"a"}, {3}), MatrixOrder::Clusters), ElementsAre(0u));
  const ConfusionMatrix empty{Vocab(200, "x"), std::vector<std::uint32_t>(200 * 200)};
  std::vector<std::size_t> all(200);
  for (std::size_t c = 0; c < all.size(); ++c) all[c] = c;
  EXPECT_THAT(classOrder(empty, MatrixOrder::Clusters), UnorderedElementsAreArray(all));
}

// Of a tree that was cut at any height the parts are stretches of the order: so any two classes that scipy joins below a third stand on one side of it.
TEST(MatrixOrder, ClustersAreScipysAverageLinkage) {
  const Json json = readJson(testing::reference("eval.json"))["clusters"];
  ConfusionMatrix matrix;
  for (const Json& row : json["counts"]) {
    matrix.vocab.push_back(std::to_string(matrix.vocab.size()));
    for (const Json& count : row) matrix.counts.push_back(count.get<std::uint32_t>());
  }
  const std::vector<std::size_t> order = classOrder(matrix, MatrixOrder::Clusters);
  ASSERT_EQ(order.size(), 9u);
  const auto height = [&](std::size_t i, std::size_t k) { return json["cophenetic"][order[i]][order[k]].get<double>(); };
  for (std::size_t i = 0; i < 9; ++i) {
    for (std::size_t k = i + 1; k < 9; ++k) {
      for (std::size_t middle = i + 1; middle < k; ++middle) {
        EXPECT_LE(height(i, middle), height(i, k) + 1e-9) << "class " << order[middle] << " stands between " << order[i] << " and " << order[k];
        EXPECT_LE(height(middle, k), height(i, k) + 1e-9);
      }
    }
  }
}

TEST(MatrixDifference, JoinsClassesByName) {
  const MatrixDifference result = difference(matrixOf({"a", "b"}, {5, 1, 2, 3}), matrixOf({"b", "a"}, {4, 1, 0, 6}));
  EXPECT_THAT(result.vocab, ElementsAre("a", "b"));
  EXPECT_THAT(result.counts, ElementsAre(1, -1, -1, 1));
  EXPECT_EQ(result.at(0, 1), -1);
  EXPECT_THAT(testing::message([] { difference(matrixOf({"a"}, {1}), matrixOf({"b"}, {1})); }), HasSubstr("only the first matrix has 'a'"));
}

}  // namespace
}  // namespace panicle
