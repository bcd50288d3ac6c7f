#include "core/base/thread_name.h"

#ifdef __linux__
#include <pthread.h>
#endif

namespace panicle {

void nameThread([[maybe_unused]] const char* name) {
#ifdef __linux__
  ::pthread_setname_np(::pthread_self(), name);
#endif
}

}  // namespace panicle
