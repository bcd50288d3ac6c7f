#include "core/loader/batch_piece.h"

#include <cstddef>

namespace panicle {
namespace {

// Of `values`, each image's share; nothing of a list that the batch does without.
template <typename Value>
std::vector<Value> shareOf(const std::vector<Value>& values, std::size_t each, int first, int count) {
  if (values.empty()) return {};
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(each * static_cast<std::size_t>(first));
  return {begin, begin + static_cast<std::ptrdiff_t>(each * static_cast<std::size_t>(count))};
}

std::size_t valuesOf(Size size) {
  return static_cast<std::size_t>(size.height) * static_cast<std::size_t>(size.width) * 3;
}

}  // namespace

Batch pieceOf(const Batch& batch, int first, int count) {
  Batch piece;
  piece.count = count;
  piece.size = batch.size;
  piece.item_size = batch.item_size;
  piece.pixels = shareOf(batch.pixels, valuesOf(batch.size), first, count);
  piece.item_pixels = shareOf(batch.item_pixels, valuesOf(batch.item_size), first, count);
  piece.draws = shareOf(batch.draws, 1, first, count);
  piece.targets = shareOf(batch.targets, 1, first, count);
  piece.items = shareOf(batch.items, 1, first, count);
  return piece;
}

}  // namespace panicle
