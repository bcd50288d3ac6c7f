// What a training goes on from, bit for bit: numbers, and the tensors that it changes. Random draws are functions of the seed and of counters
// (core/base/random.h), so no generator is among it. Internal to core (includes torch).
#pragma once

#include <map>
#include <string>

#include "core/base/json.h"
#include "core/models/state_dict.h"

namespace panicle {

struct TrainerState {
  Json numbers = Json::object();
  // Of a training: its live tensors, which go on changing with it. Dense, in the order of memory: see inMemoryOrder().
  StateDict tensors;

  void add(std::string name, const at::Tensor& tensor);
  void add(const std::string& prefix, const StateDict& dict);
};

// The tensors of a state by their names, to restore from. Throws Error for one that is not there or has another shape.
class StoredTensors {
 public:
  explicit StoredTensors(const TrainerState& state);  // which outlives it
  void copyTo(const std::string& name, const at::Tensor& target) const;
  void copyTo(const std::string& prefix, const StateDict& dict) const;

 private:
  std::map<std::string, at::Tensor> byName_;
};

// A view whose elements lie one after the other as the tensor's do, so that its bytes can be written without a copy: of channels-last weights
// (N, H, W, C). The tensor itself where it has no such order.
at::Tensor inMemoryOrder(const at::Tensor& tensor);

// JSON has no infinities and no not-a-number: they are null.
double numberOr(const Json& json, double otherwise);
std::map<std::string, double> numbersOf(const Json& json);  // null: not-a-number

}  // namespace panicle
