#include "core/models/swin_windows.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/zeros.h>

#include "core/models/layers.h"

namespace panicle {
namespace {

at::Tensor rolled(const at::Tensor& x, Size grid, int down, int right) {
  return x.view({x.size(0), grid.height, grid.width, x.size(2)}).roll({down, right}, {1, 2}).view(x.sizes());
}

// Which of three regions each row (or column) of the rolled grid is from: those that stay whole, those of the
// last window that were there before, those that wrapped around.
at::Tensor regions(int tokens, int window, int shift) {
  at::Tensor region = at::zeros({tokens}, at::kLong);
  if (shift > 0) {
    region.slice(0, tokens - window, tokens - shift).fill_(1);
    region.slice(0, tokens - shift).fill_(2);
  }
  return region;
}

// All pairs of rows (of a row vector of distances): query minus key.
at::Tensor differences(const at::Tensor& x) {
  return x.unsqueeze(1) - x.unsqueeze(0);
}

}  // namespace

at::Tensor rolledToWindows(const at::Tensor& x, const WindowLayout& layout) {
  return layout.shifted() ? rolled(x, layout.grid, -layout.shift.height, -layout.shift.width) : x;
}

at::Tensor rolledBack(const at::Tensor& x, const WindowLayout& layout) {
  return layout.shifted() ? rolled(x, layout.grid, layout.shift.height, layout.shift.width) : x;
}

// The windows and the heads part in one copy: attention wants each head's tokens side by side anyway.
at::Tensor splitIntoWindows(const at::Tensor& qkv, const WindowLayout& layout, std::int64_t heads) {
  const auto& [grid, window, shift] = layout;
  const std::int64_t batch = qkv.size(0), width = qkv.size(2) / 3 / heads;
  return qkv
      .view({batch, grid.height / window.height, window.height, grid.width / window.width, window.width, 3,
             heads, width})
      .permute({5, 0, 1, 3, 6, 2, 4, 7})
      .reshape({3, batch, layout.windows(), heads, layout.windowTokens(), width});
}

at::Tensor joinWindows(const at::Tensor& x, const WindowLayout& layout) {
  const auto& [grid, window, shift] = layout;
  const std::int64_t batch = x.size(0), heads = x.size(2), width = x.size(4);
  return x
      .reshape({batch, grid.height / window.height, grid.width / window.width, heads, window.height,
                window.width, width})
      .permute({0, 1, 4, 2, 5, 3, 6})
      .reshape({batch, std::int64_t{grid.height} * grid.width, heads * width});
}

// Four dimensions are what fused kernels take. A mask differs by window, so windows then count as heads.
at::Tensor windowAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const at::Tensor& bias, const at::Tensor& mask, double scale) {
  const auto fold = [&](const at::Tensor& x) { return mask.defined() ? x.flatten(1, 2) : x.flatten(0, 1); };
  const at::Tensor added = mask.defined() ? (mask.unsqueeze(1) + bias).flatten(0, 1) : bias;
  return attention(fold(q), fold(k), fold(v), added.unsqueeze(0), scale).view(v.sizes());
}

at::Tensor shiftMask(const WindowLayout& layout) {
  const auto& [grid, window, shift] = layout;
  const at::Tensor rows = regions(grid.height, window.height, shift.height);
  const at::Tensor columns = regions(grid.width, window.width, shift.width);
  const at::Tensor region =
      (rows.unsqueeze(1) * 3 + columns.unsqueeze(0))
          .view({grid.height / window.height, window.height, grid.width / window.width, window.width})
          .permute({0, 2, 1, 3})
          .reshape({layout.windows(), layout.windowTokens()});
  return (region.unsqueeze(1) != region.unsqueeze(2)).to(at::kFloat) * -100;
}

at::Tensor relativePositionIndex(Size window) {
  const at::Tensor token = at::arange(std::int64_t{window.height} * window.width);
  const at::Tensor down = differences(token.div(window.width, "floor")) + (window.height - 1);
  const at::Tensor right = differences(token.remainder(window.width)) + (window.width - 1);
  return down * (2 * window.width - 1) + right;
}

at::Tensor gatheredBias(const at::Tensor& values, const at::Tensor& index) {
  return values.index_select(0, index.flatten())
      .t()
      .contiguous()
      .view({values.size(1), index.size(0), index.size(1)});
}

at::Tensor mergedTokens(const at::Tensor& x, Size grid) {
  const std::int64_t batch = x.size(0), channels = x.size(2);
  return x.view({batch, grid.height / 2, 2, grid.width / 2, 2, channels})
      .permute({0, 1, 3, 4, 2, 5})
      .reshape({batch, x.size(1) / 4, 4 * channels});
}

}  // namespace panicle
