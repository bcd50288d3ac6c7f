#include "core/weights/zip_archive.h"

#include <zip.h>

#include <algorithm>

namespace panicle {

// Lets libzip read the span, and remembers where it read last: that is how we learn where an entry's bytes
// lie, which libzip knows but has no function to tell.
struct ZipArchive::Source {
  Bytes file;
  std::uint64_t position = 0;
  std::uint64_t lastRead = 0;
  zip_error_t error{};

  explicit Source(Bytes bytes) : file(bytes) { zip_error_init(&error); }
  ~Source() { zip_error_fini(&error); }

  zip_int64_t read(void* data, zip_uint64_t length) {
    const std::uint64_t count = std::min<std::uint64_t>(length, file.size() - position);
    if (count > 0) std::memcpy(data, file.data() + position, count);
    lastRead = position;
    position += count;
    return static_cast<zip_int64_t>(count);
  }

  zip_int64_t seek(void* data, zip_uint64_t length) {
    const zip_int64_t target = zip_source_seek_compute_offset(position, file.size(), data, length, &error);
    if (target < 0) return -1;
    position = static_cast<std::uint64_t>(target);
    return 0;
  }

  zip_int64_t stat(void* data, zip_uint64_t length) {
    if (length < sizeof(zip_stat_t)) return -1;
    auto* info = static_cast<zip_stat_t*>(data);
    zip_stat_init(info);
    info->valid = ZIP_STAT_SIZE;
    info->size = file.size();
    return sizeof(zip_stat_t);
  }

  static zip_int64_t answer(void* self, void* data, zip_uint64_t length, zip_source_cmd_t command) {
    auto& source = *static_cast<Source*>(self);
    switch (command) {
      case ZIP_SOURCE_OPEN:
        source.position = 0;
        return 0;
      case ZIP_SOURCE_READ:
        return source.read(data, length);
      case ZIP_SOURCE_SEEK:
        return source.seek(data, length);
      case ZIP_SOURCE_TELL:
        return static_cast<zip_int64_t>(source.position);
      case ZIP_SOURCE_STAT:
        return source.stat(data, length);
      case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&source.error, data, length);
      case ZIP_SOURCE_CLOSE:
      case ZIP_SOURCE_FREE:
        return 0;
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_SEEK,
                                              ZIP_SOURCE_TELL, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
                                              ZIP_SOURCE_CLOSE, ZIP_SOURCE_FREE, ZIP_SOURCE_SUPPORTS, -1);
      default:
        zip_error_set(&source.error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
  }
};

namespace {

// Deflate packs at most 1032 bytes into one (zlib's technical notes); whoever claims more has made the size
// up.
constexpr std::uint64_t kDeflateRatio = 1032;
constexpr std::uint64_t kDeflateSlack = 4096;
constexpr std::uint64_t kProbe = 64;

std::string reason(zip_error_t* error) {
  const std::string text = zip_error_strerror(error);
  zip_error_fini(error);
  return text;
}

}  // namespace

Error ZipArchive::fail(const std::string& what) const {
  return fileError(path_, what);
}

ZipArchive::ZipArchive(Bytes file, const std::filesystem::path& path, OwnedMemory& memory)
    : path_(path), memory_(memory), source_(std::make_unique<Source>(file)) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_function_create(&Source::answer, source_.get(), &error);
  if (source != nullptr) archive_ = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive_ == nullptr) {
    if (source != nullptr) zip_source_free(source);
    throw fail("is cut off or damaged: as a ZIP archive it cannot be read (" + reason(&error) +
               "). Download or copy it again");
  }
  zip_error_fini(&error);
  try {
    const zip_int64_t count = zip_get_num_entries(archive_, 0);
    for (zip_int64_t i = 0; i < count; ++i) list(static_cast<std::uint64_t>(i));
  } catch (...) {
    zip_discard(archive_);
    throw;
  }
}

ZipArchive::~ZipArchive() {
  zip_discard(archive_);
}

void ZipArchive::list(std::uint64_t index) {
  const char* text = zip_get_name(archive_, index, ZIP_FL_ENC_RAW);
  if (text == nullptr) throw fail("has an entry without a name in its ZIP directory: it is damaged");
  const std::string name = text;
  if (name.ends_with('/')) return;
  if (!index_.emplace(name, index).second) throw fail("has the entry " + inQuotes(name) + " twice");
  names_.push_back(name);
}

Bytes ZipArchive::bytes(const std::string& name) {
  const auto found = index_.find(name);
  if (found == index_.end())
    throw fail("lacks " + inQuotes(name) + ": it is damaged, or was put together by something else");
  zip_stat_t info;
  zip_stat_init(&info);
  if (zip_stat_index(archive_, found->second, 0, &info) != 0)
    throw fail("has no facts about its entry " + inQuotes(name));
  constexpr zip_uint64_t kNeeded =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if ((info.valid & kNeeded) != kNeeded) throw fail("has no sizes for its entry " + inQuotes(name));
  if (info.encryption_method != ZIP_EM_NONE)
    throw fail("is encrypted: unpack it with its password and pack it without one");
  if (info.comp_method == ZIP_CM_STORE && info.size == info.comp_size)
    return stored(found->second, info.size, name);
  if (info.comp_method == ZIP_CM_DEFLATE) return inflated(found->second, info.size, info.comp_size, name);
  throw fail("packs its entry " + inQuotes(name) +
             " in a way that is not read here: only stored and deflated ones are");
}

Bytes ZipArchive::stored(std::uint64_t index, std::uint64_t size, const std::string& name) {
  if (size == 0) return {};
  const std::string damaged = "is cut off or damaged: its entry " + inQuotes(name);
  zip_file_t* entry = zip_fopen_index(archive_, index, ZIP_FL_COMPRESSED);
  if (entry == nullptr) throw fail(damaged + " cannot be read (" + zip_strerror(archive_) + ")");
  std::byte probe[kProbe];
  const zip_int64_t count = zip_fread(entry, probe, std::min(size, kProbe));
  const std::uint64_t begin = source_->lastRead;
  zip_fclose(entry);
  const std::uint64_t fileBytes = source_->file.size();
  if (count <= 0 || begin > fileBytes || size > fileBytes - begin)
    throw fail(damaged + " ends behind the file");
  const Bytes bytes = source_->file.subspan(begin, size);
  if (std::memcmp(bytes.data(), probe, static_cast<std::size_t>(count)) != 0)
    throw fail(damaged + " is not where it should be");
  return bytes;
}

Bytes ZipArchive::inflated(std::uint64_t index, std::uint64_t size, std::uint64_t packed,
                           const std::string& name) {
  if (packed > source_->file.size() || size > packed * kDeflateRatio + kDeflateSlack) {
    throw fail("is damaged: its entry " + inQuotes(name) + " claims an impossible size of " +
               std::to_string(size) + " bytes");
  }
  const std::span<std::byte> memory = memory_.allocate(size);
  zip_file_t* entry = zip_fopen_index(archive_, index, 0);
  if (entry == nullptr)
    throw fail("is damaged: its entry " + inQuotes(name) + " cannot be read (" + zip_strerror(archive_) +
               ")");
  std::uint64_t filled = 0;
  zip_int64_t count = 0;
  while (filled < size && (count = zip_fread(entry, memory.data() + filled, size - filled)) > 0)
    filled += static_cast<std::uint64_t>(count);
  std::byte beyond;  // asking past the end makes libzip compare the checksum
  const bool whole = filled == size && zip_fread(entry, &beyond, 1) == 0;
  zip_fclose(entry);
  if (!whole)
    throw fail("is damaged: its entry " + inQuotes(name) +
               " cannot be inflated to what it should be. Download or copy it again");
  return memory;
}

}  // namespace panicle
