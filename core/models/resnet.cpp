// ResNet (He et al. 2015) and its "d" variant (He et al. 2018, "Bag of tricks": deep stem, average-pooled shortcut), with timm's
// names and initialisation (timm.models.resnet, 0.6.13).
#include <torch/nn/functional/activation.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>

#include <array>
#include <cmath>

#include "core/base/error.h"
#include "core/models/body.h"

namespace panicle {
namespace {

namespace nn = torch::nn;

enum class BlockKind { Basic, Bottleneck };

struct ResnetConfig {
  BlockKind block;
  std::array<int, 4> depths;
  bool deepStem = false;      // "d": three 3x3 convolutions, 32 wide
  bool averageShortcut = false;
};

nn::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1) {
  return nn::Conv2d(nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

// What downsizes the input of a block to the size of its output, under timm's child names.
nn::Sequential makeShortcut(std::int64_t in, std::int64_t out, std::int64_t stride, bool average) {
  if (!average) return nn::Sequential(conv(in, out, 1, stride), nn::BatchNorm2d(out));
  nn::Sequential shortcut;
  if (stride == 1) {
    shortcut->push_back(nn::Identity());
  } else {
    shortcut->push_back(nn::AvgPool2d(nn::AvgPool2dOptions(2).stride(stride).ceil_mode(true).count_include_pad(false)));
  }
  shortcut->push_back(conv(in, out, 1));
  shortcut->push_back(nn::BatchNorm2d(out));
  return shortcut;
}

// conv1-bn1-relu-conv2-bn2(-relu-conv3-bn3), plus the shortcut, then relu. The stride sits in the 3x3 (conv1 of the basic
// block, conv2 of the bottleneck).
class Block : public nn::Module {
 public:
  Block(BlockKind kind, std::int64_t in, std::int64_t planes, std::int64_t stride, bool averageShortcut) {
    const std::int64_t out = planes * expansion(kind);
    const bool basic = kind == BlockKind::Basic;
    add(basic ? conv(in, planes, 3, stride) : conv(in, planes, 1), planes);
    add(basic ? conv(planes, out, 3) : conv(planes, planes, 3, stride), planes);
    if (!basic) add(conv(planes, out, 1), out);
    if (stride != 1 || in != out) shortcut_ = register_module("downsample", makeShortcut(in, out, stride, averageShortcut));
  }

  static std::int64_t expansion(BlockKind kind) { return kind == BlockKind::Basic ? 1 : 4; }

  torch::Tensor forward(torch::Tensor x) {
    torch::Tensor y = x;
    for (std::size_t i = 0; i < convs_.size(); ++i) {
      y = norms_[i]->forward(convs_[i]->forward(y));
      if (i + 1 < convs_.size()) y = y.relu_();
    }
    y = y + (shortcut_.is_empty() ? x : shortcut_->forward(x));
    return y.relu_();
  }

  nn::BatchNorm2d lastNorm() const { return norms_.back(); }

 private:
  void add(nn::Conv2d layer, std::int64_t channels) {
    const std::string number = std::to_string(convs_.size() + 1);
    convs_.push_back(register_module("conv" + number, std::move(layer)));
    norms_.push_back(register_module("bn" + number, nn::BatchNorm2d(channels)));
  }

  std::vector<nn::Conv2d> convs_;
  std::vector<nn::BatchNorm2d> norms_;
  nn::Sequential shortcut_{nullptr};
};

class Resnet : public Body {
 public:
  explicit Resnet(const ResnetConfig& config) {
    if (config.deepStem) {
      deepStem_ = register_module("conv1", nn::Sequential(conv(3, 32, 3, 2), nn::BatchNorm2d(32), nn::ReLU(nn::ReLUOptions(true)),
                                                          conv(32, 32, 3), nn::BatchNorm2d(32), nn::ReLU(nn::ReLUOptions(true)),
                                                          conv(32, 64, 3)));
    } else {
      plainStem_ = register_module("conv1", conv(3, 64, 7, 2));
    }
    norm_ = register_module("bn1", nn::BatchNorm2d(64));
    std::int64_t in = 64;
    for (int stage = 0; stage < 4; ++stage) {
      const std::int64_t planes = std::int64_t{64} << stage;
      nn::Sequential layer;
      for (int i = 0; i < config.depths[stage]; ++i) {
        auto block = std::make_shared<Block>(config.block, in, planes, i == 0 && stage > 0 ? 2 : 1, config.averageShortcut);
        in = planes * Block::expansion(config.block);
        blocks_.push_back(block);
        layer->push_back(std::move(block));
      }
      layers_.push_back(register_module("layer" + std::to_string(stage + 1), std::move(layer)));
    }
    features_ = in;
  }

  torch::Tensor forwardFeatures(torch::Tensor x) override {
    x = plainStem_.is_empty() ? deepStem_->forward(x) : plainStem_->forward(x);
    x = norm_->forward(x).relu_();
    x = torch::max_pool2d(x, {3, 3}, {2, 2}, {1, 1});
    for (auto& layer : layers_) x = layer->forward(x);
    return x;
  }

  std::int64_t featureCount() const override { return features_; }
  std::string classifierName() const override { return "fc"; }

  // Kaiming normal (fan out) for convolutions, 1 and 0 for norms, and 0 for the last norm of each block (zero_init_last).
  void initialise(at::Generator generator) override {
    torch::NoGradGuard noGrad;
    for (auto& module : modules(/*include_self=*/false)) {
      if (auto* layer = module->as<nn::Conv2d>()) {
        const auto& w = layer->weight;
        const auto fanOut = static_cast<double>(w.size(0) * w.size(2) * w.size(3));
        w.normal_(0, std::sqrt(2.0 / fanOut), generator);
      } else if (auto* norm = module->as<nn::BatchNorm2d>()) {
        norm->weight.fill_(1);
        norm->bias.zero_();
      }
    }
    for (auto& block : blocks_) block->lastNorm()->weight.zero_();
  }

 private:
  nn::Conv2d plainStem_{nullptr};
  nn::Sequential deepStem_{nullptr};
  nn::BatchNorm2d norm_{nullptr};
  std::vector<nn::Sequential> layers_;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::int64_t features_ = 0;
};

// One row an architecture: its configuration and what `panicle-cli models` shows.
struct Row {
  ResnetConfig config;
  Architecture info;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {{BlockKind::Basic, {2, 2, 2, 2}}, {"resnet18", "ResNet", 11'689'512, {224, 224}}},
      {{BlockKind::Bottleneck, {2, 2, 2, 2}, true, true}, {"resnet26d", "ResNet", 16'014'408, {224, 224}}},
      {{BlockKind::Basic, {3, 4, 6, 3}}, {"resnet34", "ResNet", 21'797'672, {224, 224}}},
      {{BlockKind::Bottleneck, {3, 4, 6, 3}}, {"resnet50", "ResNet", 25'557'032, {224, 224}}},
  };
  return all;
}

}  // namespace

Family resnetFamily() {
  Family family;
  for (const Row& row : rows()) family.architectures.push_back(row.info);
  family.make = [](const std::string& arch) -> std::shared_ptr<Body> {
    for (const Row& row : rows()) {
      if (row.info.name == arch) return std::make_shared<Resnet>(row.config);
    }
    throw Error("'" + arch + "' is not a ResNet that Panicle knows");
  };
  return family;
}

}  // namespace panicle
