// A run on the terminal: fastai's epoch table as it grows, and a progress line; or one JSON object an event.
#pragma once

#include <string>
#include <vector>

#include "app/cli/output.h"
#include "core/base/json.h"
#include "core/train/events.h"

namespace panicle::cli {

// Prints a header before the first epoch of each stage and phase, as fastai does for each fit; epochs count
// from 1 over the whole run, as everywhere that people read them.
class EpochTable {
 public:
  explicit EpochTable(std::vector<std::string> metrics) : metrics_(std::move(metrics)) {}
  void add(const EpochEnded& epoch);

 private:
  void printRow(const std::vector<std::string>& cells) const;

  std::vector<std::string> metrics_;
  std::vector<std::string> names_;
  std::string section_;
};

// Follows a run's events.
class TextReport {
 public:
  void operator()(const TrainEvent& event);

 private:
  void on(const RunStarted& started);
  void on(const BatchEnded& batch);
  void on(const ValidationProgress& validation);
  void on(const EpochEnded& epoch);
  void on(const PhaseChanged& phase);
  void on(const Warning& warning);
  template <typename Other>
  void on(const Other&) {}

  ProgressLine progress_;
  EpochTable table_{{}};
  int epochs_ = 0;
};

// {"event":"started"...}, {"event":"epoch"...}, {"event":"finished"...}; warnings go to the log.
void printEventLine(const TrainEvent& event);

}  // namespace panicle::cli
