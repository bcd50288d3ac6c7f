// SHA-256 (FIPS 180-4).
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

namespace panicle {

// 64 lower-case hexadecimal digits. Throws Error when the file cannot be read, Cancelled when stopped.
std::string sha256OfFile(const std::filesystem::path& path, std::stop_token stop = {});
std::string sha256Of(std::string_view bytes);

}  // namespace panicle
