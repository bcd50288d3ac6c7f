// What fastai made of pictures with known draws, for tests of the batch stage: the cases of
// tests/reference/fastai/data/05_augment.json and of augment_cases.json (whose format make_augment_cases.py
// states).
#pragma once

#include <string>
#include <vector>

#include "core/base/image.h"
#include "core/transforms/augment.h"

namespace panicle::testing {

struct FastaiCase {
  std::string name;
  AugOptions options;
  std::vector<Image> items;
  std::vector<AugDraw> draws;  // one an item, complete with crop and coordinate_range
  Size result;
  int row_stride = 1;  // `expected` holds every so many rows and columns of the result
  int column_stride = 1;
  std::vector<float> expected;  // [item][channel][row][column], 0..1, not normalised

  // 2e-5, as the reference data's README states it; in larger items a coordinate's last bit counts for more.
  float tolerance() const;

  // The largest difference of `values` from what fastai gave; `values` are of one item, HWC.
  float worstDifference(std::size_t item, const float* values) const;
};

std::vector<FastaiCase> fastaiCases();

// Neither shifts nor scales.
inline constexpr Normalization kPlain{{0, 0, 0}, {1, 1, 1}};

}  // namespace panicle::testing
