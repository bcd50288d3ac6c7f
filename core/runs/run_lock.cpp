#include "core/runs/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/base/error.h"
#include "core/base/thread_name.h"

namespace panicle {
namespace {

constexpr std::chrono::seconds kBeat{5};

void beat(const std::stop_token& stop, int descriptor) {
  nameThread("heartbeat");
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  while (!woken.wait_for(lock, stop, kBeat, [&] { return stop.stop_requested(); })) ::futimens(descriptor, nullptr);
}

void writeHolder(int descriptor) {
  const std::string holder = machineName() + "\n";
  // Without it, the lock is one of this machine to others: all that is lost is what a network folder would need.
  if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, holder.data(), holder.size(), 0);
}

// The machine that the file names; "" where it names none.
std::string holderOf(int descriptor) {
  char text[256];
  const ssize_t size = ::pread(descriptor, text, sizeof text, 0);
  const std::string all(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  return all.substr(0, all.find('\n'));
}

bool isFresh(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return false;
  return std::time(nullptr) - status.st_mtime < RunLock::kSilence.count();
}

}  // namespace

std::string machineName() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] ? name : "localhost";
}

RunLock::RunLock(const std::filesystem::path& file, const std::string& busy) : file_(file) {
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw fileError(file, std::string("cannot be made: ") + std::strerror(errno));
  const bool locked = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  const int reason = errno;
  const std::string holder = locked ? holderOf(descriptor_) : "";
  const bool elsewhere = !holder.empty() && holder != machineName() && isFresh(descriptor_);
  if (locked && !elsewhere) {
    writeHolder(descriptor_);
    heart_ = std::jthread(beat, descriptor_);
    return;
  }
  ::close(descriptor_);
  if (elsewhere) throw fileError(file, busy + ", on " + holder);
  throw fileError(file, reason == EWOULDBLOCK ? busy : std::string("cannot be locked: ") + std::strerror(reason));
}

RunLock::~RunLock() {
  if (descriptor_ < 0) return;
  heart_ = {};  // ends before its descriptor does
  // A lock that was given up is nobody's, also to other machines.
  if (::ftruncate(descriptor_, 0) != 0) ::futimens(descriptor_, nullptr);
  ::close(descriptor_);
}

RunLock::RunLock(RunLock&& other) noexcept
    : file_(std::move(other.file_)), descriptor_(std::exchange(other.descriptor_, -1)), heart_(std::move(other.heart_)) {}

void RunLock::removeFile() {
  ::unlink(file_.c_str());
}

bool RunLock::isHeld(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  // A shared lock: two processes that look at the same moment do not take each other for the owner.
  bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (!held) {
    const std::string holder = holderOf(descriptor);
    held = !holder.empty() && holder != machineName() && isFresh(descriptor);
  }
  ::close(descriptor);
  return held;
}

std::optional<std::filesystem::file_time_type> RunLock::signOfLife(const std::filesystem::path& file) {
  std::error_code absent;
  const auto time = std::filesystem::last_write_time(file, absent);
  return absent ? std::nullopt : std::optional(time);
}

}  // namespace panicle
