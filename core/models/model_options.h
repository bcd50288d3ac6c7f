// Which network, and what it starts from: the `model` section of a RunSpec.
#pragma once

#include <optional>
#include <string>

#include "core/base/fields.h"
#include "core/models/architecture.h"

namespace panicle {

enum class HeadKind { Fastai, Timm };

template <>
struct EnumNames<HeadKind> {
  static constexpr std::array names{"fastai", "timm"};
};

// Whether the network's input is normalised with the architecture's mean and standard deviation.
enum class NormalizeInput { Auto, On, Off };

template <>
struct EnumNames<NormalizeInput> {
  static constexpr std::array names{"auto", "on", "off"};
};

struct ModelOptions {
  std::string arch = "resnet18";  // timm's name, of 0.6 or of 1.0
  // "auto": the first file found by findWeights() (core/models/weight_search.h), else from scratch; "none":
  // from scratch; else a file.
  std::string weights = "auto";
  HeadKind head = HeadKind::Fastai;
  // Auto is fastai's rule: on for a network that starts from weights, off for one from scratch.
  NormalizeInput normalize = NormalizeInput::Auto;
  std::optional<double>
      drop_path;  // stochastic depth of the last block; null: timm's default (.1 in Swin and SwinV2, else 0)
  std::optional<double> dropout;  // before the last linear layer; null: .5 in fastai's head (and .25 before
                                  // the first), 0 in timm's
  bool gradient_checkpointing = false;
};

std::span<const Field<ModelOptions>> fieldTable(const ModelOptions*);

}  // namespace panicle
