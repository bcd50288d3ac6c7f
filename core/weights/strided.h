// Tensors whose elements do not lie row after row. Internal to core/weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace panicle {

// Strides count elements; shape and strides are equally long and not negative.
bool isRowMajor(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides);

// Copies the tensor that begins at `from` row by row into `to`, which has its size exactly. Every element
// that the strides reach must be there.
void copyRowMajor(const std::byte* from, const std::vector<std::int64_t>& shape,
                  const std::vector<std::int64_t>& strides, std::size_t elementBytes,
                  std::span<std::byte> to);

}  // namespace panicle
