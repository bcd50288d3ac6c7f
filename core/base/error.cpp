#include "core/base/error.h"

namespace panicle {

Error fileError(const std::filesystem::path& path, const std::string& what) {
  return Error(path.string() + ": " + what);
}

Error fileError(const std::filesystem::path& path, std::size_t line, const std::string& what) {
  return Error(path.string() + ":" + std::to_string(line) + ": " + what);
}

}  // namespace panicle
