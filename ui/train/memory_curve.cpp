#include "ui/train/memory_curve.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>
#include <limits>
#include <utility>

#include "core/memory/device_profile.h"
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

// A level for each stage, apart from the next one's.
class Levels {
 public:
  void add(double first, double last, double value) {
    if (!x_.empty()) {
      x_.push_back(first);
      y_.push_back(std::numeric_limits<double>::quiet_NaN());
    }
    x_.insert(x_.end(), {first, last});
    y_.insert(y_.end(), {value, value});
  }
  void draw(PlotCanvas& canvas, int curve) const { canvas.setData(curve, x_, y_); }

 private:
  std::vector<double> x_, y_;
};

}  // namespace

quint64 heldBytes(const MemoryReading& reading) {
  return reading.cuda ? reading.reserved : reading.tensors;
}

quint64 heldBytes(const MemoryPeak& peak) {
  return std::max(peak.tensors, peak.reserved);
}

quint64 plannedBytes(const RunPlan& plan) {
  return plan.parts().held();
}

MemoryExpectation expectationOf(const RunPlan& plan, quint64 total) {
  MemoryExpectation expected{.stages = {}, .total = total, .overhead = plan.parts().overhead};
  for (const StagePlan& stage : plan.stages) expected.stages.push_back(stage.parts.held());
  return expected;
}

MemoryExpectation expectationOf(const RunMemory& memory) {
  MemoryExpectation expected{.stages = {}, .total = memory.total, .overhead = 0};
  for (const StageMemory& stage : memory.stages) {
    if (stage.predicted) expected.stages.push_back(stage.predicted->held());
  }
  if (const StageMemory* worst = memory.worst()) expected.overhead = worst->predicted->overhead;
  return expected;
}

MemoryCurve::MemoryCurve(PlotCanvas& canvas) : canvas_(canvas) {
  addCurves();
}

void MemoryCurve::addCurves() {
  const ThemeColors& colors = Theme::instance().colors();
  const QColor tensors = partColor(MemoryPart::Kind::Tensors, Theme::instance().dark());
  canvas_.removeCurves();
  tight_ = canvas_.addCurve({.name = tr("80 %"), .color = colors.warning, .faint = true});
  full_ = canvas_.addCurve({.name = tr("95 %"), .color = colors.error, .faint = true});
  planned_ = canvas_.addCurve({.name = tr("planned"), .color = colors.mutedText, .reference = true});
  highest_ = canvas_.addCurve({.name = tr("highest"), .color = tensors, .faint = true});
  held_ = canvas_.addCurve({.name = tr("tensors"), .color = tensors});
}

void MemoryCurve::restyle() {
  addCurves();
  canvas_.setData(held_, points_.x, points_.y);
  drawLevels();
}

void MemoryCurve::clear() {
  stages_.clear();
  points_ = {};
  between_ = true;
  peak_ = 0;
  canvas_.clear();
  canvas_.setTitle({});
}

void MemoryCurve::expect(MemoryExpectation expected) {
  expected_ = std::move(expected);
  drawLevels();
  drawTitle();
}

// What a sample finds is between two steps as often as in one: the highest is the allocator's own account.
void MemoryCurve::add(double step, quint64 held, quint64 highest) {
  if (between_ && !stages_.empty() && step <= stages_.back().last) return;  // of what comes after a stage, such as predictions
  if (std::exchange(between_, false)) stages_.push_back({.first = stages_.empty() ? step : stages_.back().last, .last = step});
  Stage& stage = stages_.back();
  stage.last = std::max(stage.last, step);
  stage.peak = std::max({stage.peak, held, highest});
  peak_ = std::max(peak_, stage.peak);
  points_.add(stage.last, inMib(held));
  canvas_.append(held_, points_.x.back(), points_.y.back());
  drawLevels();
  drawTitle();
}

void MemoryCurve::endStage(quint64 peak, double step) {
  if (std::exchange(between_, true)) return;
  stages_.back().last = std::max(stages_.back().last, step);
  if (peak > 0) stages_.back().peak = peak;
  peak_ = 0;
  for (const Stage& stage : stages_) peak_ = std::max(peak_, stage.peak);
  drawLevels();
  drawTitle();
}

void MemoryCurve::setPeak(quint64 bytes) {
  peak_ = bytes;
  drawTitle();
}

void MemoryCurve::drawLevels() {
  if (stages_.empty()) return;
  Levels highest, planned, tight, full;
  double top = std::max(inMib(peak_), 1.0);
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = stages_[i];
    highest.add(stage.first, stage.last, inMib(stage.peak));
    if (i >= expected_.stages.size()) continue;
    planned.add(stage.first, stage.last, inMib(expected_.stages[i]));
    top = std::max(top, inMib(expected_.stages[i]));
  }
  top *= kHeadroom;
  const auto limit = [&](Levels& level, double share) {
    const double value = share * inMib(expected_.total) - inMib(expected_.overhead);
    if (value > 0 && value <= top) level.add(stages_.front().first, stages_.back().last, value);
  };
  limit(tight, kTightShare);
  limit(full, kFullShare);
  highest.draw(canvas_, highest_);
  planned.draw(canvas_, planned_);
  tight.draw(canvas_, tight_);
  full.draw(canvas_, full_);
  canvas_.setYRange(0, top);
}

void MemoryCurve::drawTitle() {
  QStringList words;
  if (stages_.size() > 1) {
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      const QString peak = tr("stage %1: %2").arg(i + 1).arg(mib(stages_[i].peak));
      words << (i < expected_.stages.size() ? tr("%1 of %2 planned").arg(peak, mib(expected_.stages[i])) : peak);
    }
  } else {
    if (peak_ > 0) words << tr("highest %1 MiB").arg(mib(peak_));
    if (!expected_.stages.empty()) {
      words << tr("planned %1 MiB").arg(mib(*std::max_element(expected_.stages.begin(), expected_.stages.end())));
    }
  }
  canvas_.setTitle(words.join(QStringLiteral(", ")));
}

}  // namespace panicle::ui
