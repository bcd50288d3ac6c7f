#include "ui/shared/worker_priority.h"

#include "core/base/thread_priority.h"

namespace panicle::ui {

void yieldToTheWindow() {
  constexpr int kNiceness = 5;
  stepBack(kNiceness);
}

}  // namespace panicle::ui
