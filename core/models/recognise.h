// Which architecture a weight file is of, and what speaks against another. Internal to core (includes torch).
#pragma once

#include <cstdint>
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

// How a file's body differs from an expected one. Batch norms' counters may be missing (files of torch before
// 0.4.1 have none), and position embeddings of another image size are taken (Body::adapted).
struct Comparison {
  std::size_t agreeing = 0;
  std::vector<std::string> missing, unexpected;  // names
  std::vector<std::string>
      other_shape;  // "stem.0.weight (96x3x4x4, not 128x3x4x4)": the file's, the expected

  bool fits() const { return missing.empty() && unexpected.empty() && other_shape.empty(); }
  // One sentence a kind of difference, with names and counts.
  std::vector<std::string> sentences() const;
};
Comparison compare(const std::vector<ExpectedTensor>& body, const RemappedFile& file);

// The one that the file fits, else null.
const Architecture* recognise(const RemappedFile& file);

// The one that most of the file's tensors agree with; null when none agrees with any.
struct Nearest {
  const Architecture* architecture = nullptr;
  Comparison comparison;
};
Nearest nearest(const RemappedFile& file);

// Of the file's classifier, fastai's or timm's; 0 without one.
std::int64_t classesOf(const RemappedFile& file);

// "96x3x4x4"; "scalar" for none.
std::string shapeText(const std::vector<std::int64_t>& shape);

// "a, b and 4 more".
std::string listed(const std::vector<std::string>& names);

}  // namespace panicle
