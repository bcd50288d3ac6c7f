// What is shown of runs side by side, read once in a job. Immutable once made, so it may be shared between threads.
#pragma once

#include <QString>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/progress.h"
#include "core/runs/compare_runs.h"
#include "ui/runs/compared_run.h"
#include "ui/shared/photo.h"

namespace panicle::ui {

// A run and the first one, photo by photo.
struct PairedPhotos {
  RunComparison::Paired test;
  std::vector<Photo> wrongToRight;   // what the other run says of each, and beside it what the first one said
  std::vector<Photo> rightToWrong;
};

struct Comparison {
  ComparedRuns runs;                                 // the first is what the others are compared with
  std::vector<SettingDifference> settings;
  std::vector<std::vector<std::size_t>> repetitions; // runs that differ in their seed alone
  std::vector<PairedPhotos> paired;                  // each of the others with the first

  bool hasRepetitions() const;
};

// `first` is one of the ids. Throws Error, also for a run that is gone, and Cancelled.
std::shared_ptr<const Comparison> readComparison(const RunStore& store, const std::vector<std::string>& ids, const std::string& first,
                                                 std::stop_token stop, const Progress& progress);

// What the paired test says, for somebody who is about to choose between two runs. Plain text, one to three sentences.
struct PairVerdict {
  enum class Kind { Better, Worse, Open, None };
  Kind kind = Kind::None;
  QString headline;   // "4 pad errs less than 1 baseline"
  QString text;       // figures, in words
};
PairVerdict verdictOf(const Comparison& comparison, const PairedPhotos& paired);

}  // namespace panicle::ui
