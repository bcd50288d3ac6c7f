// NumPy's .npz: a ZIP archive of .npy arrays
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). Internal to core/weights.
#pragma once

#include <filesystem>

#include "core/weights/weight_contents.h"
#include "core/weights/zip_archive.h"

namespace panicle {

bool isNpz(const ZipArchive& archive);  // its entries are called something.npy
void readNpz(ZipArchive& archive, const std::filesystem::path& path, WeightContents& contents);

}  // namespace panicle
