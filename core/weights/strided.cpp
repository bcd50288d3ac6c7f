#include "core/weights/strided.h"

#include <cstring>

namespace panicle {
namespace {

// One row; the element's size is a constant so that the copy is a plain move.
template <std::size_t Size>
void copyRow(const std::byte* from, std::int64_t stride, std::int64_t count, std::byte* to) {
  for (std::int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * static_cast<std::int64_t>(Size), from + i * stride * static_cast<std::int64_t>(Size),
                Size);
}

void copyRow(const std::byte* from, std::int64_t stride, std::int64_t count, std::size_t elementBytes,
             std::byte* to) {
  switch (elementBytes) {
    case 1:
      return copyRow<1>(from, stride, count, to);
    case 2:
      return copyRow<2>(from, stride, count, to);
    case 4:
      return copyRow<4>(from, stride, count, to);
    default:
      return copyRow<8>(from, stride, count, to);
  }
}

}  // namespace

bool isRowMajor(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides) {
  std::int64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 0) return true;
    if (shape[i] == 1) continue;
    if (strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

void copyRowMajor(const std::byte* from, const std::vector<std::int64_t>& shape,
                  const std::vector<std::int64_t>& strides, std::size_t elementBytes,
                  std::span<std::byte> to) {
  if (to.empty()) return;
  const std::size_t sides = shape.size();
  const std::int64_t columns = sides == 0 ? 1 : shape[sides - 1];
  const std::int64_t step = sides == 0 ? 1 : strides[sides - 1];
  std::vector<std::int64_t> at(sides, 0);
  std::int64_t offset = 0;  // in elements
  for (std::size_t filled = 0; filled < to.size();
       filled += static_cast<std::size_t>(columns) * elementBytes) {
    copyRow(from + offset * static_cast<std::int64_t>(elementBytes), step, columns, elementBytes,
            to.data() + filled);
    for (std::size_t i = sides; i-- > 1;) {  // the next row: the last side but one counts first
      const std::size_t side = i - 1;
      if (shape[side] == 1) continue;  // its stride means nothing and may be anything
      offset += strides[side];
      if (++at[side] < shape[side]) break;
      offset -= strides[side] * shape[side];
      at[side] = 0;
    }
  }
}

}  // namespace panicle
