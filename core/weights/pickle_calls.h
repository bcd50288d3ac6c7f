// What a pickle may ask Python for, and what comes of it. Internal to core/weights.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/weights/pickle.h"

namespace panicle {

// The value of "module.name". Throws Error for all that is not tensors and plain containers, with the remedy.
PickleValue pickleGlobal(const std::string& module, const std::string& name,
                         const std::filesystem::path& path);

// The sentence of that refusal, for whatever else would make an object.
Error pickleRefusal(const std::string& what, const std::filesystem::path& path);

// The result of a call with the tuple `arguments`. Throws Error where they do not fit.
PickleValue pickleCall(const Pickle& pickle, PickleCall call, PickleId arguments,
                       const std::filesystem::path& path);

// The storage of a persistent id ("storage", type, key, location, count).
PickleValue pickleStorage(const Pickle& pickle, PickleId id, const std::filesystem::path& path);

}  // namespace panicle
