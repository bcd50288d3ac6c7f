#include "core/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.h"
#include "core/base/write_error.h"

namespace panicle {
namespace {

constexpr std::size_t kGrowth = 1 << 16;  // of the buffer for a file whose size is not known

template <typename Buffer>
Buffer readAll(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw fileError(path, std::strerror(errno));
  struct stat info {};
  ::fstat(descriptor, &info);
  if (S_ISDIR(info.st_mode)) {
    ::close(descriptor);
    throw fileError(path, "is a folder, not a file");
  }
  // A pipe tells no size, and a file may grow: so the end is where read() says it is.
  Buffer buffer(static_cast<std::size_t>(info.st_size) + 1, {});
  std::size_t filled = 0;
  for (;;) {
    if (filled == buffer.size()) buffer.resize(buffer.size() + std::max(buffer.size(), kGrowth));
    const ssize_t count = ::read(descriptor, buffer.data() + filled, buffer.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int reason = errno;
      ::close(descriptor);
      throw fileError(path, std::strerror(reason));
    }
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  ::close(descriptor);
  buffer.resize(filled);
  return buffer;
}

}  // namespace

std::vector<std::byte> readBytes(const std::filesystem::path& path) { return readAll<std::vector<std::byte>>(path); }

std::string readText(const std::filesystem::path& path) { return readAll<std::string>(path); }

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  std::string name = path_.string() + ".XXXXXX";
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) throwWriteError(path_, "cannot be written");
  temporary_ = name;
  ::fchmod(descriptor_, 0644);  // mkostemp gives 0600
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::write(descriptor_, next, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot be written");
    next += count;
    size -= static_cast<std::size_t>(count);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("cannot be written to disk");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot be put in place");
  ::close(descriptor_);
  descriptor_ = -1;
}

void AtomicFile::fail(const char* what) {
  throwWriteError(path_, what);
}

void syncFolder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throwWriteError(folder, "cannot be opened");
  const bool synced = ::fsync(descriptor) == 0 || errno == EINVAL;  // a file system that has no such thing
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  if (!synced) throwWriteError(folder, "cannot be written to disk");
}

void writeAtomically(const std::filesystem::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content.data(), content.size());
  file.commit();
}

}  // namespace panicle
