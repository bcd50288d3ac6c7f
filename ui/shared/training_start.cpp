#include "ui/shared/training_start.h"

#include <QCoreApplication>
#include <QFileInfo>

#include "ui/shared/weight_states.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("panicle::ui::TrainingStart", text);
}

}  // namespace

TrainingStart trainingStart(const ModelOptions& model, WeightStates& weights) {
  using Kind = TrainingStart::Kind;
  if (model.weights == "none") {
    return {Kind::Scratch, true, tr("from scratch"),
            tr("Training will start from scratch, as the recipe asks: its weights are none.")};
  }
  if (model.weights != "auto") {
    const QString file = QString::fromStdString(model.weights);
    return {Kind::Weights, false, QFileInfo(file).fileName(), tr("Training will start from %1.").arg(file)};
  }
  const QString arch = QString::fromStdString(model.arch);
  const WeightState* state = weights.state(arch);
  if (!state) return {};
  if (!state->found) {
    return {Kind::Scratch, false, tr("from scratch"),
            tr("Training will start from scratch: no weights for %1 were found on this machine.").arg(arch)};
  }
  return {Kind::Weights, false, tr("weights found"),
          tr("Training will start from %1 (%2).")
              .arg(QString::fromStdString(state->found->file.string()),
                   QString::fromUtf8(toString(state->found->place)))};
}

}  // namespace panicle::ui
