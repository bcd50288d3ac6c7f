// Swin (Liu et al. 2021, "Swin Transformer: hierarchical vision transformer using shifted windows"), with
// timm's names and initialisation (timm.models.swin_transformer, 0.6.13).
#include <algorithm>
#include <cmath>

#include "core/models/swin_body.h"

namespace panicle {
namespace {

// Attention within windows, with a learnt bias for each head and distance.
class Attention : public torch::nn::Module {
 public:
  Attention(std::int64_t channels, int window)
      : heads_(channels / kSwinHeadWidth),
        table_(register_parameter("relative_position_bias_table",
                                  unsetParameter({(2 * window - 1) * (2 * window - 1), heads_}))),
        qkv_(register_module("qkv", Linear(channels, 3 * channels))),
        proj_(register_module("proj", Linear(channels, channels))) {
    const torch::Tensor index = relativePositionIndex({window, window});
    index_ = register_buffer("relative_position_index", index.to(table_.device()));
  }

  torch::Tensor forward(const torch::Tensor& x, const WindowLayout& layout, const torch::Tensor& mask) {
    const auto qkv = splitIntoWindows(qkv_->forward(x), layout, heads_).unbind(0);
    const double scale = 1 / std::sqrt(static_cast<double>(kSwinHeadWidth));
    return proj_->forward(joinWindows(
        windowAttention(qkv[0], qkv[1], qkv[2], gatheredBias(table_, index_), mask, scale), layout));
  }

 private:
  std::int64_t heads_;
  torch::Tensor table_, index_;
  Linear qkv_, proj_;
};

// x + attention(norm1(x)), then x + mlp(norm2(x)).
class Block : public SwinBlock {
 public:
  Block(std::int64_t channels, int window, double dropPath)
      : norm1_(register_module("norm1", LayerNorm(channels, kSwinNormEps))),
        attention_(register_module("attn", std::make_shared<Attention>(channels, window))),
        dropPath1_(register_module("drop_path1", DropPath(dropPath))),
        norm2_(register_module("norm2", LayerNorm(channels, kSwinNormEps))),
        mlp_(register_module("mlp", Mlp(channels, 4 * channels))),
        dropPath2_(register_module("drop_path2", DropPath(dropPath))) {}

  torch::Tensor forward(const torch::Tensor& x) override {
    const torch::Tensor windows = rolledToWindows(norm1_->forward(x), layout());
    const torch::Tensor y =
        x + dropPath1_->forward(rolledBack(attention_->forward(windows, layout(), mask()), layout()));
    return y + dropPath2_->forward(mlp_->forward(norm2_->forward(y)));
  }

 private:
  LayerNorm norm1_;
  std::shared_ptr<Attention> attention_;
  DropPath dropPath1_;
  LayerNorm norm2_;
  Mlp mlp_;
  DropPath dropPath2_;
};

class Merging : public SwinMerging {
 public:
  explicit Merging(std::int64_t channels)
      : norm_(register_module("norm", LayerNorm(4 * channels, kSwinNormEps))),
        reduction_(register_module("reduction", Linear(4 * channels, 2 * channels, /*bias=*/false))) {}

  torch::Tensor forward(const torch::Tensor& x, Size grid) override {
    return reduction_->forward(norm_->forward(mergedTokens(x, grid)));
  }

 private:
  LayerNorm norm_;
  Linear reduction_;
};

// A grid no larger than the window on one side is not shifted at all.
WindowLayout layoutOn(Size grid, int window, bool shift) {
  const int smaller = std::min(grid.height, grid.width);
  if (smaller <= window) return {grid, {smaller, smaller}, {0, 0}};
  const int by = shift ? window / 2 : 0;
  return {grid, {window, window}, {by, by}};
}

constexpr SwinParts kParts{
    .family = "Swin",
    .block = [](std::int64_t channels, const SwinConfig& config, double dropPath)
        -> std::shared_ptr<SwinBlock> { return std::make_shared<Block>(channels, config.window, dropPath); },
    .merging = [](std::int64_t channels) -> std::shared_ptr<SwinMerging> {
      return std::make_shared<Merging>(channels);
    },
    .layout = layoutOn,
};

const std::vector<SwinRow>& rows() {
  static const std::string release = "https://github.com/SwinTransformer/storage/releases/download/v1.0.0/";
  static const std::vector<SwinRow> all{
      {"swin_tiny_patch4_window7_224",
       "swin_tiny_patch4_window7_224",
       {96, {2, 2, 6, 2}, 7},
       28'288'354,
       {224, 224},
       {{"ms_in1k", release + "swin_tiny_patch4_window7_224.pth"}}},
      {"swin_small_patch4_window7_224",
       "swin_small_patch4_window7_224",
       {96, {2, 2, 18, 2}, 7},
       49'606'258,
       {224, 224},
       {{"ms_in1k", release + "swin_small_patch4_window7_224.pth"}, {"ms_in22k_ft_in1k", ""}},
       "Paddy, 480 squish to 224: TTA error .0202 and .0207 in two runs; 1:48 per epoch."},
      {"swin_base_patch4_window7_224",
       "swin_base_patch4_window7_224",
       {128, {2, 2, 18, 2}, 7},
       87'768'224,
       {224, 224},
       {{"ms_in22k_ft_in1k", release + "swin_base_patch4_window7_224_22kto1k.pth"}}},
      {"swin_large_patch4_window7_224",
       "swin_large_patch4_window7_224",
       {192, {2, 2, 18, 2}, 7},
       196'532'476,
       {224, 224},
       {{"ms_in22k_ft_in1k", release + "swin_large_patch4_window7_224_22kto1k.pth"}},
       "Paddy, in the large ensemble: error .0226 (480 squish to 224) and .0211 (640x480 crop to 224); 2:05 "
       "per epoch."},
  };
  return all;
}

}  // namespace

Family swinTransformerFamily() {
  Family family;
  for (const SwinRow& row : rows()) {
    family.push_back({describeSwin(row, kParts), [&row](const BodyOptions& options) {
                        return std::make_shared<SwinBody>(row.name, row.config, kParts, options);
                      }});
  }
  return family;
}

}  // namespace panicle
