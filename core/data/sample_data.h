// The sample data set that Panicle draws itself: procedural photos of diseased rice leaves in Paddy Doctor's layout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>

#include "core/base/image.h"
#include "core/base/progress.h"
#include "core/base/size.h"

namespace panicle {

struct SampleDataOptions {
  int train_images = 600;             // spread over the classes in Paddy Doctor's proportions
  int test_images = 120;
  std::optional<int> per_class;       // instead of train_images: this many of every class (test: a fifth of it)
  std::uint64_t seed = 1;
  Size size{640, 480};
};

// Writes train_images/<label>/*.jpg, test_images/*.jpg, train.csv (image_id,label,variety,age) and sample_submission.csv into
// `folder`, which is made if absent. The same options give the same bytes. Refuses (Error) a folder that holds other files
// than an earlier sample. Blocks; uses all cores.
void writeSampleData(const std::filesystem::path& folder, const SampleDataOptions& options = {}, std::stop_token stop = {},
                     const Progress& progress = {});

// One photo of class `target` (index into the ten sorted labels), a pure function of its arguments.
Image drawLeafPhoto(int target, std::uint64_t seed, Size size = {640, 480});

}  // namespace panicle
