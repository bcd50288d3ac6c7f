// What a network says of images, before and after it is taken apart by target.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/eval/predictions.h"

namespace panicle {

// One row per image. The columns are those of one target after the other: probabilities of a target's
// classes, or its number.
struct Outputs {
  std::vector<std::uint32_t>
      items;  // indices into the list that was predicted; images that cannot be read are left out
  std::vector<float> values;  // items x sum of outputs
  std::vector<float> losses;  // items x targets: cross-entropy; 0 of numbers and where the image has no class

  std::size_t width() const { return items.empty() ? 0 : values.size() / items.size(); }
  std::span<const float> row(std::size_t i) const { return std::span(values).subspan(i * width(), width()); }
};

std::size_t outputCount(std::span<const Target> targets);

// The same targets for images of which nothing is known: no values.
std::vector<Target> withoutValues(std::vector<Target> targets);

// The class of item `item`, or -1 where it has none, or where the target is a number or has no values.
int classOf(const Target& target, std::uint32_t item);

// One target of the outputs. `list` are the items that `outputs.items` are indices of.
Predictions classPredictions(const Outputs& outputs, std::span<const Target> targets, std::size_t target,
                             const std::vector<Item>& list);
NumberPredictions numberPredictions(const Outputs& outputs, std::span<const Target> targets,
                                    std::size_t target, const std::vector<Item>& list);

// Writes every target into `folder`: the first under `stem` ("valid", "test_tta"), the others under
// targetStem().
void writeOutputs(const std::filesystem::path& folder, const std::string& stem, const Outputs& outputs,
                  std::span<const Target> targets, const std::vector<Item>& list);

}  // namespace panicle
