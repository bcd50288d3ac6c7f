// The weights and the image that the reference data was computed with (tests/reference/timm; rule by name, no file needed).
#pragma once

#include <torch/nn.h>

#include <cmath>
#include <optional>
#include <string>

#include "core/base/random.h"
#include "core/models/classifier.h"

namespace panicle::testing {

struct FillRule {
  double offset = 0;
  double amplitude = 0.1;
};

// The first rule that fits, as the table of the reference README has them; nullopt: the tensor is left as it is.
inline std::optional<FillRule> fillRule(const std::string& name, const torch::Tensor& tensor) {
  const std::string last = name.substr(name.rfind('.') + 1);
  if (tensor.scalar_type() != torch::kFloat32 || last == "attn_mask") return std::nullopt;
  if (last == "running_mean") return FillRule{0, 0.1};
  if (last == "running_var") return FillRule{1, 0.25};
  if (last == "logit_scale") return FillRule{2.302585092994046, 0.25};
  if (last == "gamma") return FillRule{0.25, 0.125};
  if (last == "relative_position_bias_table") return FillRule{0, 0.5};
  if (last == "cls_token" || last == "pos_embed") return FillRule{0, 0.05};
  if (tensor.dim() >= 2) {
    const bool stem = name == "patch_embed.proj.weight" || name == "stem.0.weight";
    return FillRule{0, (stem ? 0.05 : 1) * std::sqrt(3.0 / static_cast<double>(tensor.numel() / tensor.size(0)))};
  }
  if (last == "weight") return FillRule{1, 0.25};
  return FillRule{0, 0.1};
}

// Fills a tensor from the hash of its own name, as the reference README describes.
inline void fill(const std::string& name, torch::Tensor tensor) {
  const auto rule = fillRule(name, tensor);
  if (!rule) return;
  const torch::NoGradGuard noGrad;
  std::uint64_t hash = 14695981039346656037ull;
  for (const unsigned char c : name) hash = (hash ^ c) * 1099511628211ull;
  auto values = torch::empty(tensor.sizes());
  float* out = values.data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    const std::uint64_t bits = mix64(hash + static_cast<std::uint64_t>(i) + 0x9E3779B97F4A7C15ull);
    const double u = static_cast<double>(static_cast<std::int64_t>(bits >> 40) - (1 << 23)) / 8388608.0;
    out[i] = static_cast<float>(rule->offset + rule->amplitude * u);
  }
  tensor.copy_(values);
}

inline void fillAll(Classifier& model) {
  for (auto& [name, tensor] : model.stateDict()) fill(name, tensor);
}

// Images 0..count-1 of the reference, already normalised.
inline torch::Tensor referenceImages(std::int64_t count, std::int64_t height, std::int64_t width) {
  auto images = torch::empty({count, 3, height, width});
  auto a = images.accessor<float, 4>();
  for (std::int64_t b = 0; b < count; ++b) {
    for (std::int64_t c = 0; c < 3; ++c) {
      for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
          const auto k = (x * (3 + c) + y * (5 - c) + ((x * y) >> 4) + 37 * c + 91 * b + ((x * x * (b + 1)) >> 5)) & 255;
          const auto m = ((x * (2 * b + 1) + 2 * y + 85 * c) >> (b & 3)) & 255;
          a[b][c][y][x] = static_cast<float>(k * m - 16384) / 16384.0f + static_cast<float>((2 * c + 3 * b) % 5 - 2) * 0.5f;
        }
      }
    }
  }
  return images;
}

}  // namespace panicle::testing
