// The one exception type of core. Its message is a sentence for the user: what happened, to which file (and line),
// and what to do about it. The edges (command line, window, worker thread) turn it into a message; nothing else catches it.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace panicle {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The work was stopped because the caller asked for it; never shown as a failure.
class Cancelled : public Error {
 public:
  Cancelled() : Error("cancelled") {}
};

// A device or the process ran out of memory; kept apart because the remedy is a smaller setting, not another file.
class OutOfMemory : public Error {
 public:
  using Error::Error;
};

// A disk, or a quota on it, is full; kept apart because the same write succeeds once there is space.
class DiskFull : public Error {
 public:
  using Error::Error;
};

// "PATH: what is wrong" and "PATH:LINE: what is wrong".
Error fileError(const std::filesystem::path& path, const std::string& what);
Error fileError(const std::filesystem::path& path, std::size_t line, const std::string& what);

}  // namespace panicle
