// Google's ViT checkpoints under timm's names (timm's vision_transformer._load_weights). Kernels are stored
// (in, out), convolutions (height, width, in, out), attention with its heads apart: query, key and value (C,
// heads, width), out (heads, width, C).
#include <ATen/ops/cat.h>

#include <array>
#include <map>
#include <optional>
#include <string_view>

#include "core/base/error.h"
#include "core/models/checkpoint_layouts.h"

namespace panicle {
namespace {

constexpr std::string_view kOptimizer =
    "opt/target/";  // before every name in files that keep the optimizer as well
const std::string kBlock = "Transformer/encoderblock_";

enum class Kept { AsIs, Transposed, Convolution, Output };  // how timm's tensor comes from the file's

struct Rule {
  const char* name;  // timm's
  Kept kept;
  std::size_t dimensions;  // in the file
};

const std::map<std::string, Rule>& globalRules() {
  static const std::map<std::string, Rule> rules{
      {"embedding/kernel", {"patch_embed.proj.weight", Kept::Convolution, 4}},
      {"embedding/bias", {"patch_embed.proj.bias", Kept::AsIs, 1}},
      {"cls", {"cls_token", Kept::AsIs, 3}},
      {"Transformer/posembed_input/pos_embedding", {"pos_embed", Kept::AsIs, 3}},
      {"Transformer/encoder_norm/scale", {"norm.weight", Kept::AsIs, 1}},
      {"Transformer/encoder_norm/bias", {"norm.bias", Kept::AsIs, 1}},
      {"head/kernel", {"head.weight", Kept::Transposed, 2}},
      {"head/bias", {"head.bias", Kept::AsIs, 1}},
  };
  return rules;
}

// Of what comes after "encoderblock_N/".
const std::map<std::string, Rule>& blockRules() {
  static const std::map<std::string, Rule> rules{
      {"LayerNorm_0/scale", {"norm1.weight", Kept::AsIs, 1}},
      {"LayerNorm_0/bias", {"norm1.bias", Kept::AsIs, 1}},
      {"LayerNorm_2/scale", {"norm2.weight", Kept::AsIs, 1}},
      {"LayerNorm_2/bias", {"norm2.bias", Kept::AsIs, 1}},
      {"MultiHeadDotProductAttention_1/out/kernel", {"attn.proj.weight", Kept::Output, 3}},
      {"MultiHeadDotProductAttention_1/out/bias", {"attn.proj.bias", Kept::AsIs, 1}},
      {"MlpBlock_3/Dense_0/kernel", {"mlp.fc1.weight", Kept::Transposed, 2}},
      {"MlpBlock_3/Dense_0/bias", {"mlp.fc1.bias", Kept::AsIs, 1}},
      {"MlpBlock_3/Dense_1/kernel", {"mlp.fc2.weight", Kept::Transposed, 2}},
      {"MlpBlock_3/Dense_1/bias", {"mlp.fc2.bias", Kept::AsIs, 1}},
  };
  return rules;
}

constexpr std::array<const char*, 3> kProjections{"query", "key", "value"};

std::string plainName(const std::string& name) {
  return name.starts_with(kOptimizer) ? name.substr(kOptimizer.size()) : name;
}

void checkDimensions(const RemappedTensor& tensor, std::size_t wanted, const std::filesystem::path& file) {
  if (tensor.shape.size() == wanted) return;
  throw fileError(file, "tensor '" + tensor.sources.front()->name + "' has " +
                            std::to_string(tensor.shape.size()) +
                            " dimensions, where Google's ViT files have " + std::to_string(wanted));
}

void applyRule(RemappedTensor& tensor, const Rule& rule, const std::string& prefix,
               const std::filesystem::path& file) {
  checkDimensions(tensor, rule.dimensions, file);
  tensor.name = prefix + rule.name;
  switch (rule.kept) {
    case Kept::AsIs:
      break;
    case Kept::Transposed:
      permute(tensor, {1, 0});
      break;
    case Kept::Convolution:
      permute(tensor, {3, 2, 0, 1});
      break;
    case Kept::Output:
      reshape(tensor, {tensor.shape[0] * tensor.shape[1], tensor.shape[2]});
      permute(tensor, {1, 0});
      break;
  }
}

// A block's number and what comes after it: "Transformer/encoderblock_11/MlpBlock_3/..." -> "11",
// "MlpBlock_3/...".
struct InBlock {
  std::string number, rest;
};
InBlock inBlock(const std::string& name) {
  if (!name.starts_with(kBlock)) return {};
  const auto slash = name.find('/', kBlock.size());
  if (slash == std::string::npos) return {};
  return {name.substr(kBlock.size(), slash - kBlock.size()), name.substr(slash + 1)};
}

// Which of query, key and value `rest` is a tensor of, or -1.
int projectionOf(const std::string& rest, const std::string& kind) {
  for (std::size_t i = 0; i < kProjections.size(); ++i) {
    if (rest == std::string("MultiHeadDotProductAttention_1/") + kProjections[i] + "/" + kind)
      return static_cast<int>(i);
  }
  return -1;
}

// The three of a block, as they are met: (C, heads * width) kernels transposed, (heads * width) biases.
using Parts = std::array<std::optional<RemappedTensor>, 3>;

RemappedTensor flatHeads(RemappedTensor tensor, bool kernel, const std::filesystem::path& file) {
  checkDimensions(tensor, kernel ? 3 : 2, file);
  if (kernel) {
    reshape(tensor, {tensor.shape[0], tensor.shape[1] * tensor.shape[2]});
    permute(tensor, {1, 0});
  } else {
    reshape(tensor, {tensor.shape[0] * tensor.shape[1]});
  }
  return tensor;
}

RemappedTensor stacked(const std::string& name, Parts& parts, const std::filesystem::path& file) {
  RemappedTensor result{name, {}, {}, {}};
  std::vector<std::function<at::Tensor()>> makes;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i] || parts[i]->shape != parts[0]->shape) {
      throw fileError(file, "has no " + std::string(kProjections[i]) + " of the right shape for " + name);
    }
    result.sources.push_back(parts[i]->sources.front());
    makes.push_back(std::move(parts[i]->make));
  }
  result.shape = parts[0]->shape;
  result.shape[0] *= static_cast<std::int64_t>(parts.size());
  result.make = [makes = std::move(makes)] {
    std::vector<at::Tensor> tensors;
    for (const auto& make : makes) tensors.push_back(make());
    return at::cat(tensors, 0);
  };
  return result;
}

}  // namespace

bool isGoogleVit(const std::vector<RemappedTensor>& tensors) {
  for (const RemappedTensor& tensor : tensors) {
    if (plainName(tensor.name) == "embedding/kernel") return true;
  }
  return false;
}

void remapGoogleVit(std::vector<RemappedTensor>& tensors, std::vector<std::string>& ignored,
                    const std::filesystem::path& file) {
  std::vector<RemappedTensor> kept;
  std::map<std::string, Parts> projections;  // by timm's name
  for (RemappedTensor& tensor : tensors) {
    const std::string name = plainName(tensor.name);
    const InBlock block = inBlock(name);
    const std::string prefix = "blocks." + block.number + ".";
    const auto& rules = block.number.empty() ? globalRules() : blockRules();
    const auto rule = rules.find(block.number.empty() ? name : block.rest);
    const int kernel = projectionOf(block.rest, "kernel"), bias = projectionOf(block.rest, "bias");
    if (rule != rules.end()) {
      applyRule(tensor, rule->second, block.number.empty() ? "" : prefix, file);
      kept.push_back(std::move(tensor));
    } else if (kernel >= 0) {
      projections[prefix + "attn.qkv.weight"][static_cast<std::size_t>(kernel)] =
          flatHeads(std::move(tensor), true, file);
    } else if (bias >= 0) {
      projections[prefix + "attn.qkv.bias"][static_cast<std::size_t>(bias)] =
          flatHeads(std::move(tensor), false, file);
    } else {
      ignored.push_back(tensor.sources.front()->name);
    }
  }
  for (auto& [name, parts] : projections) kept.push_back(stacked(name, parts, file));
  tensors = std::move(kept);
}

}  // namespace panicle
