#include "core/base/write_error.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "core/base/error.h"

namespace panicle {

void throwWriteError(const std::filesystem::path& path, const char* what) {
  const int reason = errno;
  const Error error = fileError(path, std::string(what) + ": " + std::strerror(reason));
  if (reason == ENOSPC || reason == EDQUOT) throw DiskFull(error.what());
  throw error;
}

}  // namespace panicle
