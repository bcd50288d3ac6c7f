#include "ui/rate/rate_words.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>

#include "ui/shared/architecture_words.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::RateWords", text); }

constexpr int kGroups = 2;  // body and head

// fastai's freeze_to(n) as Python counts: the first group that learns.
int firstLearning(int freeze_to) { return freeze_to < 0 ? std::max(0, kGroups + freeze_to) : freeze_to; }

bool tunes(const ScheduleOptions& schedule) { return schedule.kind == ScheduleKind::FineTune; }

const StageOptions& at(const RunSpec& spec, int stage) { return spec.stages[static_cast<std::size_t>(stage)]; }

}  // namespace

QString learnsWords(const ScheduleOptions& schedule) {
  const bool frozen = tunes(schedule) ? schedule.freeze_epochs > 0 : firstLearning(schedule.freeze_to) > 0;
  return frozen ? tr("the body is frozen; the head and the norm layers learn") : tr("everything learns");
}

QString sweepSubject(const RunSpec& spec, int stage) {
  return QStringLiteral("%1 · %2 · %3")
      .arg(QString::fromStdString(spec.model.arch), QString::fromStdString(toString(networkSize(at(spec, stage)))),
           tr("batch %1").arg(spec.batchOf(at(spec, stage)).size));
}

QString stageWords(const RunSpec& spec, int stage) {
  const StageOptions& options = at(spec, stage);
  return tr("Stage %1 of %2: %3 at %4")
      .arg(stage + 1)
      .arg(spec.stages.size())
      .arg(QString::fromUtf8(enumName(options.schedule.kind)), QString::fromStdString(toString(networkSize(options))));
}

QString rateField(const ScheduleOptions& schedule) {
  return tunes(schedule) ? QStringLiteral("base_lr") : QStringLiteral("lr_max");
}

QString ratePath(const RunSpec& spec, int stage) {
  return QStringLiteral("stages.%1.schedule.%2").arg(stage).arg(rateField(at(spec, stage).schedule));
}

double rateOf(const ScheduleOptions& schedule) { return tunes(schedule) ? schedule.base_lr : schedule.lr_max.high; }

QString rateText(const ScheduleOptions& schedule) {
  if (tunes(schedule)) return rateFigures(schedule.base_lr);
  return schedule.lr_max.slice ? QString::fromStdString(schedule.lr_max.text()) : rateFigures(schedule.lr_max.high);
}

ScheduleOptions withRate(const ScheduleOptions& schedule, double rate) {
  ScheduleOptions changed = schedule;
  if (tunes(schedule)) {
    changed.base_lr = rate;
    return changed;
  }
  LearningRate& lr = changed.lr_max;
  if (lr.low && lr.high > 0) lr.low = roundedRate(*lr.low * rate / lr.high);
  lr.high = rate;
  return changed;
}

Json rateJson(const ScheduleOptions& schedule) {
  return tunes(schedule) ? Json(schedule.base_lr) : leafToJson(schedule.lr_max);
}

double roundedRate(double rate) { return formatRate(rate).toDouble(); }

QString rateFigures(double rate) {
  return roundedRate(rate) == rate ? formatRate(rate) : QString::number(rate, 'g', QLocale::FloatingPointShortest);
}

}  // namespace panicle::ui
