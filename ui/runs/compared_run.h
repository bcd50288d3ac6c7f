// A run that is compared with others: what the store has of it, as curves.
#pragma once

#include <QColor>
#include <QString>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/runs/run_store.h"
#include "ui/train/run_series.h"

namespace panicle::ui {

// At most this many can be told apart in one plot.
constexpr int kMostCompared = 12;

struct ComparedRun {
  QString label;                  // "3 baseline"
  int color = 0;                  // place in the colour-blind-safe list: that of its tick
  int seedGroup = 0;              // runs of one group differ in their seed alone
  RunRecord record;
  RunSeries series;
  std::filesystem::path folder;

  QString id() const { return QString::fromStdString(record.id); }
};
using ComparedRuns = std::shared_ptr<const std::vector<ComparedRun>>;

// "3 baseline", cut where the name is long; "run 3" without a name.
QString shortTitle(const std::string& id, const std::string& name);

}  // namespace panicle::ui
