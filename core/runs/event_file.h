// TensorBoard's event files, as far as numbers over time need them. An event file is a TFRecord file
// (tensorflow/core/lib/io/record_writer.h), each record of which is a message Event (tensorflow/core/util/event.proto) with a Summary
// (tensorflow/core/framework/summary.proto) in it, in protobuf's wire format (protobuf.dev/programming-guides/encoding).
// Internal to core/runs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace panicle {

struct Scalar {
  std::string tag;  // "epoch/valid_loss"; what stands before the / is the group that TensorBoard shows it in
  double value = 0;
};

// Whole records, to be put one after the other into a file. `time`: seconds since 1970.

// The first record of every event file.
std::string versionRecord(double time);
// A file that begins so replaces what a viewer has read of files before it, from this step on.
std::string startRecord(double time, std::int64_t step);
// Values that belong to one step; those that are no finite numbers are left out.
std::string scalarsRecord(double time, std::int64_t step, std::span<const Scalar> scalars);

// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
std::uint32_t crc32c(std::string_view bytes);

}  // namespace panicle
