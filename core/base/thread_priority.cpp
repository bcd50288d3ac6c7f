#include "core/base/thread_priority.h"

#ifdef __linux__
#include <sys/resource.h>
#endif

namespace panicle {

void stepBack([[maybe_unused]] int niceness) {
#ifdef __linux__
  ::setpriority(PRIO_PROCESS, 0, niceness);  // Linux: of the thread
#endif
}

}  // namespace panicle
