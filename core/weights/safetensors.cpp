#include "core/weights/safetensors.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <tuple>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/weights/safetensors_header.h"
#include "core/weights/weight_contents.h"

namespace panicle {
namespace {

constexpr std::uint64_t kHeaderCap = 100'000'000;
constexpr std::size_t kLengthBytes = 8;

// The tensors' ranges, in the order of the bytes, must cover the data exactly.
void checkRanges(const std::vector<SafetensorsRow>& rows, std::uint64_t dataBytes,
                 const std::filesystem::path& path) {
  std::vector<const SafetensorsRow*> order(rows.size());
  std::transform(rows.begin(), rows.end(), order.begin(), [](const SafetensorsRow& row) { return &row; });
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::tie(a->begin, a->end) < std::tie(b->begin, b->end);
  });
  std::uint64_t at = 0;
  for (const SafetensorsRow* row : order) {
    const std::string name = "tensor " + inQuotes(row->entry.name);
    if (row->begin < at) throw fileError(path, name + " overlaps another");
    if (row->begin > at)
      throw fileError(path,
                      name + " leaves a gap of " + std::to_string(row->begin - at) + " bytes before it");
    if (row->end > dataBytes)
      throw fileError(path, "is cut off: " + name + " ends behind the file. Download or copy it again");
    at = row->end;
  }
  if (at != dataBytes)
    throw fileError(path, "has " + std::to_string(dataBytes - at) + " bytes behind its last tensor");
}

// {"a": {"dtype": ..., ...}, ...} made by hand: a JSON object of the library looks through all its keys for
// each new one.
std::string headerText(const std::vector<TensorEntry>& entries, const std::vector<std::uint64_t>& begins,
                       const std::map<std::string, std::string>& metadata) {
  std::string text = "{";
  if (!metadata.empty()) text += "\"__metadata__\":" + Json(metadata).dump();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const TensorEntry& entry = entries[i];
    const std::uint64_t end = begins[i] + *tensorBytes(entry.dtype, entry.shape);
    if (text.size() > 1) text += ',';
    text += Json(entry.name).dump() + ":{\"dtype\":\"" + entry.dtype +
            "\",\"shape\":" + Json(entry.shape).dump() + ",\"data_offsets\":[" + std::to_string(begins[i]) +
            ',' + std::to_string(end) + "]}";
  }
  text += '}';
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

void checkWritable(const std::vector<TensorEntry>& entries,
                   const std::map<std::string, std::string>& metadata, const std::filesystem::path& path) {
  checkNames(entries, path);
  for (const TensorEntry& entry : entries) {
    if (entry.name == "__metadata__")
      throw fileError(path, "cannot hold a tensor that is called '__metadata__'");
    if (!tensorBytes(entry.dtype, entry.shape)) {
      throw fileError(path, "cannot hold the tensor " + inQuotes(entry.name) + ": its dtype " +
                                inQuotes(entry.dtype) + " or its shape is not one of the format");
    }
  }
  for (const auto& [key, value] : metadata) {
    if (!isUtf8(key) || !isUtf8(value))
      throw fileError(path, "cannot hold the note " + inQuotes(key) + ": it is not UTF-8 text");
  }
}

}  // namespace

void readSafetensors(Bytes file, const std::filesystem::path& path, WeightContents& contents) {
  if (file.size() < kLengthBytes)
    throw fileError(path, "is not a safetensors file: too short for its header");
  std::uint64_t headerBytes = 0;
  std::memcpy(&headerBytes, file.data(), kLengthBytes);
  const std::string claim = "its header claims " + std::to_string(headerBytes) + " bytes";
  if (headerBytes > kHeaderCap)
    throw fileError(path, "is not a safetensors file: " + claim + ", and 100 MB is the most there may be");
  if (headerBytes > file.size() - kLengthBytes) {
    throw fileError(path, "is not a safetensors file, or it is cut off: " + claim +
                              ", more than the file has. Download or copy it again");
  }
  SafetensorsHeader header = parseSafetensorsHeader(asText(file.subspan(kLengthBytes, headerBytes)), path);
  const Bytes data = file.subspan(kLengthBytes + headerBytes);
  checkRanges(header.rows, data.size(), path);
  contents.tensors.reserve(header.rows.size());
  for (SafetensorsRow& row : header.rows) {
    row.entry.bytes = data.subspan(row.begin, row.end - row.begin);
    contents.tensors.push_back(std::move(row.entry));
  }
  contents.metadata = std::move(header.metadata);
  contents.format = WeightFormat::Safetensors;
}

std::unique_ptr<AtomicFile> stageSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                                             const std::map<std::string, std::string>& metadata, const TensorBytes& bytes) {
  checkWritable(entries, metadata, path);
  std::vector<std::size_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return dtypeSize(entries[a].dtype) > dtypeSize(entries[b].dtype);
  });
  std::vector<std::uint64_t> begins(entries.size());
  std::uint64_t at = 0;
  for (const std::size_t i : order) {
    begins[i] = at;
    at += *tensorBytes(entries[i].dtype, entries[i].shape);
  }
  const std::string text = headerText(entries, begins, metadata);
  const std::uint64_t length = text.size();
  if (length > kHeaderCap)
    throw fileError(path,
                    "would need a header over the 100 MB that the format allows: fewer or shorter names");

  auto file = std::make_unique<AtomicFile>(path);
  file->write(&length, kLengthBytes);
  file->write(text.data(), text.size());
  for (const std::size_t i : order) {
    const Bytes tensor = bytes(i);
    if (tensor.size() != *tensorBytes(entries[i].dtype, entries[i].shape)) {
      throw fileError(path, "cannot be written: the bytes of " + inQuotes(entries[i].name) +
                                " do not agree with its dtype and shape");
    }
    file->write(tensor.data(), tensor.size());
  }
  return file;
}

void writeSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                      const std::map<std::string, std::string>& metadata, const TensorBytes& bytes) {
  stageSafetensors(path, entries, metadata, bytes)->commit();
}

void writeSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                      const std::map<std::string, std::string>& metadata) {
  writeSafetensors(path, entries, metadata, [&](std::size_t i) { return entries[i].bytes; });
}

}  // namespace panicle
