#include "app/cli/epoch_table.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdio>
#include <type_traits>

#include "core/base/log.h"
#include "core/models/kernels.h"

namespace panicle::cli {
namespace {

// fastai prints six decimals, and 'nan' as it is.
std::string number(double value) {
  return fmt::format("{:.6f}", value);
}

void logWarning(const Warning& warning) {
  const bool named = warning.path.empty() || warning.message.find(warning.path) != std::string::npos;
  spdlog::warn("{}{}", named ? "" : warning.path + ": ", warning.message);
}

// Who has paused the run from elsewhere waits for it.
void logPause(const PhaseChanged& phase) {
  if (phase.what.starts_with("paused")) spdlog::info("{}", phase.what);
}

}  // namespace

void EpochTable::printRow(const std::vector<std::string>& cells) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i)
    line += fmt::format("{:<{}}  ", cells[i], std::max<std::size_t>(names_[i].size(), 8));
  line.erase(line.find_last_not_of(' ') + 1);
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void EpochTable::add(const EpochEnded& epoch) {
  const std::string section = std::to_string(epoch.stage) + epoch.phase;
  if (section != section_) {
    section_ = section;
    names_ = {"epoch", "train_loss", "valid_loss"};
    names_.insert(names_.end(), metrics_.begin(), metrics_.end());
    names_.emplace_back("time");
    printRow(names_);
  }
  std::vector<std::string> cells{std::to_string(epoch.epoch + 1), number(epoch.train_loss),
                                 number(epoch.valid_loss)};
  for (const auto& metric : metrics_) {
    const auto found = epoch.metrics.find(metric);
    cells.push_back(found == epoch.metrics.end() ? "" : number(found->second));
  }
  cells.push_back(formatTime(epoch.seconds));
  printRow(cells);
}

void TextReport::operator()(const TrainEvent& event) {
  std::visit([this](const auto& value) { on(value); }, event);
}

void TextReport::on(const RunStarted& started) {
  progress_.clear();
  spdlog::info("run {}: {} photos train, {} validate, {} epochs, on {}", started.run,
               grouped(started.train_images), grouped(started.valid_images), started.epochs, started.device);
  spdlog::info("starts from {}", started.start);
  if (started.device.starts_with("CPU")) spdlog::info("linear algebra: {}", describeLinearAlgebra().words());
  table_ = EpochTable(started.metrics);
  epochs_ = started.epochs;
}

void TextReport::on(const BatchEnded& batch) {
  progress_.show(fmt::format("epoch {} of {}  batch {} of {}  loss {:.4f}{}", batch.epoch + 1, epochs_,
                             batch.batch, batch.batches, batch.smooth_loss,
                             batch.eta_seconds < 0 ? "" : "  " + formatTime(batch.eta_seconds) + " left"));
}

void TextReport::on(const ValidationProgress& validation) {
  progress_.show(fmt::format("epoch {} of {}  validating, batch {} of {}", validation.epoch + 1, epochs_,
                             validation.batch, validation.batches));
}

void TextReport::on(const EpochEnded& epoch) {
  progress_.clear();
  table_.add(epoch);
}

void TextReport::on(const PhaseChanged& phase) {
  progress_.clear();
  logPause(phase);
  progress_.show(phase.what);
}

void TextReport::on(const Warning& warning) {
  progress_.clear();
  logWarning(warning);
}

void printEventLine(const TrainEvent& event) {
  std::visit(
      [](const auto& value) {
        using Event = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Event, RunStarted>) {
          printJsonLine({{"event", "started"},
                         {"run", value.run},
                         {"train_images", value.train_images},
                         {"valid_images", value.valid_images},
                         {"steps_per_epoch", value.steps_per_epoch},
                         {"epochs", value.epochs},
                         {"device", value.device},
                         {"start", value.start}});
        } else if constexpr (std::is_same_v<Event, EpochEnded>) {
          printJsonLine({{"event", "epoch"},
                         {"stage", value.stage},
                         {"epoch", value.epoch},
                         {"phase", value.phase},
                         {"train_loss", value.train_loss},
                         {"valid_loss", value.valid_loss},
                         {"metrics", value.metrics},
                         {"seconds", value.seconds},
                         {"skipped_steps", value.skipped_steps}});
        } else if constexpr (std::is_same_v<Event, RunEnded>) {
          printJsonLine({{"event", "finished"},
                         {"run", value.run},
                         {"status", toString(value.status)},
                         {"message", value.message},
                         {"metrics", value.metrics},
                         {"seconds", value.seconds}});
        } else if constexpr (std::is_same_v<Event, Warning>) {
          logWarning(value);
        } else if constexpr (std::is_same_v<Event, PhaseChanged>) {
          logPause(value);
        }
      },
      event);
}

}  // namespace panicle::cli
