// ConvNeXt (Liu et al. 2022, "A ConvNet for the 2020s"), with timm's names and initialisation
// (timm.models.convnext, 0.6.13).
#include <torch/nn/modules/container/sequential.h>

#include <array>
#include <numeric>

#include "core/models/body.h"
#include "core/models/depthwise.h"
#include "core/models/layers.h"

namespace panicle {
namespace {

namespace nn = torch::nn;

struct ConvnextConfig {
  std::array<int, 4> depths;
  std::int64_t width;  // of the first stage; each further one is twice as wide
};

constexpr std::int64_t kPatch = 4;   // side of the stem's patches
constexpr std::int64_t kMlpRatio = 4;
constexpr double kNormEps = 1e-6;
constexpr double kInitialScale = 1e-6;  // of a residual branch
constexpr int kSmallestSide = 32;       // one pixel of the last stage

std::int64_t stageWidth(const ConvnextConfig& config, std::size_t stage) {
  return config.width << stage;
}

// Norms and linear layers work on (B, H, W, C). Of a channels-last map that is a view, and the stem makes
// every map channels-last.
torch::Tensor channelsToEnd(const torch::Tensor& map) {
  return map.permute({0, 2, 3, 1});
}
torch::Tensor channelsFromEnd(const torch::Tensor& map) {
  return map.permute({0, 3, 1, 2});
}

// Over the channels of a (B, C, H, W) map.
class ChannelNormImpl : public LayerNormImpl {
 public:
  explicit ChannelNormImpl(std::int64_t channels) : LayerNormImpl(channels, kNormEps) {}
  torch::Tensor forward(const torch::Tensor& x) {
    return channelsFromEnd(LayerNormImpl::forward(channelsToEnd(x)));
  }
};
TORCH_MODULE(ChannelNorm);

class Block : public nn::Module {
 public:
  Block(std::int64_t channels, double dropPath) {
    scale_ = register_parameter("gamma", unsetParameter({channels}));
    const Conv2dShape depthwise{channels,           channels, kDepthwiseSide, /*stride=*/1, /*padding=*/kDepthwiseSide / 2,
                                /*groups=*/channels};
    conv_ = register_module("conv_dw", Conv2d(depthwise));
    norm_ = register_module("norm", LayerNorm(channels, kNormEps));
    mlp_ = register_module("mlp", Mlp(channels, kMlpRatio * channels));
    if (dropPath > 0) dropPath_ = register_module("drop_path", DropPath(dropPath));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor map = depthwiseConv(x, conv_->weight, conv_->bias);
    torch::Tensor branch = mlp_->forward(norm_->forward(channelsToEnd(map))) * scale_;
    if (!dropPath_.is_empty()) branch = dropPath_->forward(branch);
    return x + channelsFromEnd(branch);
  }

 private:
  torch::Tensor scale_;
  Conv2d conv_{nullptr};
  LayerNorm norm_{nullptr};
  Mlp mlp_{nullptr};
  DropPath dropPath_{nullptr};
};

// Halves the map (except in the first stage, where `in` equals `width`), then runs its blocks.
class Stage : public nn::Module {
 public:
  Stage(std::int64_t in, std::int64_t width, const std::vector<double>& dropPaths, bool checkpointing)
      : checkpointing_(checkpointing) {
    if (in != width) {
      downsample_ = register_module(
          "downsample", nn::Sequential(ChannelNorm(in), Conv2d(Conv2dShape{in, width, 2, /*stride=*/2})));
    }
    for (const double dropPath : dropPaths) blocks_->push_back(std::make_shared<Block>(width, dropPath));
    register_module("blocks", blocks_);
  }

  torch::Tensor forward(torch::Tensor x) {
    if (!downsample_.is_empty()) x = downsample_->forward(x);
    return forwardBlocks(blocks_, x, checkpointing_);
  }

 private:
  bool checkpointing_;
  nn::Sequential downsample_{nullptr};
  nn::Sequential blocks_;
};

class Convnext : public Body {
 public:
  Convnext(const ConvnextConfig& config, const BodyOptions& options) : config_(config) {
    stem_ = register_module("stem",
                            nn::Sequential(Conv2d(Conv2dShape{3, config.width, kPatch, /*stride=*/kPatch}),
                                           ChannelNorm(config.width)));
    const std::int64_t count = std::accumulate(config.depths.begin(), config.depths.end(), 0);
    std::int64_t index = 0, in = config.width;
    for (std::size_t stage = 0; stage < config.depths.size(); ++stage) {
      std::vector<double> dropPaths;
      for (int i = 0; i < config.depths[stage]; ++i) {
        dropPaths.push_back(dropPathRate(options.drop_path.value_or(0), index++, count));
      }
      const std::int64_t width = stageWidth(config, stage);
      stages_->push_back(std::make_shared<Stage>(in, width, dropPaths, options.gradient_checkpointing));
      in = width;
    }
    register_module("stages", stages_);
    const auto head = register_module("head", std::make_shared<nn::Module>());
    headNorm_ = head->register_module("norm", LayerNorm(in, kNormEps));
  }

  torch::Tensor forwardFeatures(torch::Tensor images) override {
    return stages_->forward(stem_->forward(images));
  }

  torch::Tensor pool(torch::Tensor features) override { return headNorm_->forward(features.mean({2, 3})); }

  // So head.norm stays without use, and without gradient, under fastai's head.
  bool fastaiPools() const override { return true; }
  std::int64_t featureCount() const override { return stageWidth(config_, 3); }
  std::string classifierName() const override { return "head.fc"; }

  void initialise(const std::string& name, torch::Tensor parameter, at::Generator generator) override {
    if (parameter.dim() > 1) {
      truncatedNormal(parameter, 0.02, std::move(generator));
    } else if (name.ends_with(".gamma")) {
      parameter.fill_(kInitialScale);
    } else {
      parameter.fill_(name.ends_with(".weight") ? 1 : 0);
    }
  }

 private:
  ConvnextConfig config_;
  nn::Sequential stem_{nullptr};
  nn::Sequential stages_;
  LayerNorm headNorm_{nullptr};
};

std::int64_t multiplyAdds(const ConvnextConfig& config, Size image) {
  std::int64_t height = image.height / kPatch, width = image.width / kPatch;
  std::int64_t sum = height * width * 3 * kPatch * kPatch * config.width;
  for (std::size_t stage = 0; stage < config.depths.size(); ++stage) {
    const std::int64_t channels = stageWidth(config, stage);
    if (stage > 0) {
      height /= 2;
      width /= 2;
      sum += height * width * 4 * stageWidth(config, stage - 1) * channels;
    }
    const std::int64_t block = kDepthwiseSide * kDepthwiseSide * channels + 2 * kMlpRatio * channels * channels;
    sum += config.depths[stage] * height * width * block;
  }
  return sum;
}

// One row an architecture.
struct Row {
  const char* size;
  ConvnextConfig config;
  std::int64_t params;
  const char* finding = "";
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {"tiny", {{3, 3, 9, 3}, 96}, 44'615'857},
      {"small",
       {{3, 3, 27, 3}, 96},
       66'250'417,
       "Paddy: TTA error .0178 to .0235; 0:44 per epoch at 128 px, 1:26 to 2:07 at 224 px and above (fp16)."},
      {"base", {{3, 3, 27, 3}, 128}, 109'953'489},
      {"large",
       {{3, 3, 27, 3}, 192},
       229'799'953,
       "Paddy: error .0245 after 10 epochs of 1:48 (224 px) to 2:23 (320 x 224 px); 11.7 to 15.0 GB at "
       "batches of 32 (fp16)."},
  };
  return all;
}

// The _in22k ones, trained by Facebook on ImageNet-22k.
std::string nameOf(const Row& row) {
  return std::string("convnext_") + row.size + "_in22k";
}

Architecture describe(const Row& row) {
  const std::string modernName = std::string("convnext_") + row.size;
  Architecture info{
      .name = nameOf(row), .modern_name = modernName, .family = "ConvNeXt", .params = row.params};
  info.features = stageWidth(row.config, 3);
  info.pretrained = {
      {"fb_in22k", "https://dl.fbaipublicfiles.com/convnext/" + modernName + "_22k_224.pth", 21841}};
  info.finding = row.finding;
  info.takes_side = [](int side) { return side >= kSmallestSide; };
  info.multiply_adds = [config = row.config](Size size) { return multiplyAdds(config, size); };
  return info;
}

}  // namespace

Family convnextFamily() {
  Family family;
  for (const Row& row : rows()) {
    family.push_back({describe(row), [config = row.config](const BodyOptions& options) {
                        return std::make_shared<Convnext>(config, options);
                      }});
  }
  return family;
}

}  // namespace panicle
