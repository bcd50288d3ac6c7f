// What a failed write to a file is called.
#pragma once

#include <filesystem>

namespace panicle {

// DiskFull or Error with the system's reason (errno): "PATH: cannot be written: No space left on device".
[[noreturn]] void throwWriteError(const std::filesystem::path& path, const char* what);

}  // namespace panicle
