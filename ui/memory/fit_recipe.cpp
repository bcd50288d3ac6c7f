#include "ui/memory/fit_recipe.h"

#include <QCoreApplication>

#include "ui/shared/architecture_words.h"

namespace panicle::ui {

RunSpec withCell(RunSpec spec, const FitCell& cell) {
  if (recipeArchitecture(spec.model) != findArchitecture(cell.architecture).architecture) {
    spec.model.arch = cell.architecture;
    if (spec.model.weights != "none") spec.model.weights = "auto";
  }
  StageOptions& stage = spec.stages.front();
  if (networkSize(stage) != cell.size) setNetworkSize(stage, cell.size);
  (stage.batch ? *stage.batch : spec.batch) = BatchOptions{.size = cell.batch, .accum = cell.accum};
  return spec;
}

bool isOfRecipe(const RunSpec& spec, const FitCell& cell) {
  const StageOptions& stage = spec.stages.front();
  const BatchOptions& batch = spec.batchOf(stage);
  return recipeArchitecture(spec.model) == findArchitecture(cell.architecture).architecture &&
         networkSize(stage) == cell.size && batch.size == cell.batch &&
         batch.effectiveSize() == cell.batch * cell.accum;
}

QString cellWords(const FitCell& cell) {
  return QCoreApplication::translate("FitRecipe", "Use %1 at %2, %3 × %4")
      .arg(QString::fromStdString(cell.architecture), QString::fromStdString(toString(cell.size)))
      .arg(cell.batch)
      .arg(cell.accum);
}

}  // namespace panicle::ui
