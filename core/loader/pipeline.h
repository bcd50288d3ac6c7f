// From a file to what the network sees: decode, item transform, batch transform, normalisation. One
// implementation for training, validation, test and preview.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "core/data/decode.h"
#include "core/transforms/augment.h"
#include "core/transforms/resize.h"

namespace panicle {

struct Pipeline {
  DecodeOptions decode;
  ResizeOptions resize;
  std::optional<AugOptions> augment;  // nullopt: no batch transform
  Normalization normalization;
  std::uint64_t seed = 42;  // of the run; all draws are a function of (seed, epoch, item)

  Size outputSize() const { return resize.size; }
};

// Writes the item's 3 * height * width floats, HWC. `item` is its index in the data set, `epoch` counts over
// the whole run. Throws Error naming the file.
void renderItem(const Pipeline& pipeline, const std::filesystem::path& file, Mode mode, std::uint64_t epoch,
                std::uint64_t item, std::span<float> out);

}  // namespace panicle
