// Runs a model over images and keeps what it says. Internal to core (includes torch).
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "core/base/progress.h"
#include "core/eval/outputs.h"
#include "core/eval/tta_options.h"
#include "core/loader/loader.h"
#include "core/models/classifier.h"
#include "core/models/precision.h"

namespace panicle {

// Everything that a prediction needs beside the images.
struct PredictWith {
  Classifier& model;
  torch::Device device;
  Precision precision = Precision::Fp32;  // never Auto
  int batch_size = 64;
};

using BadImages = std::function<void(const BadSample&)>;

// The outputs of `items` in their order, through the loader's validation transforms: softmax of float32
// logits for a target's classes, a number as it is. `targets` are the network's, with the values of the
// loader's samples (or none). A batch that does not fit into memory goes through in pieces. Images that cannot be read are left out and handed to `onBad`.
Outputs predict(const PredictWith& with, Loader& loader, const std::vector<Target>& targets,
                const std::vector<std::uint32_t>& items, const BadImages& onBad, std::stop_token stop = {},
                const Progress& progress = {});

// fastai's tta(): `options.n` further passes with the training transforms (random crops and changes, no
// shuffling, nothing dropped; the model as for predict()), taken together with `plain`, which predict() made
// of the same items. The random draws are functions of the pipeline's seed, the pass and the batch, and none
// of training's. `onPass` gets each of the n as it is done.
using OnTtaPass = std::function<void(const Outputs&)>;
Outputs predictTta(const PredictWith& with, Loader& loader, const std::vector<Target>& targets,
                   const TtaOptions& options, const std::vector<std::uint32_t>& items, const Outputs& plain,
                   std::stop_token stop = {}, const Progress& progress = {}, const OnTtaPass& onPass = {});

}  // namespace panicle
