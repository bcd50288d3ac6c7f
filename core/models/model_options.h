// Which network: the `model` section of a RunSpec, and the architectures there are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/fields.h"

namespace panicle {

enum class HeadKind { Fastai, Timm };

template <>
struct EnumNames<HeadKind> {
  static constexpr std::array names{"fastai", "timm"};
};

struct ModelOptions {
  std::string arch = "resnet18";    // timm's name
  // "auto": the workspace's weights/<arch>.safetensors if it is there, else from scratch; "none": from scratch; else a file.
  std::string weights = "auto";
  HeadKind head = HeadKind::Fastai;
};

std::span<const Field<ModelOptions>> fieldTable(const ModelOptions*);

struct Architecture {
  std::string name;      // timm's
  std::string family;
  std::int64_t params;   // with timm's own classifier of 1,000 classes
  Size input_size;       // what it was trained at
  int min_side = 32;     // images smaller than this cannot go through
};

const std::vector<Architecture>& architectures();
// Throws Error that suggests the nearest known name.
const Architecture& architecture(const std::string& name);

}  // namespace panicle
