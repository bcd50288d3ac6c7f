#include "app/cli/prediction_progress.h"

#include <spdlog/fmt/fmt.h>

#include <memory>

#include "core/base/log.h"

namespace panicle::cli {

PredictionObserver showPredicting(ProgressLine& line) {
  auto what = std::make_shared<std::string>();
  return {.phase =
              [what, &line](const std::string& words) {
                *what = words;
                line.show(words);
              },
          .warning =
              [&line](const std::string& words) {
                line.clear();
                spdlog::warn("{}", words);
              },
          .progress = [&line, what](std::uint64_t done,
                                    std::uint64_t total) { line.show(fmt::format("{}: {} of {}", *what, grouped(done), grouped(total))); }};
}

}  // namespace panicle::cli
