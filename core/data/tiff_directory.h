// The first image file directory of a TIFF: the header of TIFF files, and of the EXIF data inside JPEG, PNG
// and WebP. Source: TIFF 6.0, Adobe 1992, section 2.
#pragma once

#include <cstdint>
#include <optional>

#include "core/data/byte_source.h"

namespace panicle {

struct TiffDirectory {
  std::optional<std::uint32_t> width;
  std::optional<std::uint32_t> height;
  int orientation = 1;                                // 1..8
  std::optional<std::uint64_t> orientation_position;  // in the source, of the two bytes that hold it
  bool big_endian = false;
};

// The TIFF that starts at `start` of the source. nullopt when it is malformed or cut off.
std::optional<TiffDirectory> readTiffDirectory(ByteSource& source, std::uint64_t start);

}  // namespace panicle
