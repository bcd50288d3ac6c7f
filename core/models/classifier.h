// A network ready to train: a body, and fastai's or timm's head on it. Internal to core (includes torch).
#pragma once

#include <torch/nn/modules/container/sequential.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/held_file.h"
#include "core/models/body.h"
#include "core/models/layers.h"
#include "core/models/model_options.h"
#include "core/models/state_dict.h"

namespace panicle {

// Parameters that share a learning rate: fastai's splitter gives timm bodies two groups, body and head.
struct ParameterGroup {
  std::vector<torch::Tensor> decayed;    // weight decay applies
  std::vector<torch::Tensor> undecayed;  // norms and biases
};

class Classifier : public torch::nn::Module {
 public:
  // Weights are fresh: timm's initialisation for the body, fastai's (kaiming normal; batch norm bias .001) or
  // timm's for the head. Each parameter is a function of `seed` and its name. `options.weights` is not looked
  // at: see loadWeights(). Throws Error for an unknown architecture or an image size that it does not take.
  Classifier(const ModelOptions& options, std::int64_t classes, Size imageSize, std::uint64_t seed);

  // (B, 3, H, W) float32, normalised -> logits (B, classes).
  torch::Tensor forward(torch::Tensor images);

  const Architecture& architecture() const { return architecture_; }
  std::int64_t classes() const { return classes_; }
  Body& body() { return *body_; }
  const Body& body() const { return *body_; }

  // For images of another size from now on: the next stage of progressive resizing. Throws Error for one that
  // it does not take.
  void setImageSize(Size size);

  // Makes the random masks (dropout, drop path) of the coming forward pass a function of `seed`.
  void seedDropout(std::uint64_t seed);

  // Keeps 4-dimensional weights channels-last, which convolutions are faster with.
  void toChannelsLast();

  // Body under timm's names, then head ("head.2.weight" of fastai's, "fc.weight" of timm's); parameters and
  // buffers in the order of Python's state_dict().
  StateDict stateDict() const;
  // Whether `name` of stateDict() belongs to the head (fastai's, or timm's classifier) and not to the body.
  bool isHead(const std::string& name) const;

  std::vector<ParameterGroup> parameterGroups() const;  // body, head

  // fastai's freeze(): the body stops learning except for its norm layers, whose statistics move as well.
  // false: all learn.
  void setFrozen(bool frozen);

 private:
  void makeHead(const ModelOptions& options);
  void initialise(std::uint64_t seed);

  const Architecture& architecture_;
  std::int64_t classes_;
  HeadKind headKind_;
  std::shared_ptr<Body> body_;
  torch::nn::Sequential head_{nullptr};                     // fastai's
  SeededDropout linearDropout_{nullptr};                    // timm's
  Linear linear_{nullptr};                                  // likewise
  std::vector<std::shared_ptr<torch::nn::Module>> masked_;  // those that are RandomMasks
};

torch::Tensor targetsTensor(const std::vector<std::int64_t>& targets, torch::Device device);

// What loading a weight file did, in sentences for the log.
struct WeightReport {
  std::size_t loaded = 0;          // tensors
  std::string layout;              // as WeightFileFacts::layout
  std::vector<std::string> notes;  // "the file's classifier has 1000 classes, this model 10: not used"
};

// Reads a file of any format and layout into the body, and into the head where its shapes fit. Every
// parameter of the body must be there with its shape (or be adapted to it), else Error lists by name what is
// missing, unexpected or of another shape; a file of another architecture is named. Takes little memory
// beside the model's own: tensors are read one after the other.
WeightReport loadWeights(Classifier& model, const std::filesystem::path& file);

// Safetensors, under timm's names. Beside `metadata` it says the architecture and the grid of the position
// embeddings.
void saveWeights(const Classifier& model, const std::filesystem::path& file,
                 const std::map<std::string, std::string>& metadata);

// The same without waiting for the disk: the file is in its place after commit() of the result.
std::unique_ptr<HeldFile> stageWeights(const Classifier& model, const std::filesystem::path& file,
                                       const std::map<std::string, std::string>& metadata,
                                       std::shared_ptr<HeldMemory> memory = std::make_shared<HeldMemory>());

}  // namespace panicle
