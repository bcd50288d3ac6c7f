// Which architecture a weight file is of, and what speaks against another. Internal to core (includes torch).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/models/architecture.h"
#include "core/models/classifier.h"
#include "core/models/state_dict.h"

namespace panicle {

struct ExpectedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
};

// The names and shapes that a model is made of, heads and derived buffers left out, in timm's order.
std::vector<ExpectedTensor> expectedBody(const Classifier& model);

// An architecture's, built once without memory and kept.
const std::vector<ExpectedTensor>& expectedBody(const Architecture& architecture);

// A model of names and shapes alone, with timm's head.
Classifier shapesOf(const Architecture& architecture, std::int64_t classes);

// Position embeddings (1, 1 + patches, C), that of the class token first.
constexpr const char* kPositionEmbedding = "pos_embed";

// The patches, in rows and columns, that position embeddings of this shape are of: what the file says, else a
// square, as timm takes every one for; null where neither has so many.
std::optional<Size> positionGrid(const RemappedFile& file, const std::vector<std::int64_t>& shape);

// How a file's body differs from an expected one. Batch norms' counters may be missing (files of torch before
// 0.4.1 have none), and position embeddings of another image size are taken where their grid is known
// (Body::adapted). Weights are of any floating-point type, those of the head as well.
struct Comparison {
  std::size_t agreeing = 0;
  std::vector<std::string> missing, unexpected;  // names
  std::vector<std::string>
      other_shape;                      // "stem.0.weight (96x3x4x4, not 128x3x4x4)": the file's, the expected
  std::vector<std::string> other_type;  // "stem.0.weight (I64)"

  std::size_t differences() const {
    return missing.size() + unexpected.size() + other_shape.size() + other_type.size();
  }
  bool fits() const { return differences() == 0; }
  // One sentence a kind of difference, with names and counts.
  std::vector<std::string> sentences() const;
};
Comparison compare(const std::vector<ExpectedTensor>& body, const RemappedFile& file);

// Throws Error, naming what `path` holds instead, unless it fits the body of the architecture `wanted`.
void checkFits(const RemappedFile& file, const std::filesystem::path& path,
               const std::vector<ExpectedTensor>& body, const std::string& wanted);

// The one that the file fits, else null.
const Architecture* recognise(const RemappedFile& file);

// The one that the file differs least from; null when no tensor agrees with any.
struct Nearest {
  const Architecture* architecture = nullptr;
  Comparison comparison;
};
Nearest nearest(const RemappedFile& file);

// Of the file's classifier, fastai's or timm's; 0 without one.
std::int64_t classesOf(const RemappedFile& file);

// "a, b and 4 more".
std::string listed(const std::vector<std::string>& names);

}  // namespace panicle
