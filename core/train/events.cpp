#include "core/train/events.h"

#include <array>

namespace panicle {

const char* toString(RunStatus status) {
  static constexpr std::array names{"queued", "running", "finished", "stopped", "failed", "interrupted"};
  return names[static_cast<std::size_t>(status)];
}

}  // namespace panicle
