// ResNet (He et al. 2015) and its "d" variant (He et al. 2018, "Bag of tricks": deep stem, average-pooled
// shortcut), with timm's names and initialisation (timm.models.resnet, 0.6.13).
#include <torch/nn/functional/activation.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>

#include <array>
#include <cmath>

#include "core/models/body.h"
#include "core/models/layers.h"

namespace panicle {
namespace {

namespace nn = torch::nn;

enum class BlockKind { Basic, Bottleneck };

struct ResnetConfig {
  BlockKind block;
  std::array<int, 4> depths;
  bool deep = false;  // "d": three 3x3 convolutions as the stem, the first two 32 wide; the shortcut averages
                      // before it convolves
};

constexpr std::int64_t kStemWidth = 64;
constexpr std::int64_t kDeepStemWidth = 32;

std::int64_t expansion(BlockKind kind) {
  return kind == BlockKind::Basic ? 1 : 4;
}

std::int64_t stagePlanes(int stage) {
  return std::int64_t{64} << stage;
}

std::int64_t stageStride(int stage) {
  return stage == 0 ? 1 : 2;
}

Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1) {
  return Conv2d(Conv2dShape{
      .in = in, .out = out, .kernel = kernel, .stride = stride, .padding = kernel / 2, .bias = false});
}

// What downsizes the input of a block to the size of its output, under timm's child names.
nn::Sequential makeShortcut(std::int64_t in, std::int64_t out, std::int64_t stride, bool average) {
  if (!average) return nn::Sequential(conv(in, out, 1, stride), nn::BatchNorm2d(out));
  nn::Sequential shortcut;
  if (stride == 1) {
    shortcut->push_back(nn::Identity());
  } else {
    shortcut->push_back(
        nn::AvgPool2d(nn::AvgPool2dOptions(2).stride(stride).ceil_mode(true).count_include_pad(false)));
  }
  shortcut->push_back(conv(in, out, 1));
  shortcut->push_back(nn::BatchNorm2d(out));
  return shortcut;
}

struct BlockShape {
  BlockKind kind;
  std::int64_t in, planes, stride;
  bool averageShortcut;
  double dropPath;
};

// conv1-bn1-relu-conv2-bn2(-relu-conv3-bn3), plus the shortcut, then relu. The stride sits in the 3x3 (conv1
// of the basic block, conv2 of the bottleneck).
class Block : public nn::Module {
 public:
  explicit Block(const BlockShape& shape) {
    const auto& [kind, in, planes, stride, averageShortcut, dropPath] = shape;
    const std::int64_t out = planes * expansion(kind);
    const bool basic = kind == BlockKind::Basic;
    add(basic ? conv(in, planes, 3, stride) : conv(in, planes, 1), planes);
    add(basic ? conv(planes, out, 3) : conv(planes, planes, 3, stride), planes);
    if (!basic) add(conv(planes, out, 1), out);
    if (stride != 1 || in != out)
      shortcut_ = register_module("downsample", makeShortcut(in, out, stride, averageShortcut));
    if (dropPath > 0) dropPath_ = register_module("drop_path", DropPath(dropPath));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    torch::Tensor y = x;
    for (std::size_t i = 0; i < convs_.size(); ++i) {
      y = norms_[i]->forward(convs_[i]->forward(y));
      if (i + 1 < convs_.size()) y = y.relu_();
    }
    if (!dropPath_.is_empty()) y = dropPath_->forward(y);
    y = y + (shortcut_.is_empty() ? x : shortcut_->forward(x));
    return y.relu_();
  }

 private:
  void add(Conv2d layer, std::int64_t channels) {
    const std::string number = std::to_string(convs_.size() + 1);
    convs_.push_back(register_module("conv" + number, std::move(layer)));
    norms_.push_back(register_module("bn" + number, nn::BatchNorm2d(channels)));
  }

  std::vector<Conv2d> convs_;
  std::vector<nn::BatchNorm2d> norms_;
  nn::Sequential shortcut_{nullptr};
  DropPath dropPath_{nullptr};
};

class Resnet : public Body {
 public:
  Resnet(const ResnetConfig& config, const BodyOptions& options)
      : config_(config), checkpointing_(options.gradient_checkpointing) {
    if (config.deep) {
      const auto w = kDeepStemWidth;
      deepStem_ = register_module(
          "conv1",
          nn::Sequential(conv(3, w, 3, 2), nn::BatchNorm2d(w), nn::ReLU(nn::ReLUOptions(true)), conv(w, w, 3),
                         nn::BatchNorm2d(w), nn::ReLU(nn::ReLUOptions(true)), conv(w, kStemWidth, 3)));
    } else {
      plainStem_ = register_module("conv1", conv(3, kStemWidth, 7, 2));
    }
    norm_ = register_module("bn1", nn::BatchNorm2d(kStemWidth));
    addStages(options.drop_path.value_or(0));
  }

  torch::Tensor forwardFeatures(torch::Tensor x) override {
    x = plainStem_.is_empty() ? deepStem_->forward(x) : plainStem_->forward(x);
    x = norm_->forward(x).relu_();
    x = torch::max_pool2d(x, {3, 3}, {2, 2}, {1, 1});
    for (auto& layer : layers_) x = forwardBlocks(layer, x, checkpointing_);
    return x;
  }

  torch::Tensor pool(torch::Tensor features) override {
    return torch::adaptive_avg_pool2d(features, {1, 1}).flatten(1);
  }
  bool fastaiPools() const override { return true; }
  std::int64_t featureCount() const override { return stagePlanes(3) * expansion(config_.block); }
  std::string classifierName() const override { return "fc"; }

  // Kaiming normal (fan out) for convolutions, 1 and 0 for norms, and 0 for the last norm of each block
  // (zero_init_last).
  void initialise(const std::string& name, torch::Tensor parameter, at::Generator generator) override {
    const std::string lastNorm = config_.block == BlockKind::Basic ? ".bn2.weight" : ".bn3.weight";
    if (parameter.dim() == 4) {
      const auto fanOut = static_cast<double>(parameter.size(0) * parameter.size(2) * parameter.size(3));
      parameter.normal_(0, std::sqrt(2.0 / fanOut), std::move(generator));
    } else {
      parameter.fill_(name.ends_with(".weight") && !name.ends_with(lastNorm) ? 1 : 0);
    }
  }

  // torch's own of Linear.
  void initialiseClassifier(torch::Tensor weight, torch::Tensor bias, at::Generator generator) override {
    const double bound = 1 / std::sqrt(static_cast<double>(weight.size(1)));
    weight.uniform_(-bound, bound, generator);
    bias.uniform_(-bound, bound, generator);
  }

 private:
  void addStages(double dropPath) {
    std::int64_t in = kStemWidth, index = 0, count = 0;
    for (const int depth : config_.depths) count += depth;
    for (int stage = 0; stage < 4; ++stage) {
      nn::Sequential layer;
      for (int i = 0; i < config_.depths[stage]; ++i) {
        const std::int64_t stride = i == 0 ? stageStride(stage) : 1;
        layer->push_back(Block(BlockShape{config_.block, in, stagePlanes(stage), stride, config_.deep,
                                          dropPathRate(dropPath, index++, count)}));
        in = stagePlanes(stage) * expansion(config_.block);
      }
      layers_.push_back(register_module("layer" + std::to_string(stage + 1), std::move(layer)));
    }
  }

  ResnetConfig config_;
  bool checkpointing_;
  Conv2d plainStem_{nullptr};
  nn::Sequential deepStem_{nullptr};
  nn::BatchNorm2d norm_{nullptr};
  std::vector<nn::Sequential> layers_;
};

// A map's pixels after a step of `stride` with "same" padding, or with average pooling in ceil_mode.
Size strided(Size size, std::int64_t stride) {
  const int s = static_cast<int>(stride);
  return {(size.height + s - 1) / s, (size.width + s - 1) / s};
}

std::int64_t area(Size size) {
  return std::int64_t{size.height} * size.width;
}

std::int64_t blockMultiplyAdds(const ResnetConfig& config, std::int64_t in, int stage, std::int64_t stride,
                               Size before) {
  const std::int64_t planes = stagePlanes(stage), out = planes * expansion(config.block);
  const std::int64_t pixels = area(strided(before, stride));
  std::int64_t sum = config.block == BlockKind::Basic
                         ? pixels * 9 * (in * planes + planes * out)
                         : area(before) * in * planes + pixels * (9 * planes * planes + planes * out);
  if (stride != 1 || in != out) sum += pixels * in * out;
  return sum;
}

std::int64_t multiplyAdds(const ResnetConfig& config, Size image) {
  Size size = strided(image, 2);
  const std::int64_t w = kDeepStemWidth;
  std::int64_t sum = area(size) * (config.deep ? 9 * (3 * w + w * w + w * kStemWidth) : 49 * 3 * kStemWidth);
  size = strided(size, 2);
  std::int64_t in = kStemWidth;
  for (int stage = 0; stage < 4; ++stage) {
    for (int i = 0; i < config.depths[stage]; ++i) {
      const std::int64_t stride = i == 0 ? stageStride(stage) : 1;
      sum += blockMultiplyAdds(config, in, stage, stride, size);
      size = strided(size, stride);
      in = stagePlanes(stage) * expansion(config.block);
    }
  }
  return sum;
}

// One row an architecture.
struct Row {
  const char* name;
  ResnetConfig config;
  std::int64_t params;
  std::vector<Pretrained> pretrained;
  const char* finding = "";
};

const std::vector<Row>& rows() {
  using enum BlockKind;
  static const std::string release = "https://github.com/rwightman/pytorch-image-models/releases/download/";
  static const std::vector<Row> all{
      {"resnet18",
       {Basic, {2, 2, 2, 2}},
       11'689'512,
       {{"tv_in1k", "https://download.pytorch.org/models/resnet18-5c106cde.pth"}, {"a1_in1k", ""}}},
      {"resnet26d",
       {Bottleneck, {2, 2, 2, 2}, true},
       16'014'408,
       {{"bt_in1k", release + "v0.1-weights/resnet26d-69e92c46.pth"}},
       "Paddy, 480 squish to 128: error .204 after 3 epochs, .033 after 14; 0:41 (fp16) to 1:04 per epoch. "
       "The first baseline."},
      {"resnet34",
       {Basic, {3, 4, 6, 3}},
       21'797'672,
       {{"bt_in1k", release + "v0.1-weights/resnet34-43635321.pth"}, {"a1_in1k", ""}}},
      {"resnet50",
       {Bottleneck, {3, 4, 6, 3}},
       25'557'032,
       {{"a1_in1k", release + "v0.1-rsb-weights/resnet50_a1_0-14fe96d1.pth"}},
       "Cassava, 460 to 224: accuracy .865 frozen, .8850 after progressive resizing to 448 with TTA."},
      {"resnet50d",
       {Bottleneck, {3, 4, 6, 3}, true},
       25'576'264,
       {{"ra2_in1k", release + "v0.1-weights/resnet50d_ra2-464e36ba.pth"}}},
  };
  return all;
}

Architecture describe(const Row& row) {
  Architecture info{.name = row.name, .modern_name = row.name, .family = "ResNet", .params = row.params};
  info.features = stagePlanes(3) * expansion(row.config.block);
  info.pretrained = row.pretrained;
  info.finding = row.finding;
  info.takes_side = [](int side) { return side >= 32; };
  info.multiply_adds = [config = row.config](Size size) { return multiplyAdds(config, size); };
  return info;
}

}  // namespace

Family resnetFamily() {
  Family family;
  for (const Row& row : rows()) {
    family.push_back({describe(row), [config = row.config](const BodyOptions& options) {
                        return std::make_shared<Resnet>(config, options);
                      }});
  }
  return family;
}

}  // namespace panicle
