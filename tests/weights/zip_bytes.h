// A ZIP archive of stored entries, byte by byte as the format's note has it (APPNOTE 6.3): a second way
// beside the library that reads.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace panicle::testing {

inline std::uint32_t crc32Of(const std::string& bytes) {
  std::uint32_t crc = ~0u;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
  }
  return ~crc;
}

inline std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

struct ZipEntry {
  std::string name;
  std::string data;
  int method = 0;          // 0 stored, 8 deflated (then `data` is packed)
  std::int64_t size = -1;  // what it claims to unpack to; -1: data's
  int flags = 0;
};

inline std::string zipBytes(const std::vector<ZipEntry>& entries) {
  std::string file, directory;
  for (const ZipEntry& entry : entries) {
    const std::uint64_t size = entry.size < 0 ? entry.data.size() : static_cast<std::uint64_t>(entry.size);
    const std::string facts = little(20, 2) + little(entry.flags, 2) + little(entry.method, 2) +
                              little(0, 4) + little(crc32Of(entry.data), 4) + little(entry.data.size(), 4) +
                              little(size, 4) + little(entry.name.size(), 2) + little(0, 2);
    directory +=
        "PK\1\2" + little(20, 2) + facts + std::string(10, '\0') + little(file.size(), 4) + entry.name;
    file += "PK\3\4" + facts + entry.name + entry.data;
  }
  const std::string end = "PK\5\6" + little(0, 4) + little(entries.size(), 2) + little(entries.size(), 2) +
                          little(directory.size(), 4) + little(file.size(), 4) + little(0, 2);
  return file + directory + end;
}

}  // namespace panicle::testing
