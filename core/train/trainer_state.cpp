#include "core/train/trainer_state.h"

#include <ATen/core/grad_mode.h>

#include <limits>
#include <utility>

#include "core/base/error.h"

namespace panicle {

at::Tensor inMemoryOrder(const at::Tensor& tensor) {
  const bool channelsLast = tensor.dim() == 4 && !tensor.is_contiguous() && tensor.is_contiguous(at::MemoryFormat::ChannelsLast);
  return channelsLast ? tensor.permute({0, 2, 3, 1}) : tensor;
}

void TrainerState::add(std::string name, const at::Tensor& tensor) {
  tensors.push_back({std::move(name), inMemoryOrder(tensor.detach())});
}

void TrainerState::add(const std::string& prefix, const StateDict& dict) {
  for (const auto& [name, tensor] : dict) add(prefix + name, tensor);
}

StoredTensors::StoredTensors(const TrainerState& state) {
  for (const auto& [name, tensor] : state.tensors) byName_.emplace(name, tensor);
}

void StoredTensors::copyTo(const std::string& name, const at::Tensor& target) const {
  const at::NoGradGuard noGrad;
  const auto found = byName_.find(name);
  if (found == byName_.end()) throw Error("the checkpoint lacks the tensor '" + name + "'");
  const at::Tensor place = inMemoryOrder(target);
  if (place.sizes() != found->second.sizes() || place.scalar_type() != found->second.scalar_type()) {
    throw Error("the checkpoint's tensor '" + name + "' is of another shape or type than this network's");
  }
  place.copy_(found->second);
}

void StoredTensors::copyTo(const std::string& prefix, const StateDict& dict) const {
  for (const auto& [name, tensor] : dict) copyTo(prefix + name, tensor);
}

double numberOr(const Json& json, double otherwise) {
  return json.is_number() ? json.get<double>() : otherwise;
}

std::map<std::string, double> numbersOf(const Json& json) {
  std::map<std::string, double> numbers;
  for (const auto& [name, value] : json.items()) numbers[name] = numberOr(value, std::numeric_limits<double>::quiet_NaN());
  return numbers;
}

}  // namespace panicle
