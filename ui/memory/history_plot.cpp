#include "ui/memory/history_plot.h"

#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/memory/device_profile.h"
#include "ui/shared/memory_parts.h"
#include "ui/shared/plot_canvas.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kGib = 1024.0 * 1024 * 1024;
constexpr int kDrawEvery = 4;        // samples: the curve moves once a second
constexpr double kHeadroom = 1.25;   // of the axis above what is shown
constexpr double kFirst = 60;        // seconds that the axis begins with; it grows by as many

double gib(quint64 bytes) {
  return static_cast<double>(bytes) / kGib;
}

}  // namespace

HistoryPlot::HistoryPlot(QWidget* parent)
    : QWidget(parent), canvas_(new PlotCanvas(tr("seconds ago"), tr("memory, GiB"), this)) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(canvas_);
  clock_.start();
  canvas_->setAccessibleName(tr("Memory of the last five minutes"));
  canvas_->setToolTip(tr("What all programs, Panicle and its tensors held in the last five minutes, and the peak that is planned for "
                         "the recipe.\nWheel zooms, drag pans, double click shows everything, right click saves."));
  canvas_->setEmptyText(tr("The curve begins with the first reading."));
  canvas_->setXRange(-kFirst, 0);
  connect(canvas_, &PlotCanvas::failed, this, &HistoryPlot::failed);
  connect(&Theme::instance(), &Theme::changed, this, [this] {
    addCurves();
    draw();
  });
  addCurves();
}

void HistoryPlot::addCurves() {
  const bool dark = Theme::instance().dark();
  const ThemeColors& colors = Theme::instance().colors();
  canvas_->removeCurves();
  tight_ = canvas_->addCurve({.name = tr("80 %"), .color = colors.warning, .faint = true});
  full_ = canvas_->addCurve({.name = tr("95 %"), .color = colors.error, .faint = true});
  planned_ = canvas_->addCurve({.name = tr("planned"), .color = colors.mutedText, .reference = true});
  all_ = canvas_->addCurve({.name = tr("all programs"), .color = partColor(MemoryPart::Kind::Others, dark)});
  process_ = canvas_->addCurve({.name = tr("Panicle"), .color = partColor(MemoryPart::Kind::Process, dark)});
  tensors_ = canvas_->addCurve({.name = tr("tensors"), .color = partColor(MemoryPart::Kind::Tensors, dark)});
}

void HistoryPlot::add(const MemoryReading& reading) {
  const double now = static_cast<double>(clock_.elapsed()) / 1000;
  total_ = reading.total;
  samples_.push_back({now, reading.tensors, reading.used_by_process, reading.used_by_process + reading.used_by_others});
  while (samples_.front().seconds < now - kSeconds) samples_.pop_front();
  if (++undrawn_ >= kDrawEvery && isVisible()) draw();
}

void HistoryPlot::setPlanned(std::optional<quint64> peak) {
  if (peak == peak_) return;
  peak_ = peak;
  if (isVisible()) draw();
}

void HistoryPlot::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  draw();
}

void HistoryPlot::draw() {
  undrawn_ = 0;
  if (samples_.empty()) return;
  const double now = samples_.back().seconds;
  const double span = std::min(kSeconds, kFirst * std::max(1.0, std::ceil((now - samples_.front().seconds) / kFirst)));
  if (span != span_) canvas_->setXRange(-span, 0);
  span_ = span;
  std::vector<double> x, all, process, tensors;
  double top = peak_ ? gib(*peak_) : 0;
  for (const Sample& sample : samples_) {
    x.push_back(sample.seconds - now);
    all.push_back(gib(sample.all));
    process.push_back(gib(sample.process));
    tensors.push_back(gib(sample.tensors));
    top = std::max(top, all.back());
  }
  canvas_->setData(all_, x, all);
  canvas_->setData(process_, x, process);
  canvas_->setData(tensors_, x, tensors);
  top = std::min(kHeadroom * top, std::max(gib(total_), top));
  const auto level = [&](int curve, double value) {
    if (value > 0 && value <= top) {
      canvas_->setData(curve, {-span, 0}, {value, value});
    } else {
      canvas_->setData(curve, {}, {});
    }
  };
  level(tight_, kTightShare * gib(total_));
  level(full_, kFullShare * gib(total_));
  level(planned_, peak_ ? gib(*peak_) : 0);
  canvas_->setYRange(0, top);
}

}  // namespace panicle::ui
