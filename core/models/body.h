// The part of a network that turns images into features, as timm builds it with num_classes=0. Internal to core (includes torch).
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "core/models/model_options.h"

namespace panicle {

class Body : public torch::nn::Module {
 public:
  // (B, 3, H, W), normalised -> (B, featureCount(), h, w). timm's forward_features.
  virtual torch::Tensor forwardFeatures(torch::Tensor images) = 0;
  virtual std::int64_t featureCount() const = 0;
  // What timm calls the classifier of this family ("fc").
  virtual std::string classifierName() const = 0;
  // Fresh weights as timm initialises them, drawn from `generator`.
  virtual void initialise(at::Generator generator) = 0;
};

// One family of architectures: one file, one line in architectures.cpp.
struct Family {
  std::vector<Architecture> architectures;
  std::shared_ptr<Body> (*make)(const std::string& arch);
};

Family resnetFamily();

// Throws Error for an unknown name.
std::shared_ptr<Body> makeBody(const std::string& arch);

}  // namespace panicle
