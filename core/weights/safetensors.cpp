#include "core/weights/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <set>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"

namespace panicle {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little endian, and so is every platform we run on");

constexpr std::uint64_t kHeaderCap = 100'000'000;
constexpr std::size_t kLengthBytes = 8;

std::span<const std::byte> mapFile(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw fileError(path, std::strerror(errno));
  struct stat info {};
  ::fstat(descriptor, &info);
  const auto size = static_cast<std::size_t>(info.st_size);
  if (!S_ISREG(info.st_mode) || size < kLengthBytes) {
    ::close(descriptor);
    throw fileError(path, "is not a safetensors file: too short for its header");
  }
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int reason = errno;
  ::close(descriptor);
  if (data == MAP_FAILED) throw fileError(path, std::string("cannot be mapped: ") + std::strerror(reason));
  return {static_cast<const std::byte*>(data), size};
}

// nlohmann keeps the last of two equal keys; the format forbids them, so they are looked for while parsing.
Json parseHeader(std::string_view text, const std::filesystem::path& path) {
  std::vector<std::set<std::string>> keys;
  std::string duplicate;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) duplicate = value.get<std::string>();
    return true;
  };
  const Json header = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (header.is_discarded() || !header.is_object()) throw fileError(path, "is not a safetensors file: its header is not a JSON object");
  if (!duplicate.empty()) throw fileError(path, "names '" + duplicate + "' twice in its header");
  return header;
}

std::uint64_t unsignedAt(const Json& list, std::size_t index, const std::filesystem::path& path, const std::string& name) {
  if (!list.is_array() || index >= list.size() || !list[index].is_number_unsigned()) {
    throw fileError(path, "tensor '" + name + "' has a malformed shape or data_offsets");
  }
  return list[index].get<std::uint64_t>();
}

struct Row {
  TensorEntry entry;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Row readRow(const std::string& name, const Json& info, const std::filesystem::path& path) {
  const auto bad = [&](const std::string& what) { return fileError(path, "tensor '" + name + "' " + what); };
  if (!info.is_object() || info.size() != 3 || !info.contains("dtype") || !info.contains("shape") || !info.contains("data_offsets")) {
    throw bad("must have exactly dtype, shape and data_offsets");
  }
  Row row;
  row.entry.name = name;
  if (!info["dtype"].is_string()) throw bad("has a dtype that is not a text");
  row.entry.dtype = info["dtype"].get<std::string>();
  std::uint64_t bytes = dtypeSize(row.entry.dtype);
  if (bytes == 0) throw bad("has the unknown dtype '" + row.entry.dtype + "'");
  if (!info["shape"].is_array()) throw bad("has a shape that is not a list");
  for (std::size_t i = 0; i < info["shape"].size(); ++i) {
    const std::uint64_t side = unsignedAt(info["shape"], i, path, name);
    if (side > INT64_MAX || __builtin_mul_overflow(bytes, side, &bytes)) throw bad("has a shape that overflows");
    row.entry.shape.push_back(static_cast<std::int64_t>(side));
  }
  if (info["data_offsets"].size() != 2) throw bad("must have two data_offsets");
  row.begin = unsignedAt(info["data_offsets"], 0, path, name);
  row.end = unsignedAt(info["data_offsets"], 1, path, name);
  if (row.begin > row.end || row.end - row.begin != bytes) throw bad("has data_offsets that do not agree with its dtype and shape");
  return row;
}

}  // namespace

std::size_t dtypeSize(const std::string& dtype) {
  static const std::map<std::string, std::size_t> sizes{{"F64", 8},  {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4},
                                                        {"I16", 2},  {"I8", 1},  {"U8", 1},  {"U16", 2},  {"U32", 4}, {"U64", 8},
                                                        {"BOOL", 1}};
  const auto found = sizes.find(dtype);
  return found == sizes.end() ? 0 : found->second;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path), mapping_(mapFile(path)) {
  try {
    parse();
  } catch (...) {
    ::munmap(const_cast<std::byte*>(mapping_.data()), mapping_.size());
    throw;
  }
}

SafetensorsFile::~SafetensorsFile() { ::munmap(const_cast<std::byte*>(mapping_.data()), mapping_.size()); }

void SafetensorsFile::parse() {
  std::uint64_t headerBytes = 0;
  std::memcpy(&headerBytes, mapping_.data(), kLengthBytes);
  if (headerBytes > kHeaderCap || headerBytes > mapping_.size() - kLengthBytes) {
    throw fileError(path_, "is not a safetensors file, or it is cut off: its header claims " + std::to_string(headerBytes) + " bytes");
  }
  const std::string_view text(reinterpret_cast<const char*>(mapping_.data()) + kLengthBytes, headerBytes);
  const auto data = mapping_.subspan(kLengthBytes + headerBytes);
  const Json header = parseHeader(text, path_);

  std::vector<Row> rows;
  for (const auto& [name, info] : header.items()) {
    if (name != "__metadata__") {
      rows.push_back(readRow(name, info, path_));
      continue;
    }
    if (!info.is_object()) throw fileError(path_, "has metadata that is not an object");
    for (const auto& [key, value] : info.items()) {
      if (!value.is_string()) throw fileError(path_, "has metadata that is not text");
      metadata_[key] = value.get<std::string>();
    }
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  std::uint64_t at = 0;
  for (Row& row : rows) {
    if (row.begin != at) throw fileError(path_, "tensor '" + row.entry.name + "' overlaps another or leaves a gap");
    if (row.end > data.size()) throw fileError(path_, "is cut off: tensor '" + row.entry.name + "' ends behind the file");
    row.entry.bytes = data.subspan(row.begin, row.end - row.begin);
    at = row.end;
    byName_[row.entry.name] = entries_.size();
    entries_.push_back(std::move(row.entry));
  }
  if (at != data.size()) throw fileError(path_, "has " + std::to_string(data.size() - at) + " bytes behind its last tensor");
}

const TensorEntry* SafetensorsFile::find(const std::string& name) const {
  const auto found = byName_.find(name);
  return found == byName_.end() ? nullptr : &entries_[found->second];
}

void writeSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                      const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t at = 0;
  for (const TensorEntry& entry : entries) {
    header[entry.name] = {{"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {at, at + entry.bytes.size()}}};
    at += entry.bytes.size();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();

  AtomicFile file(path);
  file.write(&length, kLengthBytes);
  file.write(text.data(), text.size());
  for (const TensorEntry& entry : entries) file.write(entry.bytes.data(), entry.bytes.size());
  file.commit();
}

}  // namespace panicle
