#include "core/train/model_copy.h"

namespace panicle {
namespace {

std::vector<torch::Tensor> clones(const StateDict& state) {
  std::vector<torch::Tensor> copies;
  for (const auto& entry : state) copies.push_back(entry.tensor.detach().clone());
  return copies;
}

StateDict named(const StateDict& names, const std::vector<torch::Tensor>& tensors) {
  StateDict state;
  for (std::size_t i = 0; i < names.size(); ++i) state.push_back({names[i].name, tensors[i]});
  return state;
}

}  // namespace

ModelCopy::ModelCopy(const Classifier& model) : live_(model.stateDict()), kept_(clones(live_)) {}

void ModelCopy::take() {
  const torch::NoGradGuard noGrad;
  for (std::size_t i = 0; i < live_.size(); ++i) kept_[i].copy_(live_[i].tensor);
}

void ModelCopy::restore() const {
  const torch::NoGradGuard noGrad;
  for (std::size_t i = 0; i < live_.size(); ++i) live_[i].tensor.copy_(kept_[i]);
}

StateDict ModelCopy::kept() const {
  return named(live_, kept_);
}

WeightAverage::WeightAverage(const Classifier& model, double decay)
    : decay_(decay), live_(model.stateDict()), average_(clones(live_)) {}

void WeightAverage::update() {
  const torch::NoGradGuard noGrad;
  for (std::size_t i = 0; i < live_.size(); ++i) {
    const torch::Tensor& live = live_[i].tensor;
    if (live.is_floating_point()) {
      average_[i].lerp_(live, 1 - decay_);
    } else {
      average_[i].copy_(live);  // counts
    }
  }
}

void WeightAverage::restart() {
  const torch::NoGradGuard noGrad;
  for (std::size_t i = 0; i < live_.size(); ++i) average_[i].copy_(live_[i].tensor);
}

void WeightAverage::swap() {
  for (std::size_t i = 0; i < live_.size(); ++i) {
    torch::Tensor& live = live_[i].tensor;
    const torch::Tensor values = live.tensor_data();
    live.set_data(average_[i]);
    average_[i] = values;
  }
}

StateDict WeightAverage::average() const {
  return named(live_, average_);
}

}  // namespace panicle
