#include "ui/train/memory_curve.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>

#include "ui/shared/memory_parts.h"
#include "ui/shared/memory_words.h"
#include "ui/shared/plot_canvas.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kMib = 1024.0 * 1024;
constexpr double kHeadroom = 1.1;

QString tr(const char* text) {
  return QCoreApplication::translate("MemoryCurve", text);
}

double inMib(quint64 bytes) {
  return static_cast<double>(bytes) / kMib;
}

}  // namespace

quint64 heldBytes(const MemoryReading& reading) {
  return reading.cuda ? reading.reserved : reading.tensors;
}

quint64 plannedBytes(const RunPlan& plan) {
  return plan.parts().tensors() + plan.parts().cached;
}

MemoryCurve::MemoryCurve(PlotCanvas& canvas) : canvas_(canvas) {
  addCurves();
}

void MemoryCurve::addCurves() {
  const bool dark = Theme::instance().dark();
  canvas_.removeCurves();
  planned_ = canvas_.addCurve({.name = tr("planned"), .color = Theme::instance().colors().mutedText, .reference = true});
  highest_ = canvas_.addCurve({.name = tr("highest"), .color = partColor(MemoryPart::Kind::Tensors, dark), .faint = true});
  held_ = canvas_.addCurve({.name = tr("tensors"), .color = partColor(MemoryPart::Kind::Tensors, dark)});
}

void MemoryCurve::clear() {
  any_ = false;
  first_ = last_ = 0;
  peak_ = 0;
  canvas_.clear();
  canvas_.setTitle({});
}

// What a reading finds is between two steps as often as in one: the highest is the allocator's own account.
void MemoryCurve::add(double step, const MemoryReading& reading) {
  if (!any_) first_ = step;
  any_ = true;
  last_ = std::max(last_, step);
  peak_ = std::max<quint64>({peak_, heldBytes(reading), reading.cuda ? 0 : reading.tensors_peak});
  canvas_.append(held_, last_, inMib(heldBytes(reading)));
  drawLevels();
  drawTitle();
}

void MemoryCurve::setPlanned(std::optional<quint64> bytes) {
  if (bytes == plan_) return;
  plan_ = bytes;
  drawLevels();
  drawTitle();
}

void MemoryCurve::setPeak(quint64 bytes) {
  peak_ = bytes;
  drawTitle();
}

void MemoryCurve::drawLevels() {
  if (!any_) return;
  const auto level = [&](int curve, double value) { canvas_.setData(curve, {first_, last_}, {value, value}); };
  level(highest_, inMib(peak_));
  if (plan_) {
    level(planned_, inMib(*plan_));
  } else {
    canvas_.setData(planned_, {}, {});
  }
  canvas_.setYRange(0, kHeadroom * std::max({inMib(peak_), plan_ ? inMib(*plan_) : 0, 1.0}));
}

void MemoryCurve::drawTitle() {
  QStringList words;
  if (peak_ > 0) words << tr("highest %1 MiB").arg(mib(peak_));
  if (plan_) words << tr("planned %1 MiB").arg(mib(*plan_));
  canvas_.setTitle(words.join(QStringLiteral(", ")));
}

}  // namespace panicle::ui
