// A pipeline in plain words, step by step, tried on one file: fastai's DataBlock.summary for what a photo
// goes through.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/loader/pipeline.h"

namespace panicle {

// What one step left of the file.
struct SummaryStep {
  std::string name;    // "Resize"
  std::string detail;  // what it does: "squish to 480 x 480 ..."
  Size size;
  // The smallest and largest value over all channels: bytes (0 to 255) up to the item transform, shares of
  // white (0 to 1) up to the batch transforms, any number after the normalisation.
  double low = 0;
  double high = 0;
  std::string values;  // in words: "bytes from 3 to 251", "numbers from -2.12 to 2.64"
};

struct PipelineSummary {
  std::vector<SummaryStep> steps;  // those that succeeded
  // Names the file, the step that failed and why: "leaf.jpg: Decode failed: is truncated ...".
  std::optional<std::string> failure;
};

// The file is taken for item 0 of a batch of its own in epoch 0: in Mode::Train the random choices are those
// of `pipeline.seed`. What is wrong with the file or a step is no exception but PipelineSummary::failure.
PipelineSummary summarize(const Pipeline& pipeline, const std::filesystem::path& file, Mode mode);

}  // namespace panicle
