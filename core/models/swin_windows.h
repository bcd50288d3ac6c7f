// Windows on a grid of tokens, as Swin (Liu et al. 2021, "Shifted windows") and SwinV2 (Liu et al. 2022)
// attend within. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/base/size.h"

namespace panicle {

// Where the windows of one block lie. Sizes are in tokens.
struct WindowLayout {
  Size grid;    // of the image's tokens
  Size window;  // divides the grid
  Size shift;   // how far the windows lie below and right of those of an unshifted block; the last ones wrap
                // around

  bool shifted() const { return shift.height > 0 || shift.width > 0; }
  std::int64_t windows() const {
    return std::int64_t{grid.height / window.height} * (grid.width / window.width);
  }
  std::int64_t windowTokens() const { return std::int64_t{window.height} * window.width; }
};

// (B, tokens, C), rolled so that shifted windows start at the first token; and back.
at::Tensor rolledToWindows(const at::Tensor& x, const WindowLayout& layout);
at::Tensor rolledBack(const at::Tensor& x, const WindowLayout& layout);

// (B, tokens, 3 C), queries, keys and values, by heads -> (3, B, windows, heads, windowTokens, C / heads).
at::Tensor splitIntoWindows(const at::Tensor& qkv, const WindowLayout& layout, std::int64_t heads);
// (B, windows, heads, windowTokens, C / heads) -> (B, tokens, C).
at::Tensor joinWindows(const at::Tensor& x, const WindowLayout& layout);

// softmax(q k^T scale + bias + mask) v. q, k, v: (B, windows, heads, windowTokens, width), as the result;
// bias: (heads, windowTokens, windowTokens); mask: shiftMask() or undefined.
at::Tensor windowAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const at::Tensor& bias, const at::Tensor& mask, double scale);

// (windows, windowTokens, windowTokens): -100 where query and key met in a window only because it wraps
// around, else 0.
at::Tensor shiftMask(const WindowLayout& layout);

// (windowTokens, windowTokens), int64: which of the (2 height - 1) * (2 width - 1) distances lies from key
// (column) to query (row).
at::Tensor relativePositionIndex(Size window);

// values: (distances, heads) -> (heads, windowTokens, windowTokens).
at::Tensor gatheredBias(const at::Tensor& values, const at::Tensor& index);

// (B, tokens, C) -> (B, tokens / 4, 4 C): each 2 x 2 tokens become one, ordered upper left, lower left, upper
// right, lower right.
at::Tensor mergedTokens(const at::Tensor& x, Size grid);

}  // namespace panicle
