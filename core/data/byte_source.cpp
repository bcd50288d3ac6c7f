#include "core/data/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.h"

namespace panicle {

MemorySource::MemorySource(std::span<const std::byte> bytes)
    : bytes_(reinterpret_cast<const std::uint8_t*>(bytes.data())) {
  size_ = bytes.size();
}

bool MemorySource::read(std::uint64_t offset, std::span<std::uint8_t> out) {
  if (!holds(offset, out.size())) return false;
  std::copy_n(bytes_ + offset, out.size(), out.begin());
  return true;
}

FileSource::FileSource(const std::filesystem::path& path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not block
  if (descriptor_ < 0) throw Error(std::string("cannot be opened: ") + std::strerror(errno));
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor_);
    throw Error("is not a file");
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
}

FileSource::~FileSource() {
  ::close(descriptor_);
}

bool FileSource::read(std::uint64_t offset, std::span<std::uint8_t> out) {
  if (!holds(offset, out.size())) return false;
  if (out.size() > page_.size()) return readAt(offset, out) == out.size();
  if (offset < pageStart_ || offset + out.size() > pageStart_ + pageSize_) {
    pageStart_ = offset;
    pageSize_ = readAt(offset, page_);
    if (pageSize_ < out.size()) return false;
  }
  std::copy_n(page_.begin() + static_cast<std::ptrdiff_t>(offset - pageStart_), out.size(), out.begin());
  return true;
}

std::size_t FileSource::readAt(std::uint64_t offset, std::span<std::uint8_t> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t count =
        ::pread(descriptor_, out.data() + filled, out.size() - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(std::string("cannot be read: ") + std::strerror(errno));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

}  // namespace panicle
