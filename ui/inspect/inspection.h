// What a run got wrong, computed once from its kept predictions: every number of the Inspect page, and the photos behind it.
// Immutable once made, so it may be shared between threads.
#pragma once

#include <QString>
#include <QStringList>
#include <memory>
#include <stop_token>
#include <variant>
#include <vector>

#include "core/base/progress.h"
#include "core/eval/interpretation.h"
#include "core/eval/predictions.h"
#include "ui/inspect/matrix_geometry.h"
#include "ui/shared/photo.h"
#include "ui/shared/run_chooser.h"

namespace panicle::ui {

enum class PhotoOrder { Loss, Probability, Name };
enum class WhichPhotos { All, Wrong, Right };

// What the run said of another target of the same photos, row by row.
struct OtherTarget {
  QString name;
  std::variant<Predictions, NumberPredictions> predictions;
};

struct Inspection {
  RunChoice run;
  KeptPredictions shown;                          // what of it
  Predictions predictions;
  std::vector<OtherTarget> others;
  std::vector<int> predicted;                     // of each row of `predictions`
  std::shared_ptr<const ConfusionMatrix> matrix;
  std::vector<Confusion> confusions;              // most confused first
  std::vector<ClassReport> report;
  std::vector<std::uint32_t> by_loss;             // labelled rows, highest loss first
  QStringList labels;
  std::uint32_t wrong = 0;

  std::size_t photos() const { return by_loss.size(); }
  std::size_t bytes() const;                      // roughly, for the cache
};

// Reads the predictions `shown` (of classes) of a run, and those of its other targets beside them. Throws Error, Cancelled.
std::shared_ptr<const Inspection> inspectRun(const RunChoice& run, const KeptPredictions& shown, std::stop_token stop,
                                             const Progress& progress);

// Rows behind any of the cells (behind all cells when there are none) that pass the filter: by loss or probability from
// the highest, by name from A.
std::vector<std::uint32_t> photosBehind(const Inspection& inspection, const std::vector<MatrixCell>& cells,
                                        WhichPhotos filter, PhotoOrder order);

// With its prediction and the five most probable classes.
Photo photoOf(const Inspection& inspection, std::uint32_t row);

}  // namespace panicle::ui
