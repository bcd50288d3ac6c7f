#include "core/runs/event_file.h"

#include <array>
#include <bit>
#include <cmath>

namespace panicle {
namespace {

// Field numbers of the messages.
namespace event {
constexpr std::uint32_t kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
}
namespace session_log {
constexpr std::uint32_t kStatus = 1;
constexpr std::uint64_t kStart = 1;
}  // namespace session_log
namespace summary {
constexpr std::uint32_t kValue = 1;
}
namespace value {
constexpr std::uint32_t kTag = 1, kSimpleValue = 2;
}

// How a field's value is written; the low three bits of its key.
enum class Wire : std::uint32_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

template <typename Integer>
void addLittleEndian(std::string& out, Integer value) {
  for (std::size_t byte = 0; byte < sizeof value; ++byte) out += static_cast<char>(value >> (8 * byte) & 0xff);
}

// Seven bits a byte, the lowest first; all but the last have their highest bit set.
void addVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

void addKey(std::string& out, std::uint32_t field, Wire wire) {
  addVarint(out, field << 3 | static_cast<std::uint32_t>(wire));
}

void addVarintField(std::string& out, std::uint32_t field, std::uint64_t value) {
  addKey(out, field, Wire::Varint);
  addVarint(out, value);
}

void addBytesField(std::string& out, std::uint32_t field, std::string_view bytes) {
  addKey(out, field, Wire::Bytes);
  addVarint(out, bytes.size());
  out += bytes;
}

// Event without what happened: that is to follow.
std::string beginEvent(double time, std::int64_t step) {
  std::string message;
  addKey(message, event::kWallTime, Wire::Fixed64);
  addLittleEndian(message, std::bit_cast<std::uint64_t>(time));
  addVarintField(message, event::kStep, static_cast<std::uint64_t>(step));
  return message;
}

// TensorFlow masks checksums that are stored, since one of data that holds checksums would be weak (tensorflow/core/lib/hash/crc32c.h).
std::uint32_t maskedCrc(std::string_view bytes) {
  constexpr std::uint32_t kDelta = 0xa282ead8;
  return std::rotr(crc32c(bytes), 15) + kDelta;
}

// length (64 bits), its checksum, the data, its checksum; all little-endian.
std::string recordOf(std::string_view data) {
  std::string record;
  addLittleEndian(record, static_cast<std::uint64_t>(data.size()));
  addLittleEndian(record, maskedCrc(record));
  record += data;
  addLittleEndian(record, maskedCrc(data));
  return record;
}

constexpr std::array<std::uint32_t, 256> crcTable() {
  constexpr std::uint32_t kPolynomial = 0x82f63b78;  // 0x1edc6f41 with its bits in reverse
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ kPolynomial : crc >> 1;
    table[byte] = crc;
  }
  return table;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = crcTable();
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes) crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ crc >> 8;
  return ~crc;
}

std::string versionRecord(double time) {
  std::string message = beginEvent(time, 0);
  addBytesField(message, event::kFileVersion, "brain.Event:2");
  return recordOf(message);
}

std::string startRecord(double time, std::int64_t step) {
  std::string log;
  addVarintField(log, session_log::kStatus, session_log::kStart);
  std::string message = beginEvent(time, step);
  addBytesField(message, event::kSessionLog, log);
  return recordOf(message);
}

std::string scalarsRecord(double time, std::int64_t step, std::span<const Scalar> scalars) {
  std::string values;
  for (const Scalar& scalar : scalars) {
    if (!std::isfinite(scalar.value)) continue;
    std::string one;
    addBytesField(one, value::kTag, scalar.tag);
    addKey(one, value::kSimpleValue, Wire::Fixed32);
    addLittleEndian(one, std::bit_cast<std::uint32_t>(static_cast<float>(scalar.value)));
    addBytesField(values, summary::kValue, one);
  }
  std::string message = beginEvent(time, step);
  addBytesField(message, event::kSummary, values);
  return recordOf(message);
}

}  // namespace panicle
