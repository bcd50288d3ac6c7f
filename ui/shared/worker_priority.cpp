#include "ui/shared/worker_priority.h"

#ifdef __linux__
#include <sys/resource.h>
#endif

namespace panicle::ui {

void yieldToTheWindow() {
#ifdef __linux__
  constexpr int kNiceness = 5;
  setpriority(PRIO_PROCESS, 0, kNiceness);  // Linux: of the thread
#endif
}

}  // namespace panicle::ui
