#include "core/models/checkpoint_layouts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "core/base/error.h"

namespace panicle {
namespace {

using Tensors = std::vector<RemappedTensor>;

bool has(const Tensors& tensors, std::string_view name) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const RemappedTensor& tensor) { return tensor.name == name; });
}

bool hasPrefix(const Tensors& tensors, std::string_view prefix) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const RemappedTensor& tensor) { return tensor.name.starts_with(prefix); });
}

// `name` with `from` at its start replaced by `to`, or unchanged.
std::string withPrefix(const std::string& name, std::string_view from, std::string_view to) {
  return name.starts_with(from) ? std::string(to) + name.substr(from.size()) : name;
}

std::string replaced(std::string name, std::string_view from, std::string_view to) {
  if (const auto at = name.find(from); at != std::string::npos) name.replace(at, from.size(), to);
  return name;
}

std::vector<std::string> split(const std::string& name) {
  std::vector<std::string> parts(1);
  for (const char c : name) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// What comes after the first `count` parts, with its leading dot.
std::string after(const std::vector<std::string>& parts, std::size_t count) {
  std::string rest;
  for (std::size_t i = count; i < parts.size(); ++i) rest += "." + parts[i];
  return rest;
}

bool isNumber(const std::string& text) {
  return !text.empty() && text.size() < 4 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= '0' && c <= '9'; });
}

// ---- fastai: Sequential(body, head), the body being a TimmBody or the children of a torchvision ResNet.

bool isTorchvisionBody(const Tensors& tensors) {
  return has(tensors, "0.0.weight") && has(tensors, "0.4.0.conv1.weight");
}

bool isFastai(const Tensors& tensors) {
  return hasPrefix(tensors, "0.model.") || isTorchvisionBody(tensors);
}

std::string fromTorchvisionBody(const std::string& name) {
  static constexpr std::array<std::pair<const char*, const char*>, 6> kChildren{{{"0.0.", "conv1."},
                                                                                 {"0.1.", "bn1."},
                                                                                 {"0.4.", "layer1."},
                                                                                 {"0.5.", "layer2."},
                                                                                 {"0.6.", "layer3."},
                                                                                 {"0.7.", "layer4."}}};
  for (const auto& [child, ours] : kChildren) {
    if (name.starts_with(child)) return withPrefix(name, child, ours);
  }
  return name;
}

void remapFastai(Tensors& tensors, std::vector<std::string>&, const std::filesystem::path&) {
  const bool torchvision = isTorchvisionBody(tensors);
  for (RemappedTensor& tensor : tensors) {
    tensor.name = withPrefix(tensor.name, "1.", "head.");
    tensor.name = torchvision ? fromTorchvisionBody(tensor.name) : withPrefix(tensor.name, "0.model.", "");
  }
}

// ---- Facebook's ConvNeXt (timm's convnext.checkpoint_filter_fn).

bool isFacebookConvnext(const Tensors& tensors) {
  return hasPrefix(tensors, "downsample_layers.0.");
}

std::string fromFacebookConvnext(const std::string& name) {
  const std::vector<std::string> parts = split(name);
  if (name.starts_with("downsample_layers.0.")) return withPrefix(name, "downsample_layers.0.", "stem.");
  if (parts.front() == "downsample_layers" && parts.size() > 2)
    return "stages." + parts[1] + ".downsample" + after(parts, 2);
  if (name.starts_with("head.")) return withPrefix(name, "head.", "head.fc.");
  if (name.starts_with("norm.")) return "head." + name;
  if (parts.front() != "stages" || parts.size() < 4) return name;
  const std::string inner =
      replaced(replaced(after(parts, 3), ".dwconv.", ".conv_dw."), ".pwconv", ".mlp.fc");
  return "stages." + parts[1] + ".blocks." + parts[2] + inner;
}

void remapFacebookConvnext(Tensors& tensors, std::vector<std::string>&, const std::filesystem::path&) {
  for (RemappedTensor& tensor : tensors) tensor.name = fromFacebookConvnext(tensor.name);
}

// ---- Swin and SwinV2 of timm 0.9 and newer: a stage's downsampling is counted to the next one, and the
// classifier lies deeper. timm tells them by head.fc.weight; the stages tell files without a classifier as
// well.

bool isModernSwin(const Tensors& tensors) {
  return isSwin(tensors) && !hasPrefix(tensors, "layers.0.downsample.") &&
         (has(tensors, "head.fc.weight") || hasPrefix(tensors, "layers.1.downsample."));
}

std::string fromModernSwin(const std::string& name) {
  const std::vector<std::string> parts = split(name);
  if (name.starts_with("head.fc.")) return withPrefix(name, "head.fc.", "head.");
  if (parts.size() < 4 || parts[0] != "layers" || parts[2] != "downsample" || !isNumber(parts[1]))
    return name;
  return "layers." + std::to_string(std::stoi(parts[1]) - 1) + ".downsample" + after(parts, 3);
}

void remapModernSwin(Tensors& tensors, std::vector<std::string>&, const std::filesystem::path&) {
  for (RemappedTensor& tensor : tensors) tensor.name = fromModernSwin(tensor.name);
}

// ---- DeiT and the first ViT files of timm (jx_*.pth): torch's names, with a layer before the classifier
// that timm left, and patches that were projected by a linear layer.

bool isFlatProjection(const RemappedTensor& tensor) {
  return tensor.name == "patch_embed.proj.weight" && tensor.shape.size() < 4;
}

bool isOldVit(const Tensors& tensors) {
  if (!has(tensors, "blocks.0.attn.qkv.weight")) return false;
  return std::any_of(tensors.begin(), tensors.end(), [](const RemappedTensor& tensor) {
    return isFlatProjection(tensor) || tensor.name.starts_with("pre_logits.");
  });
}

// (O, 3 * P * P) or (O, 3, P * P) -> (O, 3, P, P).
void unflattenProjection(RemappedTensor& tensor, const std::filesystem::path& file) {
  std::int64_t inputs = 1;
  for (std::size_t i = 1; i < tensor.shape.size(); ++i) inputs *= tensor.shape[i];
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(inputs) / 3)));
  if (tensor.shape.size() < 2 || inputs <= 0 || 3 * side * side != inputs) {
    throw fileError(file, "patch_embed.proj.weight projects patches of " + std::to_string(inputs) +
                              " values, which are no squares of three channels");
  }
  reshape(tensor, {tensor.shape[0], 3, side, side});
}

void remapOldVit(Tensors& tensors, std::vector<std::string>& ignored, const std::filesystem::path& file) {
  Tensors kept;
  for (RemappedTensor& tensor : tensors) {
    if (tensor.name.starts_with("pre_logits.")) {
      ignored.push_back(tensor.sources.front()->name);
      continue;
    }
    if (isFlatProjection(tensor)) unflattenProjection(tensor, file);
    kept.push_back(std::move(tensor));
  }
  tensors = std::move(kept);
}

}  // namespace

bool isSwin(const Tensors& tensors) {
  return has(tensors, "layers.0.blocks.0.attn.qkv.weight");
}

void reshape(RemappedTensor& tensor, std::vector<std::int64_t> shape) {
  tensor.make = [make = std::move(tensor.make), shape] { return make().reshape(shape); };
  tensor.shape = std::move(shape);
}

void permute(RemappedTensor& tensor, std::vector<std::int64_t> order) {
  std::vector<std::int64_t> shape;
  for (const std::int64_t dimension : order)
    shape.push_back(tensor.shape[static_cast<std::size_t>(dimension)]);
  tensor.make = [make = std::move(tensor.make), order = std::move(order)] { return make().permute(order); };
  tensor.shape = std::move(shape);
}

const std::vector<CheckpointLayout>& checkpointLayouts() {
  static const std::vector<CheckpointLayout> all{
      {"Google ViT (npz)", isGoogleVit, remapGoogleVit},
      {"fastai", isFastai, remapFastai},
      {"Facebook ConvNeXt", isFacebookConvnext, remapFacebookConvnext},
      {"timm 1.0", isModernSwin, remapModernSwin},
      {"DeiT or early timm ViT", isOldVit, remapOldVit},
  };
  return all;
}

}  // namespace panicle
