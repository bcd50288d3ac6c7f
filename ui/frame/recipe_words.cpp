#include "ui/frame/recipe_words.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

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

QString scheduleWords(const ScheduleOptions& schedule) {
  const double rate = schedule.kind == ScheduleKind::FineTune ? schedule.base_lr : schedule.lr_max;
  return QStringLiteral("%1 %2 @ %3").arg(QString::fromUtf8(enumName(schedule.kind))).arg(schedule.epochs).arg(formatRate(rate));
}

QString splitWords(const SplitOptions& split) {
  switch (split.kind) {
    case SplitKind::Random: return tr("split random %1").arg(percent(split.valid_pct));
    case SplitKind::Column: return tr("split by %1").arg(QString::fromStdString(split.column));
    case SplitKind::None: return tr("no split");
  }
  return {};
}

QString dataWords(const DataOptions& data) {
  QString words = splitWords(data.split);
  if (!data.subset.classes.empty()) words += tr(", %1 classes").arg(data.subset.classes.size());
  if (data.subset.fraction < 1) words += tr(", %1 of the photos").arg(percent(data.subset.fraction));
  return words;
}

}  // namespace

QString formatRate(double rate) {
  if (rate > 0 && rate < 1e-3) {
    const int exponent = static_cast<int>(std::floor(std::log10(rate) + 1e-9));
    return QStringLiteral("%1e%2").arg(QString::number(rate / std::pow(10, exponent), 'g', 3)).arg(exponent);
  }
  return QString::number(rate, 'g', 3);
}

std::vector<ChipText> recipeChips(const RunSpec& spec, const QStringList& problems, const TrainingStart& start) {
  QStringList left = problems;
  std::vector<ChipText> chips;
  const QString arch = QString::fromStdString(spec.model.arch);
  chips.push_back({QStringLiteral("model"), start.brief.isEmpty() ? arch : QStringLiteral("%1, %2").arg(arch, start.brief), tr("Network"),
                   take(left, {QStringLiteral("model")}), start.sentence, QStringLiteral("models")});
  const bool many = spec.stages.size() > 1;
  for (std::size_t i = 0; i < spec.stages.size() && i < kMaxStages; ++i) {
    const QString path = QStringLiteral("stages.%1.").arg(i);
    const QString id = QStringLiteral("stage%1.").arg(i);
    const QString of = many ? tr(" of stage %1").arg(i + 1) : QString();
    const StageOptions& stage = spec.stages[i];
    chips.push_back({id + QStringLiteral("transforms"), transformWords(stage), tr("Transforms") + of,
                     take(left, {path + QStringLiteral("resize"), path + QStringLiteral("augment")}), {},
                     QStringLiteral("preview")});
    chips.push_back({id + QStringLiteral("schedule"), scheduleWords(stage.schedule), tr("Schedule") + of, take(left, {path})});
  }
  if (spec.stages.size() > kMaxStages) {
    chips.push_back({QStringLiteral("stages"), tr("+ %1 more stages").arg(spec.stages.size() - kMaxStages), tr("Further stages"),
                     take(left, {QStringLiteral("stages")})});
  }
  chips.push_back({QStringLiteral("batch"), QStringLiteral("%1 × %2").arg(spec.batch.size).arg(spec.batch.accum),
                   tr("Batch size × batches added up for a step"), take(left, {QStringLiteral("batch")})});
  chips.push_back({QStringLiteral("data"), dataWords(spec.data), tr("Data: which photos validate, and which are left out"),
                   take(left, {QStringLiteral("data")})});
  return chips;
}

}  // namespace panicle::ui
