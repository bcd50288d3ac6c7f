#include "core/train/model_copy.h"

namespace panicle {
namespace {

std::vector<torch::Tensor> tensorsOf(const Classifier& model) {
  std::vector<torch::Tensor> tensors;
  for (const auto& entry : model.stateDict()) tensors.push_back(entry.tensor);
  return tensors;
}

std::vector<torch::Tensor> clones(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> copies;
  for (const auto& tensor : tensors) copies.push_back(tensor.detach().clone());
  return copies;
}

void copyAll(const std::vector<torch::Tensor>& from, const std::vector<torch::Tensor>& to) {
  const torch::NoGradGuard noGrad;
  for (std::size_t i = 0; i < from.size(); ++i) to[i].copy_(from[i]);
}

}  // namespace

ModelCopy::ModelCopy(const Classifier& model) : live_(tensorsOf(model)), kept_(clones(live_)) {}

void ModelCopy::take() {
  copyAll(live_, kept_);
}

void ModelCopy::restore() const {
  copyAll(kept_, live_);
}

WeightAverage::WeightAverage(const Classifier& model, double decay)
    : decay_(decay), live_(tensorsOf(model)), average_(clones(live_)) {}

void WeightAverage::update() {
  const torch::NoGradGuard noGrad;
  for (std::size_t i = 0; i < live_.size(); ++i) {
    if (live_[i].is_floating_point()) {
      average_[i].lerp_(live_[i], 1 - decay_);
    } else {
      average_[i].copy_(live_[i]);  // counts
    }
  }
}

void WeightAverage::restart() {
  copyAll(live_, average_);
}

void WeightAverage::swap() {
  for (std::size_t i = 0; i < live_.size(); ++i) {
    const torch::Tensor values = live_[i].tensor_data();
    live_[i].set_data(average_[i]);
    average_[i] = values;
  }
}

}  // namespace panicle
