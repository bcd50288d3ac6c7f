// Runs a model over images and keeps what it says. Internal to core (includes torch).
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "core/base/progress.h"
#include "core/eval/predictions.h"
#include "core/loader/loader.h"
#include "core/models/classifier.h"
#include "core/models/precision.h"

namespace panicle {

// The probabilities (softmax of float32 logits) of `items`, in their order, through the loader's validation transforms; images that
// cannot be read are left out and handed to `onBad`. `list` are the items that the loader's samples stand for. The network computes
// with `precision`, which is not Auto.
Predictions predict(Classifier& model, torch::Device device, Precision precision, Loader& loader, const std::vector<Item>& list,
                    const std::vector<std::uint32_t>& items, const Vocab& vocab, int batch_size,
                    const std::function<void(const BadSample&)>& onBad, std::stop_token stop = {}, const Progress& progress = {});

}  // namespace panicle
