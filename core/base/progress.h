// How long work reports how far it is. Called from any thread, often: the receiver throttles.
#pragma once

#include <cstdint>
#include <functional>

namespace panicle {

using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

}  // namespace panicle
