#include "core/models/swin_body.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"

namespace panicle {
namespace {

namespace nn = torch::nn;

constexpr int kStages = 4;
constexpr int kPatch = 4;                 // pixels a side
constexpr double kDefaultDropPath = 0.1;  // timm's, of both families

std::int64_t stageChannels(const SwinConfig& config, int stage) {
  return config.width << stage;
}

Size stageGrid(Size image, int stage) {
  return {image.height / kPatch >> stage, image.width / kPatch >> stage};
}

std::int64_t area(Size size) {
  return std::int64_t{size.height} * size.width;
}

bool takesSide(const SwinConfig& config, const SwinParts& parts, int side) {
  if (side < kPatch || side % kPatch != 0) return false;  // timm cuts the last pixels off
  for (int stage = 0; stage < kStages; ++stage) {
    const Size grid = stageGrid({side, side}, stage);
    const int window = parts.layout(grid, config.window, false).window.height;
    // SwinV2 measures distances in shares of a window's length less one: a window of one token gives no
    // number.
    if (window < 2 || grid.height % window != 0) return false;
    if (stage + 1 < kStages && grid.height % 2 != 0) return false;
  }
  return true;
}

// Patches, linear layers and both products of attention. SwinV2's small network for the position bias runs
// once a forward pass, not once an image, and is left out.
std::int64_t multiplyAdds(const SwinConfig& config, const SwinParts& parts, Size image) {
  std::int64_t sum = area(stageGrid(image, 0)) * kPatch * kPatch * 3 * config.width;
  for (int stage = 0; stage < kStages; ++stage) {
    const Size grid = stageGrid(image, stage);
    const std::int64_t tokens = area(grid), c = stageChannels(config, stage);
    const std::int64_t windowTokens = parts.layout(grid, config.window, false).windowTokens();
    const std::int64_t linear = 3 * c * c + c * c + 8 * c * c;  // qkv, proj, mlp
    sum += config.depths[stage] * tokens * (linear + 2 * windowTokens * c);
    if (stage + 1 < kStages) sum += tokens / 4 * (4 * c) * (2 * c);
  }
  return sum;
}

torch::Tensor maskOf(const WindowLayout& layout, torch::Device device) {
  if (!layout.shifted()) return {};
  if (device.is_meta()) {
    return at::empty({layout.windows(), layout.windowTokens(), layout.windowTokens()},
                     at::TensorOptions().device(device));
  }
  return shiftMask(layout).to(device);
}

// Of each block of a stage.
std::vector<double> dropPathRates(const SwinConfig& config, int stage, double rate) {
  const auto& depths = config.depths;
  const int count = std::accumulate(depths.begin(), depths.end(), 0);
  const int before = std::accumulate(depths.begin(), depths.begin() + stage, 0);
  std::vector<double> rates;
  for (int i = 0; i < depths[stage]; ++i) rates.push_back(dropPathRate(rate, before + i, count));
  return rates;
}

class Stage : public nn::Module {
 public:
  Stage(int number, const SwinConfig& config, const SwinParts& parts, const BodyOptions& options)
      : checkpointing_(options.gradient_checkpointing) {
    const std::int64_t channels = stageChannels(config, number);
    register_module("blocks", blocks_);
    for (const double rate : dropPathRates(config, number, options.drop_path.value_or(kDefaultDropPath))) {
      blocks_->push_back(parts.block(channels, config, rate));
    }
    if (number + 1 < kStages) merging_ = register_module("downsample", parts.merging(channels));
  }

  torch::Tensor forward(torch::Tensor x) {
    x = forwardBlocks(blocks_, std::move(x), checkpointing_);
    return merging_ ? merging_->forward(x, grid_) : x;
  }

  // Every other block is a shifted one.
  void setLayouts(const WindowLayout& plain, const WindowLayout& shifted, const torch::Tensor& mask) {
    grid_ = plain.grid;
    bool odd = false;
    for (const auto& block : blocks_->children()) {
      block->as<SwinBlock>()->setLayout(odd ? shifted : plain, odd ? mask : torch::Tensor());
      odd = !odd;
    }
  }

 private:
  bool checkpointing_;
  Size grid_;
  nn::Sequential blocks_;
  std::shared_ptr<SwinMerging> merging_;  // none in the last stage
};

}  // namespace

SwinBlock::SwinBlock() : mask_(register_buffer("attn_mask", torch::Tensor())) {}

void SwinBlock::setLayout(const WindowLayout& layout, torch::Tensor mask) {
  layout_ = layout;
  mask_ = std::move(mask);
}

SwinBody::SwinBody(const std::string& arch, const SwinConfig& config, const SwinParts& parts,
                   const BodyOptions& options)
    : arch_(arch), config_(config), parts_(parts) {
  auto patchEmbed = register_module("patch_embed", std::make_shared<nn::Module>());
  patches_ = patchEmbed->register_module(
      "proj", Conv2d(Conv2dShape{.in = 3, .out = config.width, .kernel = kPatch, .stride = kPatch}));
  patchNorm_ = patchEmbed->register_module("norm", LayerNorm(config.width, kSwinNormEps));
  register_module("layers", layers_);
  for (int stage = 0; stage < kStages; ++stage)
    layers_->push_back(std::make_shared<Stage>(stage, config, parts, options));
  norm_ = register_module("norm", LayerNorm(featureCount(), kSwinNormEps));
  layOut(options.image_size);
}

void SwinBody::layOut(Size image) {
  imageSize_ = image;
  int number = 0;
  for (const auto& stage : layers_->children()) {
    const Size grid = stageGrid(image, number++);
    const WindowLayout shifted = parts_.layout(grid, config_.window, true);
    stage->as<Stage>()->setLayouts(parts_.layout(grid, config_.window, false), shifted,
                                   maskOf(shifted, patches_->weight.device()));
  }
}

void SwinBody::setImageSize(Size size) {
  if (size != imageSize_) layOut(size);
}

torch::Tensor SwinBody::forwardFeatures(torch::Tensor x) {
  const Size size{static_cast<int>(x.size(2)), static_cast<int>(x.size(3))};
  if (size != imageSize_) {
    throw Error(arch_ + " is set to images of " + toString(imageSize_) + " and was given images of " +
                toString(size));
  }
  x = patchNorm_->forward(patches_->forward(x).flatten(2).transpose(1, 2));
  x = layers_->forward(x);
  return norm_->forward(x);
}

void SwinBody::initialise(const std::string& name, torch::Tensor parameter, at::Generator generator) {
  if (name.starts_with("patch_embed.proj.")) {
    const double bound = 1 / std::sqrt(3.0 * kPatch * kPatch);
    parameter.uniform_(-bound, bound, std::move(generator));
  } else if (parameter.dim() >= 2) {
    truncatedNormal(parameter, 0.02, std::move(generator));
  } else {
    parameter.fill_(name.ends_with(".weight") ? 1 : 0);
  }
}

Architecture describeSwin(const SwinRow& row, const SwinParts& parts) {
  Architecture info{
      .name = row.name, .modern_name = row.modern_name, .family = parts.family, .params = row.params};
  info.features = stageChannels(row.config, kStages - 1);
  info.input_size = row.input_size;
  info.pretrained = row.pretrained;
  info.finding = row.finding;
  info.takes_side = [config = row.config, parts](int side) { return takesSide(config, parts, side); };
  info.multiply_adds = [config = row.config, parts](Size size) { return multiplyAdds(config, parts, size); };
  return info;
}

}  // namespace panicle
