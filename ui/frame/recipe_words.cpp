#include "ui/frame/recipe_words.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "ui/shared/theme.h"
#include "ui/shared/transform_words.h"

namespace panicle::ui {
namespace {

constexpr std::size_t kMaxStages = 2;  // of which the strip spells out every part

QString tr(const char* text) {
  return QCoreApplication::translate("RecipeWords", text);
}

QString percent(double share) {
  return QString::number(share * 100, 'g', 3) + QStringLiteral(" %");
}

// The problems that begin with one of the paths; taken out of `left`.
QStringList take(QStringList& left, const QStringList& paths) {
  QStringList found;
  for (auto it = left.begin(); it != left.end();) {
    const bool about = std::any_of(paths.begin(), paths.end(), [&](const QString& path) { return it->startsWith(path); });
    if (about) {
      found << *it;
      it = left.erase(it);
    } else {
      ++it;
    }
  }
  return found;
}

QString rateWords(const LearningRate& rate) {
  if (!rate.slice) return formatRate(rate.high);
  if (!rate.low) return QStringLiteral("slice(%1)").arg(formatRate(rate.high));
  return QStringLiteral("slice(%1, %2)").arg(formatRate(*rate.low), formatRate(rate.high));
}

QString batchWords(const BatchOptions& batch) {
  if (batch.effective) return tr("%1 of %2").arg(batch.size).arg(*batch.effective);
  return QStringLiteral("%1 × %2").arg(batch.size).arg(batch.accum);
}

// "fit_one_cycle 5 @ slice(1e-6, 1e-4)"
QString scheduleWords(const StageOptions& stage) {
  const ScheduleOptions& schedule = stage.schedule;
  const bool fineTune = schedule.kind == ScheduleKind::FineTune;
  QString words = QStringLiteral("%1 %2 @ %3")
                      .arg(QString::fromUtf8(enumName(schedule.kind)))
                      .arg(schedule.epochs)
                      .arg(fineTune ? formatRate(schedule.base_lr) : rateWords(schedule.lr_max));
  if (!fineTune && schedule.freeze_to == -1) words += tr(", head only");
  if (!fineTune && schedule.freeze_to != 0 && schedule.freeze_to != -1) words += tr(", from group %1").arg(schedule.freeze_to);
  return words;
}

// What else changes how the run trains and predicts; empty for a plain recipe.
QString furtherWords(const RunSpec& spec) {
  QStringList words;
  if (spec.optimizer.kind != OptimizerKind::Adam) words << QString::fromUtf8(enumName(spec.optimizer.kind));
  if (spec.callbacks.keep_best) words << tr("keep best %1").arg(QString::fromStdString(spec.callbacks.keep_best->monitor));
  if (spec.callbacks.early_stopping) words << tr("stop early");
  if (spec.callbacks.reduce_lr) words << tr("reduce rate");
  if (spec.callbacks.grad_clip) words << tr("clip %1").arg(formatRate(*spec.callbacks.grad_clip));
  if (spec.callbacks.ema_decay) words << tr("EMA");
  if (spec.tta) words << (spec.tta->use_max ? tr("TTA %1, max").arg(spec.tta->n) : tr("TTA %1").arg(spec.tta->n));
  if (spec.fidelity == Fidelity::Fastai) words << tr("fidelity fastai");
  return words.join(QStringLiteral(" · "));
}

QString splitWords(const SplitOptions& split) {
  switch (split.kind) {
    case SplitKind::Random: return tr("split random %1").arg(percent(split.valid_pct));
    case SplitKind::Column: return tr("split by %1").arg(QString::fromStdString(split.column));
    case SplitKind::Grouped: return tr("split grouped %1").arg(percent(split.valid_pct));
    case SplitKind::None: return tr("no split");
  }
  return {};
}

QString dataWords(const DataOptions& data) {
  QString words = splitWords(data.split);
  for (std::size_t i = 1; i < data.label_columns.size(); ++i) {
    words += (i == 1 ? tr(", also learns ") : QStringLiteral(" + ")) + QString::fromStdString(data.label_columns[i]);
  }
  if (!data.subset.classes.empty()) words += tr(", %1 classes").arg(data.subset.classes.size());
  if (data.subset.fraction < 1) words += tr(", %1 of the photos").arg(percent(data.subset.fraction));
  return words;
}

// --- The chips. Each takes its problems out of `left`.

QString stagePath(std::size_t stage) { return QStringLiteral("stages.%1.").arg(stage); }

QString stageId(std::size_t stage, const char* part) { return QStringLiteral("stage%1.%2").arg(stage).arg(QLatin1String(part)); }

// A part of stage `stage`, which is numbered where there are several.
ChipText stageChip(const RunSpec& spec, std::size_t stage, const QString& text, const QString& what) {
  ChipText chip{.text = text, .what = what};
  if (spec.stages.size() < 2) return chip;
  chip.stage = static_cast<int>(stage) + 1;
  chip.what += tr(" of stage %1").arg(chip.stage);
  return chip;
}

ChipText transformsChip(const RunSpec& spec, std::size_t stage, QStringList& left) {
  ChipText chip = stageChip(spec, stage, transformWords(spec.stages[stage]), tr("Transforms"));
  const QString path = stagePath(stage);
  chip.id = stageId(stage, "transforms");
  chip.problems = take(left, {path + QStringLiteral("resize"), path + QStringLiteral("augment"), path + QStringLiteral("mix")});
  chip.page = QStringLiteral("preview");
  return chip;
}

ChipText modelChip(const RunSpec& spec, const TrainingStart& start, QStringList& left) {
  const QString arch = QString::fromStdString(spec.model.arch);
  return {.id = QStringLiteral("model"),
          .text = start.brief.isEmpty() ? arch : QStringLiteral("%1, %2").arg(arch, start.brief),
          .what = tr("Network"),
          .problems = take(left, {QStringLiteral("model")}),
          .note = start.sentence,
          .page = QStringLiteral("models")};
}

ChipText batchChip(const RunSpec& spec, std::size_t stage, bool ofStage, QStringList& left) {
  const BatchOptions& batch = spec.batchOf(spec.stages[stage]);
  const QString what = batch.effective ? tr("Batch size, of the photos that make a step") : tr("Batch size × batches added up for a step");
  ChipText chip = ofStage ? stageChip(spec, stage, batchWords(batch), what) : ChipText{.text = batchWords(batch), .what = what};
  chip.id = ofStage ? stageId(stage, "batch") : QStringLiteral("batch");
  chip.problems = take(left, {stagePath(stage) + QStringLiteral("batch")});
  if (!spec.stages[stage].batch) chip.problems << take(left, {QStringLiteral("batch")});
  return chip;
}

ChipText scheduleChip(const RunSpec& spec, std::size_t stage, QStringList& left) {
  ChipText chip = stageChip(spec, stage, scheduleWords(spec.stages[stage]), tr("Schedule"));
  chip.id = stageId(stage, "schedule");
  chip.problems = take(left, {stagePath(stage)});
  return chip;
}

}  // namespace

std::vector<ChipText> recipeChips(const RunSpec& spec, const QStringList& problems, const TrainingStart& start) {
  QStringList left = problems;
  std::vector<ChipText> chips;
  // A batch for all stages is said once.
  const bool ownBatches = std::any_of(spec.stages.begin(), spec.stages.end(), [](const StageOptions& stage) { return stage.batch.has_value(); });
  for (std::size_t i = 0; i < spec.stages.size() && i < kMaxStages; ++i) {
    chips.push_back(transformsChip(spec, i, left));
    if (i == 0) chips.push_back(modelChip(spec, start, left));
    if (i == 0 || ownBatches) chips.push_back(batchChip(spec, i, ownBatches, left));
    chips.push_back(scheduleChip(spec, i, left));
  }
  if (spec.stages.size() > kMaxStages) {
    const std::size_t further = spec.stages.size() - kMaxStages;
    chips.push_back({.id = QStringLiteral("stages"),
                     .text = further == 1 ? tr("+ 1 more stage") : tr("+ %1 more stages").arg(further),
                     .what = tr("Further stages"),
                     .problems = take(left, {QStringLiteral("stages")})});
  }
  chips.push_back({.id = QStringLiteral("data"),
                   .text = dataWords(spec.data),
                   .what = tr("Data: which photos validate, and which are left out"),
                   .problems = take(left, {QStringLiteral("data")})});
  const QStringList wrong = take(left, {QStringLiteral("device"), QStringLiteral("optimizer"), QStringLiteral("callbacks"), QStringLiteral("metrics"),
                                        QStringLiteral("tta"), QStringLiteral("stages"), QStringLiteral("batch")});
  const QString further = furtherWords(spec);
  if (!further.isEmpty() || !wrong.isEmpty()) {
    chips.push_back({.id = QStringLiteral("further"),
                     .text = further.isEmpty() ? tr("further settings") : further,
                     .what = tr("Optimizer, callbacks, metrics, predictions"),
                     .problems = wrong});
  }
  return chips;
}

}  // namespace panicle::ui
