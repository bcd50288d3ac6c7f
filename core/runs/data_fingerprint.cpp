#include "core/runs/data_fingerprint.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/weights/sha256.h"

namespace panicle {
namespace {

// Not cryptographic: it tells accidents, not forgeries.
class Hash {
 public:
  void add(std::uint64_t value) { state_ = mix64(state_ ^ value); }
  void add(const std::string& text) {
    add(text.size());
    std::uint64_t word = 0;
    for (std::size_t at = 0; at < text.size(); at += sizeof word) {
      word = 0;
      std::memcpy(&word, text.data() + at, std::min(sizeof word, text.size() - at));
      add(word);
    }
  }
  std::string text() const {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(state_));
    return digits;
  }

 private:
  std::uint64_t state_ = 0;
};

void addFile(Hash& hash, const std::filesystem::path& file) {
  constexpr std::uint64_t kNanoseconds = 1'000'000'000;
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return hash.add(std::uint64_t{0});
  hash.add(static_cast<std::uint64_t>(info.st_size));
  hash.add(static_cast<std::uint64_t>(info.st_mtim.tv_sec) * kNanoseconds + static_cast<std::uint64_t>(info.st_mtim.tv_nsec));
}

}  // namespace

DataFingerprint fingerprint(const Dataset& dataset, std::stop_token stop) {
  Hash list, files;
  for (const Target& target : dataset.targets()) {
    list.add(target.name);
    for (const std::string& name : target.vocab) list.add(name);
    for (const float value : target.values) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &value, sizeof bits);
      list.add(std::uint64_t{bits});
    }
  }
  for (const auto* items : {&dataset.items, &dataset.test}) {
    list.add(items->size());
    for (const Item& item : *items) {
      if (stop.stop_requested()) throw Cancelled();
      list.add(item.path);
      addFile(files, dataset.file(item));
    }
  }
  // Where a file beside the data set has a say in the split; without one the hash is what it always was.
  for (const Side side : dataset.sides) list.add(static_cast<std::uint64_t>(side));
  if (!dataset.groups_checksum.empty()) list.add(dataset.groups_checksum);
  files.add(list.text());
  return {.images = dataset.items.size() + dataset.test.size(), .list = list.text(), .files = files.text()};
}

std::string contentHash(const Dataset& dataset, std::stop_token stop, const Progress& progress) {
  const std::size_t total = dataset.items.size() + dataset.test.size();
  std::uint64_t done = 0;
  std::string list;
  for (const auto* items : {&dataset.items, &dataset.test}) {
    for (const Item& item : *items) {
      std::string sum = "unreadable";
      try {
        sum = sha256OfFile(dataset.file(item), stop);
      } catch (const Cancelled&) {
        throw;
      } catch (const Error&) {
        // A run may pass over such a photo, too.
      }
      list += sum + "  " + item.path + "\n";
      if (progress) progress(++done, total);
    }
  }
  return sha256Of(list);
}

Json toJson(const DataFingerprint& fingerprint) {
  return {{"images", fingerprint.images}, {"list", fingerprint.list}, {"files", fingerprint.files}};
}

DataFingerprint fingerprintFromJson(const Json& json) {
  DataFingerprint fingerprint;
  if (!json.is_object() || !json.contains("images") || !json.contains("list") || !json.contains("files")) return fingerprint;
  if (!json["images"].is_number_unsigned() || !json["list"].is_string() || !json["files"].is_string()) return fingerprint;
  fingerprint.images = json["images"].get<std::size_t>();
  fingerprint.list = json["list"].get<std::string>();
  fingerprint.files = json["files"].get<std::string>();
  return fingerprint;
}

}  // namespace panicle
