#include "core/models/recognise.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>

namespace panicle {
namespace {

constexpr std::size_t kNamesListed = 10;

// Whether Body::adapted() may bring a stored tensor to the expected shape: position embeddings, which grow
// with the image.
bool isAdaptable(const std::string& name, const std::vector<std::int64_t>& stored,
                 const std::vector<std::int64_t>& expected) {
  return name == "pos_embed" && stored.size() == 3 && expected.size() == 3 && stored[0] == expected[0] &&
         stored[2] == expected[2];
}

bool isOptional(const std::string& name) {
  return name.ends_with("num_batches_tracked");
}

// The number of the child in "head.8.weight", or -1.
int headChild(const std::string& name) {
  constexpr std::size_t kDigits = 5;  // after "head."
  if (!isClassifierName(name) || name.size() <= kDigits || name[kDigits] < '0' || name[kDigits] > '9')
    return -1;
  return std::atoi(name.c_str() + kDigits);
}

}  // namespace

std::vector<ExpectedTensor> expectedBody(const Classifier& model) {
  std::vector<ExpectedTensor> body;
  for (const auto& [name, tensor] : model.stateDict()) {
    if (!model.isHead(name) && !isDerivedBuffer(name)) body.push_back({name, tensor.sizes().vec()});
  }
  return body;
}

Classifier shapesOf(const Architecture& architecture, std::int64_t classes) {
  const WithoutMemory shapesAlone;
  ModelOptions options;
  options.arch = architecture.name;
  options.head = HeadKind::Timm;
  return Classifier(options, classes, architecture.input_size, 0);
}

const std::vector<ExpectedTensor>& expectedBody(const Architecture& architecture) {
  static std::mutex mutex;
  static std::map<std::string, std::vector<ExpectedTensor>> known;
  const std::lock_guard lock(mutex);
  auto found = known.find(architecture.name);
  if (found == known.end())
    found = known.emplace(architecture.name, expectedBody(shapesOf(architecture, 1))).first;
  return found->second;
}

std::vector<std::string> Comparison::sentences() const {
  std::vector<std::string> result;
  const auto say = [&](const std::vector<std::string>& names, const std::string& what) {
    if (!names.empty()) result.push_back(std::to_string(names.size()) + " " + what + ": " + listed(names));
  };
  say(missing, "missing");
  say(unexpected, "unexpected");
  say(other_shape, "of another shape");
  return result;
}

Comparison compare(const std::vector<ExpectedTensor>& body, const RemappedFile& file) {
  std::map<std::string_view, const RemappedTensor*> byName;
  for (const RemappedTensor& tensor : file.tensors) byName.emplace(tensor.name, &tensor);
  Comparison result;
  for (const ExpectedTensor& expected : body) {
    const auto found = byName.find(expected.name);
    if (found == byName.end()) {
      if (!isOptional(expected.name)) result.missing.push_back(expected.name);
      continue;
    }
    const auto& stored = found->second->shape;
    if (stored == expected.shape || isAdaptable(expected.name, stored, expected.shape)) {
      ++result.agreeing;
    } else {
      result.other_shape.push_back(expected.name + " (" + shapeText(stored) + ", not " +
                                   shapeText(expected.shape) + ")");
    }
    byName.erase(found);
  }
  for (const RemappedTensor& tensor : file.tensors) {
    if (byName.contains(tensor.name) && !isClassifierName(tensor.name))
      result.unexpected.push_back(tensor.name);
  }
  return result;
}

const Architecture* recognise(const RemappedFile& file) {
  const Nearest closest = nearest(file);
  return closest.architecture && closest.comparison.fits() ? closest.architecture : nullptr;
}

Nearest nearest(const RemappedFile& file) {
  Nearest best;
  const auto differences = [](const Comparison& c) {
    return c.missing.size() + c.unexpected.size() + c.other_shape.size();
  };
  for (const Architecture& candidate : architectures()) {
    Comparison comparison = compare(expectedBody(candidate), file);
    if (comparison.agreeing == 0) continue;
    if (!best.architecture || differences(comparison) < differences(best.comparison))
      best = {&candidate, std::move(comparison)};
  }
  return best;
}

std::int64_t classesOf(const RemappedFile& file) {
  std::int64_t classes = 0;
  int last = -1;
  for (const RemappedTensor& tensor : file.tensors) {
    if (!isClassifierName(tensor.name) || !tensor.name.ends_with(".weight") || tensor.shape.size() != 2)
      continue;
    const int child = headChild(tensor.name);
    if (child < last) continue;  // fastai's head has two linear layers; the last one is the classifier
    last = child;
    classes = tensor.shape[0];
  }
  return classes;
}

std::string shapeText(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t side : shape) text += (text.empty() ? "" : "x") + std::to_string(side);
  return text.empty() ? "scalar" : text;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  const std::size_t shown = std::min(names.size(), kNamesListed);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

}  // namespace panicle
