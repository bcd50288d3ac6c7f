#include "core/base/held_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/write_error.h"

namespace panicle {
namespace {

constexpr std::size_t kBlock = 4096;        // what O_DIRECT asks for: of addresses, offsets and lengths
constexpr std::size_t kHugePage = 2 << 20;  // memory in pieces of this is at hand sooner
constexpr std::size_t kPiece = 1 << 20;     // of reading back

std::size_t upTo(std::size_t multiple, std::size_t size) { return (size + multiple - 1) / multiple * multiple; }

bool goDirect(int descriptor, bool on) {
#ifdef O_DIRECT
  const int flags = ::fcntl(descriptor, F_GETFL);
  return ::fcntl(descriptor, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
#else
  return !on;
#endif
}

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

}  // namespace

HeldMemory::~HeldMemory() {
  if (memory_) ::munmap(memory_, size_);
}

std::byte* HeldMemory::reserve(std::size_t size) {
  if (size <= size_) return memory_;
  if (memory_) ::munmap(std::exchange(memory_, nullptr), std::exchange(size_, 0));
  const std::size_t whole = upTo(kHugePage, size);
  void* memory = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw OutOfMemory("there is no memory to hold a file of " + std::to_string(size >> 20) + " MiB");
#ifdef MADV_HUGEPAGE
  ::madvise(memory, whole, MADV_HUGEPAGE);
#endif
  memory_ = static_cast<std::byte*>(memory);
  size_ = whole;
  return memory_;
}

std::shared_ptr<HeldMemory> memoryForNext(std::shared_ptr<HeldMemory>& last) {
  if (last.use_count() != 1) last = std::make_shared<HeldMemory>();
  std::atomic_thread_fence(std::memory_order_acquire);  // what another thread did with it is done
  return last;
}

// From here on it is made, and what fails leaves nothing behind.
HeldFile::HeldFile(std::filesystem::path path, std::size_t size, std::shared_ptr<HeldMemory> memory)
    : HeldFile(std::move(path), size, NotYet()) {
  std::string name = path_.string() + ".XXXXXX";
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) throwWriteError(path_, "cannot be written");
  temporary_ = name;
  ::fchmod(descriptor_, 0644);  // mkostemp gives 0600
  reserveOnDisk();
  memory_ = std::move(memory);
  try {
    bytes_ = memory_->reserve(upTo(kBlock, size_ + 1));
  } catch (const OutOfMemory& error) {
    throw OutOfMemory(path_.string() + ": " + error.what());
  }
}

void HeldFile::reserveOnDisk() {
#ifdef __linux__
  const bool full = size_ > 0 && ::fallocate(descriptor_, 0, 0, static_cast<off_t>(size_)) != 0;
  if (full && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) throwWriteError(path_, "cannot be written");
#endif
}

HeldFile::~HeldFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void HeldFile::write(const void* data, std::size_t size) {
  if (size > size_ - filled_) throw fileError(path_, "would be longer than it was said to be");
  if (size > 0) std::memcpy(bytes_ + filled_, data, size);
  filled_ += size;
}

void HeldFile::commit() {
  if (filled_ != size_) throw fileError(path_, "would be shorter than it was said to be");
  writeOut();
  if (::fsync(descriptor_) != 0) throwWriteError(path_, "cannot be written to disk");
  compare();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) throwWriteError(path_, "cannot be put in place");
  ::close(descriptor_);
  descriptor_ = -1;
}

// The last block goes out whole, and the file is cut after it.
void HeldFile::writeOut() {
  bool direct = goDirect(descriptor_, true);
  for (std::size_t at = 0; at < size_;) {
    const std::size_t end = direct ? upTo(kBlock, size_) : size_;
    const ssize_t count = ::pwrite(descriptor_, bytes_ + at, end - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EINVAL && direct) {
      direct = !goDirect(descriptor_, false);
      continue;
    }
    if (count < 0) throwWriteError(path_, "cannot be written");
    at += static_cast<std::size_t>(count);
  }
  if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) throwWriteError(path_, "cannot be written");
}

void HeldFile::compare() {
  const std::unique_ptr<void, Free> piece(std::aligned_alloc(kBlock, kPiece));
  for (std::size_t at = 0; at < size_;) {
    const ssize_t count = ::pread(descriptor_, piece.get(), kPiece, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throwWriteError(path_, "cannot be read back");
    const auto read = std::min(static_cast<std::size_t>(count), size_ - at);
    if (read == 0 || std::memcmp(piece.get(), bytes_ + at, read) != 0)
      throw fileError(path_, "reads back otherwise than it was written: its disk may be failing");
    at += read;
  }
}

}  // namespace panicle
