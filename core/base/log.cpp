#include "core/base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <cstdlib>

namespace panicle {

void initLogging() {
  auto logger = spdlog::stderr_color_mt("panicle");
  logger->set_pattern("%^%l%$: %v");
  if (const char* level = std::getenv("PANICLE_LOG")) logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace panicle
