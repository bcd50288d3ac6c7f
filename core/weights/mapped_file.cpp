#include "core/weights/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>

#include "core/base/error.h"

namespace panicle {

MappedFile::MappedFile(std::filesystem::path path) : path_(std::move(path)) {
  const int descriptor =
      ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe does not make us wait
  if (descriptor < 0) throw fileError(path_, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) {
    const int reason = errno;
    ::close(descriptor);
    throw fileError(path_, std::string("cannot be looked at: ") + std::strerror(reason));
  }
  const char* wrong = S_ISDIR(info.st_mode) ? "is a folder, not a weight file"
                      : !S_ISREG(info.st_mode)
                          ? "is not a file that can be mapped into memory; copy it to a disk first"
                      : info.st_size == 0 ? "is empty: the download or copy of it failed; fetch it again"
                                          : nullptr;
  const auto size = static_cast<std::size_t>(info.st_size);
  void* data = wrong ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int reason = errno;
  ::close(descriptor);
  if (wrong) throw fileError(path_, wrong);
  if (data == MAP_FAILED) throw fileError(path_, std::string("cannot be mapped: ") + std::strerror(reason));
  bytes_ = {static_cast<const std::byte*>(data), size};
}

MappedFile::~MappedFile() {
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release(Bytes part) const {
  const std::less_equal<> notAfter;
  const bool inside = notAfter(bytes_.data(), part.data()) &&
                      notAfter(part.data() + part.size(), bytes_.data() + bytes_.size());
  if (part.empty() || !inside) return;
  // Whole pages, outwards: a page shared with a neighbour is only read once more.
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t begin = static_cast<std::size_t>(part.data() - bytes_.data()) / page * page;
  const std::size_t end = static_cast<std::size_t>(part.data() - bytes_.data()) + part.size();
  ::madvise(const_cast<std::byte*>(bytes_.data()) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace panicle
