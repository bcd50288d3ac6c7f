// The lock that says "this run is alive": flock() on <run folder>/running.lock. The system gives it back when
// the process ends, however it ends, so a run whose lock is free is not running. A network folder may keep such a lock
// from other machines; so the file also says which machine holds it, and is touched every few seconds while it is held.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

namespace panicle {

class RunLock {
 public:
  // Longer without a sign of life, a holder on another machine counts as dead.
  static constexpr std::chrono::seconds kSilence{120};

  // Makes the file if it is absent. Throws Error when it cannot be made or somebody holds the lock; `busy` then says what that means.
  explicit RunLock(const std::filesystem::path& file, const std::string& busy = "another program is running this run");
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;

  // Removes the file, for a run that has ended and been stored so.
  void removeFile();

  // True while some process, or another object of this one, holds the lock, or another machine seems to.
  static bool isHeld(const std::filesystem::path& file);
  // When the holder, or who was it last, gave a sign of life; nullopt without the file.
  static std::optional<std::filesystem::file_time_type> signOfLife(const std::filesystem::path& file);

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
  std::jthread heart_;
};

// The name of this machine.
std::string machineName();

}  // namespace panicle
