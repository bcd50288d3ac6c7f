#include <algorithm>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/models/classifier.h"
#include "core/weights/safetensors.h"

namespace panicle {
namespace {

torch::ScalarType scalarType(const TensorEntry& entry, const std::filesystem::path& file) {
  static const std::map<std::string, torch::ScalarType> types{
      {"F32", torch::kFloat32}, {"F16", torch::kFloat16}, {"BF16", torch::kBFloat16}, {"F64", torch::kFloat64}, {"I64", torch::kInt64}};
  const auto found = types.find(entry.dtype);
  if (found == types.end()) throw fileError(file, "tensor '" + entry.name + "' has dtype " + entry.dtype + ", which no weight has");
  return found->second;
}

std::string shapeText(at::IntArrayRef shape) {
  std::string text;
  for (const auto side : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(side);
  }
  return text.empty() ? "scalar" : text;
}

// "a, b, c and 4 more".
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 5; ++i) {
    if (i > 0) text += ", ";
    text += names[i];
  }
  if (names.size() > 5) text += " and " + std::to_string(names.size() - 5) + " more";
  return text;
}

}  // namespace

WeightReport loadWeights(Classifier& model, const std::filesystem::path& path) {
  torch::NoGradGuard noGrad;
  const SafetensorsFile file(path);
  WeightReport report;
  std::set<std::string> unused;
  for (const TensorEntry& entry : file.entries()) unused.insert(entry.name);

  std::vector<std::string> missing, otherShape;
  std::vector<std::pair<torch::Tensor, const TensorEntry*>> plan;
  for (auto& [name, tensor] : model.stateDict()) {
    const bool head = name.starts_with("head.") || name.starts_with("fc.");
    const TensorEntry* entry = file.find(name);
    unused.erase(name);
    if (entry == nullptr) {
      // Old files lack the batch counters, and only our own have a fastai head.
      if (!head && !name.ends_with("num_batches_tracked")) missing.push_back(name);
    } else if (tensor.sizes() == at::IntArrayRef(entry->shape)) {
      plan.emplace_back(tensor, entry);
    } else if (head) {
      report.notes.push_back(name + " has shape " + shapeText(entry->shape) + ", not " + shapeText(tensor.sizes()) + ": not used");
    } else {
      otherShape.push_back(name + " (" + shapeText(entry->shape) + ", not " + shapeText(tensor.sizes()) + ")");
    }
  }
  if (!missing.empty() || !otherShape.empty()) {
    std::string what = "does not fit " + model.arch();
    if (!missing.empty()) what += "; missing: " + listed(missing);
    if (!otherShape.empty()) what += "; of another shape: " + listed(otherShape);
    throw fileError(path, what);
  }
  for (auto& [tensor, entry] : plan) {
    const auto source = torch::from_blob(const_cast<std::byte*>(entry->bytes.data()), entry->shape, scalarType(*entry, path));
    tensor.copy_(source);
  }
  report.loaded = plan.size();
  if (!unused.empty()) report.notes.push_back("not used: " + listed({unused.begin(), unused.end()}));
  return report;
}

void saveWeights(const Classifier& model, const std::filesystem::path& path, const std::map<std::string, std::string>& metadata) {
  torch::NoGradGuard noGrad;
  std::vector<torch::Tensor> kept;  // contiguous copies live until the file is written
  std::vector<TensorEntry> entries;
  for (const auto& [name, tensor] : model.stateDict()) {
    kept.push_back(tensor.detach().cpu().contiguous());
    const auto& copy = kept.back();
    entries.push_back({name, copy.scalar_type() == torch::kInt64 ? "I64" : "F32", copy.sizes().vec(),
                       {static_cast<const std::byte*>(copy.data_ptr()), copy.nbytes()}});
  }
  std::map<std::string, std::string> all = metadata;
  all.insert({{"format", "pt"}, {"arch", model.arch()}});
  writeSafetensors(path, entries, all);
}

}  // namespace panicle
