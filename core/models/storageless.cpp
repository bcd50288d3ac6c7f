#include "core/models/storageless.h"

namespace panicle {
namespace {

thread_local Storageless current = Storageless::No;

}  // namespace

Storageless storageless() {
  return current;
}

void setStorageless(Storageless mode) {
  current = mode;
}

}  // namespace panicle
