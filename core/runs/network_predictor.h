// A saved network loaded and at work. Internal to core/runs (includes torch).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/eval/predictor.h"
#include "core/eval/tta_views.h"
#include "core/models/classifier.h"
#include "core/runs/saved_network.h"

namespace panicle {

class NetworkPredictor {
 public:
  // Loads the weights, body and head; throws Error where the file has not all of them. Takes the network's device and precision where this machine
  // has them, else what it has, with a warning. `network` and `observer` outlive it.
  NetworkPredictor(const SavedNetwork& network, const PredictionObserver& observer, std::stop_token stop);

  struct Result {
    Outputs plain;
    std::optional<Outputs> tta;
    std::unique_ptr<TtaViewKeeper> views;  // refers to `plain`; null without test-time augmentation
  };
  // `targets` are the network's, with values of `list` where they are known; `what` in words: "validation images".
  std::unique_ptr<Result> predict(const Dataset& dataset, const std::vector<Item>& list, const std::vector<std::uint32_t>& items,
                                  const std::vector<Target>& targets, const std::string& what, const std::optional<TtaOptions>& tta);

 private:
  const SavedNetwork& network_;
  const PredictionObserver& observer_;
  std::stop_token stop_;
  torch::Device device_{torch::kCPU};
  Precision precision_ = Precision::Fp32;
  std::shared_ptr<Classifier> model_;
};

}  // namespace panicle
