// Files that are not weights, or not ones that are read here. Internal to core/weights.
#pragma once

#include <filesystem>

#include "core/base/error.h"
#include "core/weights/weight_contents.h"
#include "core/weights/zip_archive.h"

namespace panicle {

// What a file of no known format looks like by its first bytes, and what to do about it.
Error unknownFormat(Bytes file, const std::filesystem::path& path);
// The same of a ZIP archive that holds neither torch's data nor NumPy's arrays.
Error unknownArchive(const ZipArchive& archive, const std::filesystem::path& path);

}  // namespace panicle
