#include "core/weights/weight_file.h"

#include <new>
#include <stdexcept>
#include <unordered_map>

#include "core/base/error.h"
#include "core/weights/mapped_file.h"
#include "core/weights/npz.h"
#include "core/weights/other_formats.h"
#include "core/weights/safetensors.h"
#include "core/weights/torch_file.h"
#include "core/weights/weight_contents.h"
#include "core/weights/zip_archive.h"

namespace panicle {
namespace {

constexpr std::size_t kLengthBytes = 8;  // before the '{' of a safetensors header

// Looked at before the other formats' first bytes: the length of a header may begin with any of them, while neither a ZIP nor what
// torch.save wrote has a '{' there.
bool hasSafetensorsHeader(Bytes file) {
  return file.size() > kLengthBytes && file[kLengthBytes] == std::byte{'{'};
}

void readArchive(Bytes file, const std::filesystem::path& path, WeightContents& contents) {
  ZipArchive archive(file, path, contents.memory);
  if (isTorchZip(archive)) return readTorchZip(archive, path, contents);
  if (isNpz(archive)) return readNpz(archive, path, contents);
  throw unknownArchive(archive, path);
}

}  // namespace

const char* toString(WeightFormat format) {
  switch (format) {
    case WeightFormat::Safetensors:
      return "safetensors";
    case WeightFormat::TorchZip:
      return "PyTorch";
    case WeightFormat::TorchLegacy:
      return "PyTorch before 1.6";
    case WeightFormat::Npz:
      return "NumPy npz";
  }
  return "";
}

WeightContents readWeights(Bytes file, const std::filesystem::path& path) {
  WeightContents contents(path, file.size());
  const std::string_view start = asText(file.first(std::min<std::size_t>(file.size(), 4)));
  try {
    if (hasSafetensorsHeader(file)) {
      readSafetensors(file, path, contents);
    } else if (start == "PK\x03\x04") {
      readArchive(file, path, contents);
    } else if (start.starts_with('\x80')) {
      readTorchLegacy(file, path, contents);
    } else if (path.extension() == ".safetensors") {
      readSafetensors(file, path, contents);
    } else {
      throw unknownFormat(file, path);
    }
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(path.string() + ": does not fit into memory");
  } catch (const std::length_error&) {
    throw OutOfMemory(path.string() + ": does not fit into memory");
  }
  return contents;
}

class WeightFile::Contents {
 public:
  explicit Contents(const std::filesystem::path& path) : file(path), read(readWeights(file.bytes(), path)) {
    for (std::size_t i = 0; i < read.tensors.size(); ++i) byName.emplace(read.tensors[i].name, i);
  }

  MappedFile file;
  WeightContents read;
  std::unordered_map<std::string_view, std::size_t> byName;
};

WeightFile::WeightFile(std::unique_ptr<Contents> contents) : contents_(std::move(contents)) {}
WeightFile::WeightFile(WeightFile&&) noexcept = default;
WeightFile& WeightFile::operator=(WeightFile&&) noexcept = default;
WeightFile::~WeightFile() = default;

WeightFile WeightFile::open(const std::filesystem::path& path) {
  return WeightFile(std::make_unique<Contents>(path));
}

const std::filesystem::path& WeightFile::path() const {
  return contents_->file.path();
}
WeightFormat WeightFile::format() const {
  return contents_->read.format;
}
const std::vector<TensorEntry>& WeightFile::tensors() const {
  return contents_->read.tensors;
}
const std::map<std::string, std::string>& WeightFile::metadata() const {
  return contents_->read.metadata;
}

const TensorEntry* WeightFile::find(const std::string& name) const {
  const auto found = contents_->byName.find(name);
  return found == contents_->byName.end() ? nullptr : &contents_->read.tensors[found->second];
}

void WeightFile::release(const TensorEntry& tensor) const {
  contents_->file.release(tensor.bytes);
}

}  // namespace panicle
