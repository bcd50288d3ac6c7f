#include "core/models/state_dict.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/models/checkpoint_layouts.h"

namespace panicle {
namespace {

constexpr std::array<std::pair<const char*, at::ScalarType>, 5> kTypes{{{"F32", at::kFloat},
                                                                        {"F16", at::kHalf},
                                                                        {"BF16", at::kBFloat16},
                                                                        {"F64", at::kDouble},
                                                                        {"I64", at::kLong}}};

at::ScalarType scalarType(const TensorEntry& entry, const std::filesystem::path& file) {
  for (const auto& [name, type] : kTypes) {
    if (entry.dtype == name) return type;
  }
  throw fileError(file, "tensor '" + entry.name + "' has dtype " + entry.dtype + ", which no weight has");
}

std::vector<RemappedTensor> identity(const WeightFile& file) {
  std::vector<RemappedTensor> tensors;
  tensors.reserve(file.tensors().size());
  for (const TensorEntry& entry : file.tensors()) {
    tensors.push_back({entry.name, entry.shape, {&entry}, [&entry, path = file.path()] {
                         return tensorView(entry, path);
                       }});
  }
  return tensors;
}

// Keeps the tensors whose names start with `prefix`, and takes it off.
void unwrap(std::vector<RemappedTensor>& tensors, const std::string& prefix,
            std::vector<std::string>& ignored) {
  std::vector<RemappedTensor> kept;
  for (RemappedTensor& tensor : tensors) {
    if (tensor.name.starts_with(prefix)) {
      tensor.name.erase(0, prefix.size());
      kept.push_back(std::move(tensor));
    } else {
      ignored.push_back(tensor.sources.front()->name);
    }
  }
  tensors = std::move(kept);
}

// The dictionaries that training scripts put a model's weights into, in the order in which timm's
// load_state_dict prefers them (use_ema=True, its default): averaged weights before those of the last step.
void unwrapNesting(std::vector<RemappedTensor>& tensors, std::vector<std::string>& ignored) {
  constexpr std::array kNests{"state_dict_ema.", "model_ema.", "state_dict.", "model."};
  for (bool again = true; again;) {
    again = false;
    for (const std::string nest : kNests) {
      const auto inside = [&](const RemappedTensor& tensor) { return tensor.name.starts_with(nest); };
      if (std::none_of(tensors.begin(), tensors.end(), inside)) continue;
      unwrap(tensors, nest, ignored);
      again = true;
      break;
    }
  }
}

// What DistributedDataParallel and torch.compile put before every name, in any order.
void stripWrappers(std::vector<RemappedTensor>& tensors) {
  constexpr std::array<std::string_view, 2> kWrappers{"module.", "_orig_mod."};
  for (RemappedTensor& tensor : tensors) {
    for (bool again = true; again;) {
      again = false;
      for (const std::string_view wrapper : kWrappers) {
        if (!tensor.name.starts_with(wrapper)) continue;
        tensor.name.erase(0, wrapper.size());
        again = true;
      }
    }
  }
}

template <typename Unwanted>
void setAside(std::vector<RemappedTensor>& tensors, std::vector<std::string>& ignored,
              const Unwanted& unwanted) {
  std::vector<RemappedTensor> kept;
  for (RemappedTensor& tensor : tensors) {
    if (unwanted(tensor)) {
      ignored.push_back(tensor.sources.front()->name);
    } else {
      kept.push_back(std::move(tensor));
    }
  }
  tensors = std::move(kept);
}

// Of names that are timm's already. Microsoft's Swin has the very names of timm 0.6, but SwinV2 keeps a table
// more.
std::string plainLayout(const std::vector<RemappedTensor>& tensors) {
  if (!isSwin(tensors)) return "timm";
  const bool microsoft = std::any_of(tensors.begin(), tensors.end(), [](const RemappedTensor& tensor) {
    return tensor.name.ends_with(".relative_coords_table");
  });
  return microsoft ? "Microsoft Swin" : "timm 0.6";
}

std::optional<Size> positionGrid(const WeightFile& file) {
  const auto found = file.metadata().find(kPositionGrid);
  if (found == file.metadata().end()) return {};
  try {
    return parseSize(found->second);
  } catch (const Error& error) {
    throw fileError(file.path(), std::string(kPositionGrid) + " of its metadata: " + error.what());
  }
}

}  // namespace

bool isDerivedBuffer(const std::string& name) {
  const std::string last = name.substr(name.rfind('.') + 1);
  return last == "attn_mask" || last == "relative_position_index" || last == "relative_coords_table" ||
         last == "k_bias";
}

bool isClassifierName(const std::string& name) {
  if (name.starts_with("fc.") || name.starts_with("head.fc.") || name == "head.weight" || name == "head.bias")
    return true;
  return name.starts_with("head.") && name.size() > 5 && std::isdigit(static_cast<unsigned char>(name[5]));
}

const char* dtypeName(at::ScalarType type) {
  for (const auto& [name, known] : kTypes) {
    if (type == known) return name;
  }
  throw Error(std::string("weight files keep no tensors of type ") + at::toString(type));
}

at::Tensor tensorView(const TensorEntry& entry, const std::filesystem::path& file) {
  const at::ScalarType type = scalarType(entry, file);
  void* bytes =
      const_cast<std::byte*>(entry.bytes.data());  // from_blob takes no const; nobody writes to the view
  if (reinterpret_cast<std::uintptr_t>(bytes) % at::elementSize(type) == 0)
    return at::from_blob(bytes, entry.shape, type);
  at::Tensor aligned = at::empty(entry.shape, type);  // formats promise no alignment
  if (!entry.bytes.empty()) std::memcpy(aligned.data_ptr(), bytes, entry.bytes.size());
  return aligned;
}

RemappedFile remapToTimm(const WeightFile& file) {
  RemappedFile result;
  result.tensors = identity(file);
  result.position_grid = positionGrid(file);
  unwrapNesting(result.tensors, result.ignored);
  stripWrappers(result.tensors);
  for (const CheckpointLayout& layout : checkpointLayouts()) {
    if (!layout.matches(result.tensors)) continue;
    layout.remap(result.tensors, result.ignored, file.path());
    result.layout += (result.layout.empty() ? "" : ", ") + std::string(layout.name);
  }
  if (result.layout.empty()) result.layout = plainLayout(result.tensors);
  setAside(result.tensors, result.ignored,
           [](const RemappedTensor& tensor) { return isDerivedBuffer(tensor.name); });
  std::set<std::string> seen;  // of two tensors that come to one name, the first stays
  setAside(result.tensors, result.ignored,
           [&](const RemappedTensor& tensor) { return !seen.insert(tensor.name).second; });
  return result;
}

}  // namespace panicle
