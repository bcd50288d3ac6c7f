// The lock that says "this run is alive": flock() on <run folder>/running.lock. The system gives it back when
// the process ends, however it ends, so a run whose lock is free is not running.
#pragma once

#include <filesystem>

namespace panicle {

class RunLock {
 public:
  // Makes the file if it is absent. Throws Error when it cannot be made or somebody holds the lock.
  explicit RunLock(const std::filesystem::path& file);
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;

  // Removes the file, for a run that has ended and been stored so.
  void removeFile();

  // True while some process, or another object of this one, holds the lock.
  static bool isHeld(const std::filesystem::path& file);

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace panicle
