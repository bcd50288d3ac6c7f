// A network ready to train: a body, and fastai's or timm's head on it. Internal to core (includes torch).
#pragma once

#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/models/body.h"
#include "core/models/seeded_dropout.h"

namespace panicle {

// A tensor of the state dict under its timm name.
struct NamedTensor {
  std::string name;
  torch::Tensor tensor;
};

// Parameters that share a learning rate: fastai's splitter gives timm bodies two groups, body and head.
struct ParameterGroup {
  std::vector<torch::Tensor> decayed;     // weight decay applies
  std::vector<torch::Tensor> undecayed;   // norms and biases
};

class Classifier : public torch::nn::Module {
 public:
  // Weights are fresh: timm's initialisation for the body, fastai's (kaiming normal; batch norm bias .001) or timm's for the head,
  // drawn from `seed` alone.
  Classifier(const std::string& arch, HeadKind head, std::int64_t classes, std::uint64_t seed);

  // (B, 3, H, W) float32, normalised -> logits (B, classes).
  torch::Tensor forward(torch::Tensor images);

  const std::string& arch() const { return arch_; }
  std::int64_t classes() const { return classes_; }

  // Makes the dropout of the coming forward passes a function of `seed`, on the device the model is on.
  void seedDropout(std::uint64_t seed);

  // Keeps 4-dimensional weights channels-last, which convolutions are faster with.
  void toChannelsLast();

  // Body under timm's names, then head ("head.2.weight" of fastai's, "fc.weight" of timm's); parameters and buffers in the order of
  // Python's state_dict().
  std::vector<NamedTensor> stateDict() const;

  std::vector<ParameterGroup> parameterGroups() const;  // body, head

  // fastai's freeze(): the body stops learning except for its norm layers, whose statistics move as well. false: all learn.
  void setFrozen(bool frozen);

 private:
  std::string arch_;
  std::int64_t classes_;
  HeadKind headKind_;
  std::shared_ptr<Body> body_;
  torch::nn::Sequential head_{nullptr};   // fastai's
  torch::nn::Linear linear_{nullptr};     // timm's
  std::vector<SeededDropout> dropouts_;
};

torch::Tensor targetsTensor(const std::vector<std::int64_t>& targets, torch::Device device);

// What loading a weight file did, in sentences for the log.
struct WeightReport {
  std::size_t loaded = 0;
  std::vector<std::string> notes;  // "the classifier fc has 1000 classes, not 10: not used"
};

// Reads timm's names from a safetensors file into the body, and the head where its shapes fit. Every parameter of the body must be
// there with its shape, else Error lists what is missing, unexpected or of another shape.
WeightReport loadWeights(Classifier& model, const std::filesystem::path& file);

void saveWeights(const Classifier& model, const std::filesystem::path& file, const std::map<std::string, std::string>& metadata);

}  // namespace panicle
