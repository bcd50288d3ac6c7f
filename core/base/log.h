// Logging goes to standard error through spdlog, so that standard output stays free for answers (--json).
#pragma once

#include <spdlog/spdlog.h>

namespace panicle {

// Sends the default logger to standard error; PANICLE_LOG=debug|info|warn|error sets the level (default info).
void initLogging();

}  // namespace panicle
