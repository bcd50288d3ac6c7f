// Checks of one architecture against what timm 0.6.13 computed for it (tests/reference/timm/ARCH.json), with
// weights and images that are made by rule (timm_fill.h). Each check prints the worst difference, and records
// it as a property of the running test.
#pragma once

#include <map>
#include <string>

#include "core/base/json.h"
#include "core/models/classifier.h"

namespace panicle::testing {

// A network with timm's head of as many classes as timm's has by default, the reference weights, in
// evaluation.
class TimmCase {
 public:
  explicit TimmCase(const std::string& arch);

  // What architecture() says: parameters, features, input size, normalisation, names, pretrained weights.
  void expectArchitecture() const;
  // Names, order, shapes and types, which of them are parameters, their count; and that the reference weights
  // were made right.
  void expectStateDict() const;
  // Features, pooled features and logits of every size that the reference has.
  void expectOutputs();
  // Outputs of whatever stands in an nn::Sequential of the body (blocks, stages), at the first size. Needs
  // the body to run its blocks through the Sequential that holds them.
  void expectActivations();

  Classifier& model() { return model_; }

 private:
  std::string arch_;
  Json expected_;
  Classifier model_;
  std::map<std::string, torch::Tensor> recorded_;
};

// All of the above, on one network.
void expectEqualToTimm(const std::string& arch);

// With a classifier of 10: its rows, and the outputs for a batch of two.
void expectTenClasses(const std::string& arch);

// One training step on two images without any dropping: loss, logits, the gradient of every parameter (to
// 2e-5 of its length) and of the images, and the running statistics afterwards. With `type` kDouble where
// ReLUs and max pools would decide ties otherwise in float32: the reference gradients are of double
// precision.
void expectTrainingStep(const std::string& arch, torch::Dtype type = torch::kFloat32);

// Gradient checkpointing: the same loss, gradients and running statistics with .2 of the paths and .5 of the
// features dropped, from a much smaller graph. For both heads.
void expectCheckpointingChangesNothing(const std::string& arch, Size size);

}  // namespace panicle::testing
