// The columns of the table of runs: what each is called, what it says of a run, and how it orders them. No widgets.
#pragma once

#include <QString>
#include <span>
#include <string>

#include "core/runs/run_summary.h"

namespace panicle::ui {

enum class RunColumn {
  Run,
  Star,
  Status,
  Name,
  Architecture,
  Transforms,
  Schedule,
  Best,
  BestEpoch,
  Last,
  Curve,
  Tta,
  EpochTime,
  Peak,
  Tags,
  Note,
  Created,
  Seed,
  Batch,
  Precision,
  Epochs,
  ValidLoss,
  Duration,
  Device,
  Data,
  Count
};

struct ColumnWords {
  RunColumn column;
  QString title;
  QString help;
  bool figures;   // right-aligned
  bool atFirst;   // shown until the user chooses
};

// In the order of RunColumn.
std::span<const ColumnWords> runColumns();
const ColumnWords& columnWords(RunColumn column);

QString cellText(const RunSummary& run, RunColumn column);
// Rich text; "" where the cell says all.
QString cellTip(const RunSummary& run, RunColumn column);
// Whether `a` stands before `b` when the column ascends. What is not known is neither, and always stands last: see isKnown().
bool comesBefore(const RunSummary& a, const RunSummary& b, RunColumn column);
bool isKnown(const RunSummary& run, RunColumn column);

// "finished", "interrupted"; the name of its icon.
QString statusWord(RunStatus status);
QString statusIcon(RunStatus status);

// A metric's value as the pages write it: "4.8 %" for error rates and accuracies, "0.0942" for others.
QString metricText(const std::string& metric, double value);
// "error rate" for error_rate.
QString metricWords(const std::string& metric);
// "2026-11-22 16:28" in local time, of an ISO 8601 time in UTC.
QString localTime(const std::string& utc);
// "run 12, fast trial".
QString runTitle(const RunSummary& run);

}  // namespace panicle::ui
