// A part of a batch, for when memory does not hold what the network makes of the whole.
#pragma once

#include "core/loader/loader.h"

namespace panicle {

// `count` images of `batch` from `first` on, copied; without what could not be read.
Batch pieceOf(const Batch& batch, int first, int count);

}  // namespace panicle
