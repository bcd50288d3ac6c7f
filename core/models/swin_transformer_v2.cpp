// SwinV2 (Liu et al. 2022, "Swin Transformer V2: scaling up capacity and resolution"): the norms come after
// attention and mlp, attention compares directions, and a small network makes the position bias. timm's names
// and initialisation (timm.models.swin_transformer_v2, 0.6.13).
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "core/models/swin_body.h"

namespace panicle {
namespace {

constexpr double kInitialLogitScale = 2.302585092994046;  // ln 10
constexpr double kLargestLogitScale = 4.605170185988092;  // ln 100

// The distances within a window, (distances, 2), on a logarithmic scale, in the order of
// relativePositionIndex().
torch::Tensor distances(Size window) {
  const auto scaled = [](int length) {
    const torch::Tensor x = at::arange(1 - length, length).to(at::kFloat) * (8.0 / (length - 1));
    return x.sign() * (x.abs() + 1).log2() / 3;
  };
  const torch::Tensor down = scaled(window.height), right = scaled(window.width);
  const auto rows = down.size(0), columns = right.size(0);
  return at::stack({down.unsqueeze(1).expand({rows, columns}), right.unsqueeze(0).expand({rows, columns})},
                   -1)
      .view({-1, 2});
}

// From a distance to each head's bias.
class PositionMlp : public torch::nn::Module {
 public:
  explicit PositionMlp(std::int64_t heads)
      : hidden_(register_module("0", Linear(2, 512))),
        out_(register_module("2", Linear(512, heads, /*bias=*/false))) {}
  torch::Tensor forward(const torch::Tensor& x) { return out_->forward(hidden_->forward(x).relu()); }

 private:
  Linear hidden_, out_;
};

// `x` in length one, times `scale`. The lengths are computed in float32 whatever autocast made of x.
torch::Tensor directions(const torch::Tensor& x, const torch::Tensor& scale) {
  const torch::Tensor length =
      at::linalg_vector_norm(x, 2, at::IntArrayRef{-1}, /*keepdim=*/true, at::kFloat).clamp_min(1e-12);
  return x * (scale.defined() ? scale / length : length.reciprocal());
}

class Attention : public torch::nn::Module {
 public:
  explicit Attention(std::int64_t channels)
      : heads_(channels / kSwinHeadWidth),
        logitScale_(register_parameter("logit_scale", unsetParameter({heads_, 1, 1}))),
        queryBias_(register_parameter("q_bias", unsetParameter({channels}))),
        valueBias_(register_parameter("v_bias", unsetParameter({channels}))),
        positions_(register_module("cpb_mlp", std::make_shared<PositionMlp>(heads_))),
        qkv_(register_module("qkv", Linear(channels, 3 * channels, /*bias=*/false))),
        proj_(register_module("proj", Linear(channels, channels))) {}

  void setWindow(Size window) {
    if (window == window_) return;
    window_ = window;
    index_.reset();
  }

  torch::Tensor forward(const torch::Tensor& x, const WindowLayout& layout, const torch::Tensor& mask) {
    makeTables(x.device());
    const torch::Tensor inputBias = at::cat({queryBias_, at::zeros_like(queryBias_), valueBias_});
    const auto qkv = splitIntoWindows(at::linear(x, qkv_->weight, inputBias), layout, heads_).unbind(0);
    const torch::Tensor q = directions(qkv[0], logitScale_.clamp_max(kLargestLogitScale).exp());
    const torch::Tensor k = directions(qkv[1], {});
    const torch::Tensor bias = gatheredBias(positions_->forward(distances_).sigmoid() * 16, index_);
    return proj_->forward(joinWindows(windowAttention(q, k, qkv[2], bias, mask, /*scale=*/1), layout));
  }

 private:
  // Not registered, as in timm; made at the first use, on the device where they are used.
  void makeTables(torch::Device device) {
    if (index_.defined() && index_.device() == device) return;
    index_ = relativePositionIndex(window_).to(device);
    distances_ = distances(window_).to(device);
  }

  std::int64_t heads_;
  torch::Tensor logitScale_, queryBias_, valueBias_;
  std::shared_ptr<PositionMlp> positions_;
  Linear qkv_, proj_;
  Size window_;
  torch::Tensor index_, distances_;
};

// x + norm1(attention(x)), then x + norm2(mlp(x)).
class Block : public SwinBlock {
 public:
  Block(std::int64_t channels, double dropPath)
      : attention_(register_module("attn", std::make_shared<Attention>(channels))),
        norm1_(register_module("norm1", LayerNorm(channels, kSwinNormEps))),
        dropPath1_(register_module("drop_path1", DropPath(dropPath))),
        mlp_(register_module("mlp", Mlp(channels, 4 * channels))),
        norm2_(register_module("norm2", LayerNorm(channels, kSwinNormEps))),
        dropPath2_(register_module("drop_path2", DropPath(dropPath))) {}

  void setLayout(const WindowLayout& layout, torch::Tensor mask) override {
    SwinBlock::setLayout(layout, std::move(mask));
    attention_->setWindow(layout.window);
  }

  torch::Tensor forward(const torch::Tensor& x) override {
    const torch::Tensor attended =
        rolledBack(attention_->forward(rolledToWindows(x, layout()), layout(), mask()), layout());
    const torch::Tensor y = x + dropPath1_->forward(norm1_->forward(attended));
    return y + dropPath2_->forward(norm2_->forward(mlp_->forward(y)));
  }

 private:
  std::shared_ptr<Attention> attention_;
  LayerNorm norm1_;
  DropPath dropPath1_;
  Mlp mlp_;
  LayerNorm norm2_;
  DropPath dropPath2_;
};

class Merging : public SwinMerging {
 public:
  explicit Merging(std::int64_t channels)
      : reduction_(register_module("reduction", Linear(4 * channels, 2 * channels, /*bias=*/false))),
        norm_(register_module("norm", LayerNorm(2 * channels, kSwinNormEps))) {}

  torch::Tensor forward(const torch::Tensor& x, Size grid) override {
    return norm_->forward(reduction_->forward(mergedTokens(x, grid)));
  }

 private:
  Linear reduction_;
  LayerNorm norm_;
};

// A window is as long as the grid where that is shorter, and then not shifted; height and width each by
// itself.
WindowLayout layoutOn(Size grid, int window, bool shift) {
  const auto shiftOf = [&](int tokens) { return shift && tokens > window ? window / 2 : 0; };
  return {grid,
          {std::min(grid.height, window), std::min(grid.width, window)},
          {shiftOf(grid.height), shiftOf(grid.width)}};
}

constexpr SwinParts kParts{
    .family = "SwinV2",
    .block = [](std::int64_t channels, const SwinConfig&, double dropPath) -> std::shared_ptr<SwinBlock> {
      return std::make_shared<Block>(channels, dropPath);
    },
    .merging = [](std::int64_t channels) -> std::shared_ptr<SwinMerging> {
      return std::make_shared<Merging>(channels);
    },
    .layout = layoutOn,
};

class SwinV2Body : public SwinBody {
 public:
  using SwinBody::SwinBody;

  // The norms of the blocks start at zero: each block as the identity.
  void initialise(const std::string& name, torch::Tensor parameter, at::Generator generator) override {
    const bool blockNorm = name.ends_with(".norm1.weight") || name.ends_with(".norm2.weight");
    if (name.ends_with(".logit_scale")) {
      parameter.fill_(kInitialLogitScale);
    } else if (blockNorm) {
      parameter.zero_();
    } else {
      SwinBody::initialise(name, std::move(parameter), std::move(generator));
    }
  }
};

const std::vector<SwinRow>& rows() {
  static const std::string release = "https://github.com/SwinTransformer/storage/releases/download/v2.0.0/";
  static const std::vector<SwinRow> all{
      {"swinv2_tiny_window8_256",
       "swinv2_tiny_window8_256",
       {96, {2, 2, 6, 2}, 8},
       28'347'154,
       {256, 256},
       {{"ms_in1k", release + "swinv2_tiny_patch4_window8_256.pth"}}},
      {"swinv2_base_window12_192_22k",
       "swinv2_base_window12_192",
       {128, {2, 2, 18, 2}, 12},
       109'280'841,
       {192, 192},
       {{"ms_in22k", release + "swinv2_base_patch4_window12_192_22k.pth", 21841}},
       "Paddy, 480 squish to 192: TTA error .0163 and .0173 in two runs, the best of the smaller models; "
       "2:30 per epoch."},
      {"swinv2_large_window12_192_22k",
       "swinv2_large_window12_192",
       {192, {2, 2, 18, 2}, 12},
       228'772'549,
       {192, 192},
       {{"ms_in22k", release + "swinv2_large_patch4_window12_192_22k.pth", 21841}},
       "Paddy, in the large ensemble: error .0192 (480 squish to 192) and .0173 (640x480 crop to 192); 2:22 "
       "per epoch."},
  };
  return all;
}

}  // namespace

Family swinTransformerV2Family() {
  Family family;
  for (const SwinRow& row : rows()) {
    family.push_back({describeSwin(row, kParts), [&row](const BodyOptions& options) {
                        return std::make_shared<SwinV2Body>(row.name, row.config, kParts, options);
                      }});
  }
  return family;
}

}  // namespace panicle
