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
constexpr int kPatch = 4;                // pixels a side
constexpr double kDefaultDropPath = 0.1;  // timm's, of both families

std::int64_t stageChannels(const SwinConfig& config, int stage) { return config.width << stage; }

Size stageGrid(Size image, int stage) { return {image.height / kPatch >> stage, image.width / kPatch >> stage}; }

std::int64_t area(Size size) { return std::int64_t{size.height} * size.width; }

// A module with no more than children, added from outside.
struct Container : nn::Module {};

bool takesSide(const SwinConfig& config, const SwinParts& parts, int side) {
  if (side < kPatch || side % kPatch != 0) return false;  // timm cuts the last pixels off
  for (int stage = 0; stage < kStages; ++stage) {
    const Size grid = stageGrid({side, side}, stage);
    const int window = parts.layout(grid, config.window, false).window.height;
    // SwinV2 measures distances in shares of a window's length less one: a window of one token gives no number.
    if (window < 2 || grid.height % window != 0) return false;
    if (stage + 1 < kStages && grid.height % 2 != 0) return false;
  }
  return true;
}

// Patches, linear layers and both products of attention. SwinV2's small network for the position bias runs once a forward pass, not
// once an image, and is left out.
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
    return at::empty({layout.windows(), layout.windowTokens(), layout.windowTokens()}, at::TensorOptions().device(device));
  }
  return shiftMask(layout).to(device);
}

}  // namespace

SwinBlock::SwinBlock() : mask_(register_buffer("attn_mask", torch::Tensor())) {}

void SwinBlock::setLayout(const WindowLayout& layout, torch::Tensor mask) {
  layout_ = layout;
  mask_ = std::move(mask);
}

SwinBody::SwinBody(const std::string& arch, const SwinConfig& config, const SwinParts& parts, const BodyOptions& options)
    : arch_(arch), config_(config), parts_(parts), checkpointing_(options.gradient_checkpointing) {
  auto patchEmbed = register_module("patch_embed", std::make_shared<Container>());
  patches_ = patchEmbed->register_module("proj", Conv2d(Conv2dShape{.in = 3, .out = config.width, .kernel = kPatch, .stride = kPatch}));
  patchNorm_ = patchEmbed->register_module("norm", LayerNorm(config.width, kSwinNormEps));

  auto layers = register_module("layers", std::make_shared<Container>());
  for (int stage = 0; stage < kStages; ++stage) {
    auto layer = layers->register_module(std::to_string(stage), std::make_shared<Container>());
    stages_.push_back(makeStage(stage, options.drop_path.value_or(kDefaultDropPath), *layer));
  }
  norm_ = register_module("norm", LayerNorm(featureCount(), kSwinNormEps));
  layOut(options.image_size);
}

SwinBody::Stage SwinBody::makeStage(int number, double dropPath, nn::Module& parent) const {
  const auto& depths = config_.depths;
  const int count = std::accumulate(depths.begin(), depths.end(), 0);
  const int before = std::accumulate(depths.begin(), depths.begin() + number, 0);
  const std::int64_t channels = stageChannels(config_, number);
  Stage stage;
  auto blocks = parent.register_module("blocks", std::make_shared<Container>());
  for (int i = 0; i < depths[number]; ++i) {
    stage.blocks.push_back(parts_.block(channels, config_, dropPathRate(dropPath, before + i, count)));
    blocks->register_module(std::to_string(i), stage.blocks.back());
  }
  if (number + 1 < kStages) stage.merging = parent.register_module("downsample", parts_.merging(channels));
  return stage;
}

void SwinBody::layOut(Size image) {
  imageSize_ = image;
  for (int number = 0; number < kStages; ++number) {
    Stage& stage = stages_[number];
    stage.grid = stageGrid(image, number);
    const WindowLayout plain = parts_.layout(stage.grid, config_.window, false);
    const WindowLayout shifted = parts_.layout(stage.grid, config_.window, true);
    const torch::Tensor mask = maskOf(shifted, patches_->weight.device());
    for (std::size_t i = 0; i < stage.blocks.size(); ++i) {
      const bool odd = i % 2 == 1;
      stage.blocks[i]->setLayout(odd ? shifted : plain, odd ? mask : torch::Tensor());
    }
  }
}

void SwinBody::setImageSize(Size size) {
  if (const std::string problem = sizeProblem(architecture(arch_), size); !problem.empty()) throw Error(problem);
  if (size != imageSize_) layOut(size);
}

torch::Tensor SwinBody::forwardFeatures(torch::Tensor x) {
  const Size size{static_cast<int>(x.size(2)), static_cast<int>(x.size(3))};
  if (size != imageSize_) {
    throw Error(arch_ + " is set to images of " + toString(imageSize_) + " and was given images of " + toString(size));
  }
  x = patchNorm_->forward(patches_->forward(x).flatten(2).transpose(1, 2));
  for (const Stage& stage : stages_) {
    for (const auto& block : stage.blocks) {
      const auto run = [&block = *block](const torch::Tensor& input) { return block.forward(input); };
      x = checkpointing_ && is_training() ? checkpointed(*block, run, x) : run(x);
    }
    if (stage.merging) x = stage.merging->forward(x, stage.grid);
  }
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
  Architecture info{.name = row.name, .modern_name = row.modern_name, .family = parts.family, .params = row.params};
  info.features = stageChannels(row.config, kStages - 1);
  info.input_size = row.input_size;
  info.pretrained = row.pretrained;
  info.finding = row.finding;
  info.takes_side = [config = row.config, parts](int side) { return takesSide(config, parts, side); };
  info.multiply_adds = [config = row.config, parts](Size size) { return multiplyAdds(config, parts, size); };
  return info;
}

}  // namespace panicle
