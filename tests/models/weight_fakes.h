// Weight files as others write them, made of our own models' tensors.
#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/models/classifier.h"
#include "core/models/recognise.h"
#include "core/weights/safetensors.h"

namespace panicle::testing {

inline Classifier makeModel(const std::string& arch, HeadKind head, std::int64_t classes,
                            std::uint64_t seed) {
  ModelOptions options;
  options.arch = arch;
  options.head = head;
  return Classifier(options, classes, architecture(arch).input_size, seed);
}

inline const char* dtypeOf(const torch::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case torch::kFloat16:
      return "F16";
    case torch::kBFloat16:
      return "BF16";
    case torch::kFloat64:
      return "F64";
    case torch::kInt64:
      return "I64";
    default:
      return "F32";
  }
}

inline void writeFake(const std::filesystem::path& file, const StateDict& state) {
  std::vector<torch::Tensor> kept;
  std::vector<TensorEntry> entries;
  for (const auto& [name, tensor] : state) {
    const torch::Tensor& copy = kept.emplace_back(tensor.detach().contiguous());
    entries.push_back({name,
                       dtypeOf(copy),
                       copy.sizes().vec(),
                       {static_cast<const std::byte*>(copy.data_ptr()), copy.nbytes()}});
  }
  writeSafetensors(file, entries);
}

// A copy of a state dict with other names; a name that becomes "" is left out.
inline StateDict renamed(const StateDict& state, const std::function<std::string(const std::string&)>& rule) {
  StateDict result;
  for (const auto& [name, tensor] : state) {
    if (const std::string other = rule(name); !other.empty()) result.push_back({other, tensor});
  }
  return result;
}

inline torch::Tensor& at(StateDict& state, const std::string& name) {
  for (auto& [own, tensor] : state) {
    if (own == name) return tensor;
  }
  throw Error("the test's state dict has no " + name);
}

// How many tensors of two models differ.
inline int differences(const Classifier& a, const Classifier& b) {
  const StateDict left = a.stateDict(), right = b.stateDict();
  int count = left.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
    if (left[i].name != right[i].name || !left[i].tensor.equal(right[i].tensor)) ++count;
  }
  return count;
}

// An environment variable for the length of a test.
class ScopedVariable {
 public:
  ScopedVariable(std::string name, const std::optional<std::string>& value) : name_(std::move(name)) {
    if (const char* old = std::getenv(name_.c_str())) before_ = old;
    set(value);
  }
  ~ScopedVariable() { set(before_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  void set(const std::optional<std::string>& value) const {
    if (value) {
      ::setenv(name_.c_str(), value->c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }

  std::string name_;
  std::optional<std::string> before_;
};

}  // namespace panicle::testing
