// Reading the headers of image files; parseImageHeader and readImageHeader (decode.h) are made of this.
#pragma once

#include <cstdint>
#include <optional>

#include "core/data/byte_source.h"
#include "core/data/decode.h"

namespace panicle {

struct HeaderFacts {
  ImageHeader header;
  std::uint64_t data_start = 0;                       // JPEG: where the first scan begins
  std::optional<std::uint64_t> orientation_position;  // TIFF: of the two bytes that hold the orientation
  bool big_endian = false;                            // TIFF
};

// Throws Error without the file's name.
HeaderFacts readHeader(ByteSource& source);

// Whether the file ends as its format asks (JPEG and PNG; true for the others). Bytes after the end are fine
// when they are few.
bool hasEnd(ByteSource& source, const HeaderFacts& facts);

// Throws Error when the image has more pixels than the options allow.
void checkPixelBudget(const ImageHeader& header, const DecodeOptions& options);

// The formats' own parsers; the signature has been seen.
HeaderFacts readJpegHeader(ByteSource& source);
HeaderFacts readPngHeader(ByteSource& source);
HeaderFacts readWebpHeader(ByteSource& source);
HeaderFacts readBmpHeader(ByteSource& source);
HeaderFacts readTiffHeader(ByteSource& source);

// Bytes that must be there: throws Error saying that the file is cut off.
void require(ByteSource& source, std::uint64_t offset, std::span<std::uint8_t> out);
std::uint32_t requireBig(ByteSource& source, std::uint64_t offset,
                         std::size_t size);  // 1 to 4 bytes, big end first
std::uint32_t requireLittle(ByteSource& source, std::uint64_t offset,
                            std::size_t size);  // 1 to 4 bytes, little end first

}  // namespace panicle
