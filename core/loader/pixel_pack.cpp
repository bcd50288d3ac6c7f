#include "core/loader/pixel_pack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <span>
#include <type_traits>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"

namespace panicle {
namespace {

using Record = PixelPack::Record;
static_assert(std::is_trivially_copyable_v<Record>);

constexpr std::int32_t kLargestSide = 1 << 20;
// Address space for a pack; none has to be there.
constexpr std::uint64_t kLargestMapping = std::uint64_t{1} << 44;

constexpr std::array kPixelsMagic{'P', 'N', 'C', 'L', 'P', 'I', 'X', '1'};
constexpr std::array kIndexMagic{'P', 'N', 'C', 'L', 'I', 'D', 'X', '1'};

struct PixelsHeader {
  std::array<char, 8> magic = kPixelsMagic;
  std::array<std::uint64_t, 2> id{};
};

// Then the options, the words, the records.
struct IndexHeader {
  std::array<char, 8> magic = kIndexMagic;
  std::uint64_t checksum = 0;  // of all that follows
  std::array<std::uint64_t, 2> id{};
  std::uint64_t options_bytes = 0;
  std::uint64_t what_bytes = 0;
  std::uint64_t records = 0;
};
constexpr std::size_t kChecked = 16;  // where the checksum begins

struct Index {
  IndexHeader header;
  std::string options;
  std::string what;
  std::vector<Record> records;
};

std::uint64_t endOf(const Record& record) {
  return record.offset + wholePages(record.bytes());
}

// Takes the next `size` bytes of `rest`; false when there are fewer.
bool take(std::span<const std::byte>& rest, void* to, std::uint64_t size) {
  if (rest.size() < size) return false;
  if (size > 0) std::memcpy(to, rest.data(), size);
  rest = rest.subspan(size);
  return true;
}

bool takeText(std::span<const std::byte>& rest, std::string& text, std::uint64_t size) {
  if (rest.size() < size) return false;
  text.resize(size);
  return take(rest, text.data(), size);
}

std::optional<Index> parseIndex(std::span<const std::byte> bytes) {
  Index index;
  std::span rest = bytes;
  IndexHeader& header = index.header;
  if (!take(rest, &header, sizeof header) || header.magic != kIndexMagic) return std::nullopt;
  if (header.checksum != hashBytes(bytes.data() + kChecked, bytes.size() - kChecked)) return std::nullopt;
  if (!takeText(rest, index.options, header.options_bytes) || !takeText(rest, index.what, header.what_bytes))
    return std::nullopt;
  if (rest.size() % sizeof(Record) != 0 || rest.size() / sizeof(Record) != header.records)
    return std::nullopt;
  index.records.resize(header.records);
  take(rest, index.records.data(), rest.size());
  return index;
}

bool isSide(std::int32_t side) {
  return side > 0 && side <= kLargestSide;
}

bool liesWithin(const Record& record, std::uint64_t fileSize) {
  return isSide(record.height) && isSide(record.width) && isSide(record.source_height) &&
         isSide(record.source_width) && record.offset % kPackPage == 0 && record.offset >= kPackPage &&
         record.offset <= fileSize && record.bytes() <= fileSize - record.offset;
}

bool writeAll(int descriptor, const void* data, std::size_t size, std::uint64_t offset) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::pwrite(descriptor, next, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    next += count;
    offset += static_cast<std::uint64_t>(count);
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

std::string systemReason() {
  return std::strerror(errno);
}

}  // namespace

std::string PackKey::name() const {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx",
                static_cast<unsigned long long>(hashBytes(options.data(), options.size())));
  return text.data();
}

PixelPack::PixelPack(PackBudget& budget, const PackKey& key) : budget_(budget), key_(key), name_(key.name()) {
  try {
    std::filesystem::create_directories(budget_.folder());
    open();
  } catch (const std::exception& error) {
    forgetAll();  // nothing is mapped
    stopStoring(error.what());
  }
}

PixelPack::~PixelPack() {
  sync();
  if (pixels_) ::munmap(const_cast<std::byte*>(pixels_), mapped_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

void PixelPack::open() {
  lock_.emplace(budget_.folder(), name_);
  lock_->markUsed();
  const bool kept = openKept();
  if (lock_->held() && !kept) make();
  if (descriptor_ >= 0) map();
  if (!lock_->held())
    stopStoring("another run is storing the same photos; those that it has not stored yet are decoded");
}

// What an earlier run left. False, and nothing is open, when there is nothing that fits together.
bool PixelPack::openKept() {
  const auto path = indexFile(budget_.folder(), name_);
  if (!std::filesystem::exists(path)) return false;
  const auto index = parseIndex(readBytes(path));
  if (!index || index->options != key_.options) return false;
  const int access = lock_->held() ? O_RDWR : O_RDONLY;
  descriptor_ = ::open(pixelsFile(budget_.folder(), name_).c_str(), access | O_CLOEXEC);
  if (descriptor_ < 0) return false;
  PixelsHeader header;
  struct stat info {};
  const bool readable = ::fstat(descriptor_, &info) == 0 && ::pread(descriptor_, &header, sizeof header, 0) ==
                                                                static_cast<ssize_t>(sizeof header);
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const bool whole = std::all_of(index->records.begin(), index->records.end(),
                                 [&](const Record& record) { return liesWithin(record, size); });
  if (!readable || header.magic != kPixelsMagic || header.id != index->header.id || !whole ||
      size > budget_.limit()) {
    ::close(std::exchange(descriptor_, -1));
    return false;
  }
  id_ = header.id;
  end_ = kPackPage;
  for (const Record& record : index->records) {
    records_.emplace(record.file.path, record);
    end_ = std::max(end_, endOf(record));
  }
  // What a crash left behind the last record that the index names: nobody reads there.
  if (lock_->held() && size > end_ && ::ftruncate(descriptor_, static_cast<off_t>(end_)) != 0)
    throw fileError(pixelsFile(budget_.folder(), name_), "cannot be cut: " + systemReason());
  return true;
}

// A new file, not the old one emptied: another process may have that mapped.
void PixelPack::make() {
  removePack(budget_.folder(), name_, true);
  budget_.recount();
  const auto path = pixelsFile(budget_.folder(), name_);
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw fileError(path, "cannot be made: " + systemReason());
  std::random_device random;
  for (std::uint64_t& half : id_) half = std::uint64_t{random()} << 32 | random();
  const PixelsHeader header{.id = id_};
  if (!writeAll(descriptor_, &header, sizeof header, 0))
    throw fileError(path, "cannot be written: " + systemReason());
  end_ = kPackPage;
}

void PixelPack::map() {
  mapped_ = wholePages(std::clamp<std::uint64_t>(budget_.limit(), end_, kLargestMapping));
  void* memory = ::mmap(nullptr, mapped_, PROT_READ, MAP_SHARED, descriptor_, 0);
  if (memory == MAP_FAILED)
    throw fileError(pixelsFile(budget_.folder(), name_), "cannot be mapped into memory: " + systemReason());
  pixels_ = static_cast<const std::byte*>(memory);
}

void PixelPack::forgetAll() {
  std::lock_guard lock(mutex_);
  records_.clear();
  dirty_ = false;
}

void PixelPack::stopStoring(const std::string& why) {
  if (!storing_.exchange(false)) return;
  std::lock_guard lock(mutex_);
  notices_.push_back("the presize cache stores no more photos: " + why);
}

bool PixelPack::read(const FileIdentity& file, SourceImage& out) {
  Record record;
  {
    std::lock_guard lock(mutex_);
    const auto found = records_.find(file.path);
    if (found == records_.end() || found->second.file != file) return false;
    record = found->second;
  }
  void* from = const_cast<std::byte*>(pixels_ + record.offset);
  // Reads the pages in one go. A page that the disk cannot give is an error here, where it would be a signal
  // below. Kernels before 5.14 do not know it.
  if (::madvise(from, record.bytes(), MADV_POPULATE_READ) != 0 && errno != EINVAL) return false;
  out.size = {record.source_height, record.source_width};
  out.reduction = record.reduction;
  out.image.height = record.height;
  out.image.width = record.width;
  out.image.pixels.resize(record.bytes());
  std::memcpy(out.image.pixels.data(), from, record.bytes());
  // The pages stay in the system's cache but are not counted as this process's memory.
  ::madvise(from, record.bytes(), MADV_DONTNEED);
  return true;
}

std::optional<std::uint64_t> PixelPack::reserve(const Record& record) {
  const std::uint64_t size = wholePages(record.bytes());
  std::unique_lock lock(mutex_);
  const auto found = records_.find(record.file.path);
  if (found != records_.end() && found->second.file == record.file) return std::nullopt;
  const std::string problem = end_ + size > mapped_ ? budget_.usedUp() : budget_.reserve(size);
  if (!problem.empty()) {
    lock.unlock();
    stopStoring(problem);
    return std::nullopt;
  }
  return std::exchange(end_, end_ + size);
}

void PixelPack::write(const FileIdentity& file, const SourceImage& photo) {
  if (!storing_) return;
  Record record{.file = file,
                .height = photo.image.height,
                .width = photo.image.width,
                .source_height = photo.size.height,
                .source_width = photo.size.width,
                .reduction = photo.reduction};
  bool due = false;
  try {
    const auto offset = reserve(record);
    if (!offset) return;
    record.offset = *offset;
    if (!writeAll(descriptor_, photo.image.pixels.data(), record.bytes(), *offset))
      throw fileError(pixelsFile(budget_.folder(), name_), "cannot be written: " + systemReason());
    std::lock_guard lock(mutex_);
    records_[file.path] = record;
    dirty_ = true;
    unsynced_ += record.bytes();
    due = unsynced_ >= kSyncBytes;
    if (due) unsynced_ = 0;
  } catch (const std::exception& error) {
    stopStoring(error.what());
  }
  if (due) sync();
}

void PixelPack::sync() {
  std::lock_guard one(syncing_);
  try {
    std::vector<Record> records;
    {
      std::lock_guard lock(mutex_);
      if (!dirty_) return;
      dirty_ = false;
      unsynced_ = 0;
      for (const auto& [path, record] : records_) records.push_back(record);
    }
    struct stat info {};
    if (::fstat(descriptor_, &info) == 0 && info.st_nlink == 0) return stopStoring("its files were removed");
    if (::fdatasync(descriptor_) != 0) {
      // What the system could not write it may have dropped from memory, too.
      const std::string reason = systemReason();
      forgetAll();
      return stopStoring("its pixels did not reach the disk: " + reason);
    }
    writeIndex(records);
    budget_.recount();
  } catch (const std::exception& error) {
    stopStoring(error.what());
  }
}

void PixelPack::writeIndex(const std::vector<Record>& records) const {
  std::string body = key_.options + key_.what;
  body.append(reinterpret_cast<const char*>(records.data()), records.size() * sizeof(Record));
  IndexHeader header{.id = id_,
                     .options_bytes = key_.options.size(),
                     .what_bytes = key_.what.size(),
                     .records = records.size()};
  std::string content(reinterpret_cast<const char*>(&header), sizeof header);
  content += body;
  header.checksum = hashBytes(content.data() + kChecked, content.size() - kChecked);
  std::memcpy(content.data(), &header, sizeof header);
  writeAtomically(indexFile(budget_.folder(), name_), content);
}

std::vector<std::string> PixelPack::takeNotices() {
  std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

std::uint64_t PixelPack::bytes() const {
  std::lock_guard lock(mutex_);
  return end_;
}

std::optional<PackSummary> readPackSummary(const std::filesystem::path& index) {
  std::ifstream in(index, std::ios::binary);
  IndexHeader header;
  if (!in.read(reinterpret_cast<char*>(&header), sizeof header) || header.magic != kIndexMagic)
    return std::nullopt;
  constexpr std::uint64_t kLongestText = 1 << 16;
  if (header.options_bytes > kLongestText || header.what_bytes > kLongestText) return std::nullopt;
  PackSummary summary{std::string(header.what_bytes, ' '), header.records};
  in.seekg(static_cast<std::streamoff>(header.options_bytes), std::ios::cur);
  if (!in.read(summary.what.data(), static_cast<std::streamsize>(header.what_bytes))) return std::nullopt;
  return summary;
}

}  // namespace panicle
