#include "core/weights/safetensors.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <tuple>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/held_file.h"
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

namespace {

// What comes before the tensors, and their order.
struct SafetensorsPlan {
  std::uint64_t length = 0;  // of the header
  std::string header;
  std::vector<std::size_t> order;
  std::uint64_t data = 0;  // bytes of all tensors
};

SafetensorsPlan planOf(const std::filesystem::path& path, const std::vector<TensorEntry>& entries, const std::map<std::string, std::string>& metadata) {
  checkWritable(entries, metadata, path);
  SafetensorsPlan plan{.order = std::vector<std::size_t>(entries.size())};
  std::iota(plan.order.begin(), plan.order.end(), 0);
  std::stable_sort(plan.order.begin(), plan.order.end(), [&](std::size_t a, std::size_t b) {
    return dtypeSize(entries[a].dtype) > dtypeSize(entries[b].dtype);
  });
  std::vector<std::uint64_t> begins(entries.size());
  for (const std::size_t i : plan.order) {
    begins[i] = plan.data;
    plan.data += *tensorBytes(entries[i].dtype, entries[i].shape);
  }
  plan.header = headerText(entries, begins, metadata);
  plan.length = plan.header.size();
  if (plan.length > kHeaderCap)
    throw fileError(path,
                    "would need a header over the 100 MB that the format allows: fewer or shorter names");
  return plan;
}

// `File` is AtomicFile or HeldFile.
template <typename File>
void writeContent(File& file, const std::filesystem::path& path, const SafetensorsPlan& plan, const std::vector<TensorEntry>& entries,
                  const TensorBytes& bytes) {
  file.write(&plan.length, kLengthBytes);
  file.write(plan.header.data(), plan.header.size());
  for (const std::size_t i : plan.order) {
    const Bytes tensor = bytes(i);
    if (tensor.size() != *tensorBytes(entries[i].dtype, entries[i].shape)) {
      throw fileError(path, "cannot be written: the bytes of " + inQuotes(entries[i].name) +
                                " do not agree with its dtype and shape");
    }
    file.write(tensor.data(), tensor.size());
  }
}

}  // namespace

std::unique_ptr<HeldFile> stageSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                                           const std::map<std::string, std::string>& metadata, const TensorBytes& bytes,
                                           std::shared_ptr<HeldMemory> memory) {
  const SafetensorsPlan plan = planOf(path, entries, metadata);
  auto file = std::make_unique<HeldFile>(path, kLengthBytes + plan.header.size() + plan.data, std::move(memory));
  writeContent(*file, path, plan, entries, bytes);
  return file;
}

void writeSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                      const std::map<std::string, std::string>& metadata, const TensorBytes& bytes) {
  const SafetensorsPlan plan = planOf(path, entries, metadata);
  AtomicFile file(path);
  writeContent(file, path, plan, entries, bytes);
  file.commit();
}

void writeSafetensors(const std::filesystem::path& path, const std::vector<TensorEntry>& entries,
                      const std::map<std::string, std::string>& metadata) {
  writeSafetensors(path, entries, metadata, [&](std::size_t i) { return entries[i].bytes; });
}

}  // namespace panicle
