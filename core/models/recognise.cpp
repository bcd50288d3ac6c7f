#include "core/models/recognise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>

#include "core/base/error.h"
#include "core/models/weight_search.h"

namespace panicle {
namespace {

constexpr std::size_t kNamesListed = 10;

// Whether Body::adapted() may bring a stored tensor to the expected shape: position embeddings, which grow
// with the image.
bool isAdaptable(const RemappedFile& file, const RemappedTensor& stored,
                 const std::vector<std::int64_t>& expected) {
  return stored.name == kPositionEmbedding && stored.shape.size() == 3 && expected.size() == 3 &&
         stored.shape[0] == expected[0] && stored.shape[2] == expected[2] &&
         positionGrid(file, stored.shape).has_value();
}

bool isCounter(const std::string& name) {
  return name.ends_with("num_batches_tracked");
}

// Says which tensor is of a type that it cannot have; "" where it is of a right one.
std::string typeProblem(const RemappedTensor& tensor) {
  constexpr std::array<std::string_view, 4> kFloats{"F32", "F16", "BF16", "F64"};
  for (const TensorEntry* source : tensor.sources) {
    const bool right = std::find(kFloats.begin(), kFloats.end(), source->dtype) != kFloats.end() ||
                       (isCounter(tensor.name) && source->dtype == "I64");
    if (!right) return tensor.name + " (" + source->dtype + ")";
  }
  return "";
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
  say(other_type, "not of a floating-point type");
  return result;
}

std::optional<Size> positionGrid(const RemappedFile& file, const std::vector<std::int64_t>& shape) {
  if (shape.size() != 3 || shape[1] < 2) return {};
  const std::int64_t patches = shape[1] - 1;
  if (const auto& said = file.position_grid; said && std::int64_t{said->height} * said->width == patches)
    return said;
  const auto side = static_cast<int>(std::lround(std::sqrt(static_cast<double>(patches))));
  return std::int64_t{side} * side == patches ? std::optional(Size{side, side}) : std::nullopt;
}

Comparison compare(const std::vector<ExpectedTensor>& body, const RemappedFile& file) {
  std::map<std::string_view, const RemappedTensor*> byName;
  for (const RemappedTensor& tensor : file.tensors) byName.emplace(tensor.name, &tensor);
  Comparison result;
  for (const ExpectedTensor& expected : body) {
    const auto found = byName.find(expected.name);
    if (found == byName.end()) {
      if (!isCounter(expected.name)) result.missing.push_back(expected.name);
      continue;
    }
    const RemappedTensor& stored = *found->second;
    if (stored.shape != expected.shape && !isAdaptable(file, stored, expected.shape)) {
      result.other_shape.push_back(expected.name + " (" + shapeText(stored.shape) + ", not " +
                                   shapeText(expected.shape) + ")");
    } else if (const std::string problem = typeProblem(stored); !problem.empty()) {
      result.other_type.push_back(problem);
    } else {
      ++result.agreeing;
    }
    byName.erase(found);
  }
  for (const RemappedTensor& tensor : file.tensors) {
    if (!byName.contains(tensor.name)) continue;
    if (!isClassifierName(tensor.name)) {
      result.unexpected.push_back(tensor.name);
    } else if (const std::string problem = typeProblem(tensor); !problem.empty()) {
      result.other_type.push_back(problem);
    }
  }
  return result;
}

void checkFits(const RemappedFile& file, const std::filesystem::path& path,
               const std::vector<ExpectedTensor>& body, const std::string& wanted) {
  const Comparison comparison = compare(body, file);
  if (comparison.fits()) return;
  const Architecture* other = recognise(file);
  std::string what = other && other->name != wanted ? "this is a " + other->name + ", not a " + wanted
                                                    : "does not fit " + wanted;
  for (const std::string& sentence : comparison.sentences()) what += "; " + sentence;
  throw fileError(path, what);
}

const Architecture* recognise(const RemappedFile& file) {
  const Nearest closest = nearest(file);
  return closest.architecture && closest.comparison.fits() ? closest.architecture : nullptr;
}

Nearest nearest(const RemappedFile& file) {
  Nearest best;
  for (const Architecture& candidate : architectures()) {
    Comparison comparison = compare(expectedBody(candidate), file);
    if (comparison.agreeing == 0) continue;
    if (!best.architecture || comparison.differences() < best.comparison.differences())
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

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  const std::size_t shown = std::min(names.size(), kNamesListed);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

}  // namespace panicle
