// What an item transform does to a photo, in figures: lost, bent, invented. Computed from the very box that
// it uses.
#pragma once

#include <QString>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "core/transforms/resize.h"

namespace panicle::ui {

struct ResizeFacts {
  Size source;
  Size result;
  Box box;               // what the result shows, in pixels of the source
  double lost = 0;       // share of the photo's area that lies outside the box
  double invented = 0;   // share of the result that is no photo
  double stretch = 1;    // how much wider things look than in the photo; below 1: higher
  double reduction = 1;  // pixels of the photo along a side of one pixel of the result; below 1: enlarged
};

ResizeFacts resizeFacts(Size source, const ResizeOptions& options, const ResizeDraw& draw);

// "Loses 25.0 % of the photo", "Looks 1.33 × as wide", "Invents 25.0 % of the picture", or that it keeps
// everything. `train` are draws of training; where they lose more or less than validation does, that is said
// too.
QString costWords(const ResizeFacts& valid, std::span<const ResizeFacts> train = {});
// "Reduced 1.33 ×".
QString reductionWords(const ResizeFacts& facts);

// The methods that can be compared: each method of `base`, pad once for each of its modes. "pad, zeros".
std::vector<ResizeOptions> resizeCases(const ResizeOptions& base);
QString caseName(const ResizeOptions& options);
// What the method is for, in one or two sentences.
QString caseHelp(const ResizeOptions& options);
bool sameCase(const ResizeOptions& a, const ResizeOptions& b);  // method, size and (of pad) mode

// Of all photos of the data set, with validation's boxes: mean shares, and the mean bend (always at least 1).
struct MeanFacts {
  std::size_t files = 0;
  double lost = 0;
  double invented = 0;
  double bend = 1;
};
// `sizes`: (height, width) -> files, as Census has them.
MeanFacts meanFacts(const std::map<std::pair<int, int>, std::size_t>& sizes, const ResizeOptions& options);
QString meanWords(const MeanFacts& facts);

}  // namespace panicle::ui
