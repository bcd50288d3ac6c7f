// Which sizes suit a data set: their shape beside the photos', what they cost, which networks take them. No
// widgets.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/size.h"
#include "core/models/model_options.h"

namespace panicle::ui {

using SizeCounts =
    std::map<std::pair<int, int>, std::size_t>;  // (height, width) -> files, as Census has them

struct DataShape {
  std::size_t files = 0;        // 0: nothing is known
  double aspect = 1;            // width over height of the median photo
  std::size_t alike = 0;        // files whose aspect is within 1 % of it
  Size usual;                   // the most frequent size
  std::size_t usual_files = 0;  // that have it
};

DataShape dataShape(const SizeCounts& sizes);

struct SizeAdvice {
  Size size;
  bool current = false;         // what the network gets now
  double aspect = 1;            // width over height
  double bend = 1;              // how much squish bends the median photo, at least 1
  double lost = 0;              // share of its area that crop loses
  bool like_data = false;       // of the data's shape, to 1 %
  bool multiple_of_32 = false;  // both sides
  std::int64_t pixels = 0;
  double cost = 1;                    // pixels relative to what the network gets now
  bool enlarges = false;              // more pixels than the usual photo has
  std::vector<std::string> accepted;  // architectures, in the order of the registry
  std::vector<std::string> refused;
  std::string problem;                // why the recipe's network does not take it, a sentence; "" when it does
};

// Whether the network can be run on pictures of `size`.
bool accepts(const Architecture& architecture, Size size);

// `extra` sizes (the recipe's) come in addition to the usual ones, to those that the networks were trained at,
// to those of about the data's shape divisible by 32, and to those that `network` (the recipe's; null: none)
// takes where it takes few; those that are not square lie as the photos do. Sorted by pixels, each size once.
std::vector<SizeAdvice> adviseSizes(const DataShape& data, Size current, std::span<const Size> extra,
                                    std::span<const Architecture> architectures, const Architecture* network = nullptr);

}  // namespace panicle::ui
