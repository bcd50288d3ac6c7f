#include "ui/train/run_curves.h"

#include <QGridLayout>
#include <QResizeEvent>
#include <algorithm>
#include <utility>

#include "ui/shared/plot_canvas.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

// Places in the colour-blind-safe list: blue for what the network trains on, orange for what it has not seen.
constexpr int kTrainColor = 0;
constexpr int kValidColor = 1;
constexpr int kRateColor = 2;
constexpr int kMomentumColor = 3;

constexpr int kThreePlots = 100 * kGrid;  // from this width on three stand beside each other

}  // namespace

RunCurves::RunCurves(QWidget* parent)
    : QWidget(parent),
      loss_(new PlotCanvas(tr("step"), tr("loss"), this)),
      metric_(new PlotCanvas(tr("epoch"), tr("error rate"), this)),
      rate_(new PlotCanvas(tr("step"), tr("learning rate"), this)),
      memory_(new PlotCanvas(tr("step"), tr("MiB"), this)),
      metricCurves_(*metric_),
      memoryCurve_(*memory_) {
  for (PlotCanvas* canvas : {loss_, metric_, rate_, memory_}) {
    canvas->setWholeX(true);
    connect(canvas, &PlotCanvas::failed, this, &RunCurves::failed);
  }
  metric_->setWholeX(true, 1);  // epochs are kept from 0, and read from 1
  PlotCanvas::link(*loss_, *rate_);
  const QString hand = tr("Wheel zooms, drag pans, double click shows everything, right click saves.");
  loss_->setToolTip(tr("The loss of every batch (faint), smoothed, and on the validation photos at the end of each epoch.\nValid "
                       "rising while train falls: the network learns the photos by heart.\n%1")
                        .arg(hand));
  metric_->setToolTip(tr("What the validation photos say after each epoch.\nAn error rate of 0.05 is 5 wrong of 100 photos.\n%1").arg(hand));
  rate_->setToolTip(tr("How big a step the optimizer takes (left), and how much it keeps of its direction (right).\nOne-cycle: the "
                       "rate warms up, then falls to almost nothing, while the momentum goes the other way.\n%1")
                        .arg(hand));
  memory_->setToolTip(tr("What the tensors hold in the course of the run, and for each stage their highest beside the peak that was planned.\n"
                         "Lines at 80 and 95 % of the device's memory appear where the run comes near them.\n%1")
                          .arg(hand));
  arrange();
  addStepCurves();
  connect(&Theme::instance(), &Theme::changed, this, [this] { memoryCurve_.restyle(); });
  setMetrics({"error_rate", "accuracy"});
}

void RunCurves::arrange() {
  auto* layout = new QGridLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(loss_, 0, 0, 1, 2);
  layout->addWidget(metric_, 1, 0);
  layout->addWidget(rate_, 1, 1);
  layout->setRowStretch(0, 3);
  layout->setRowStretch(1, 2);
  layout->setColumnStretch(0, 1);
  layout->setColumnStretch(1, 1);
  showMemory(false);
}

// A run without samples has no curve of its memory: the others have its place then.
void RunCurves::showMemory(bool shown) {
  memory_->setVisible(shown);
  place();
}

// Beside the other two where there is room, else under them: it is the one that is looked at least.
void RunCurves::place() {
  auto* grid = static_cast<QGridLayout*>(layout());
  const bool shown = !memory_->isHidden();
  const bool wide = shown && width() >= kThreePlots;
  grid->removeWidget(memory_);
  if (wide) {
    grid->addWidget(memory_, 1, 2);
  } else {
    grid->addWidget(memory_, 2, 0, 1, 2);
  }
  grid->removeWidget(loss_);
  grid->addWidget(loss_, 0, 0, 1, wide ? 3 : 2);
  grid->setColumnStretch(2, wide ? 1 : 0);
  grid->setRowStretch(2, shown && !wide ? 1 : 0);
}

void RunCurves::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  if ((event->size().width() >= kThreePlots) != (event->oldSize().width() >= kThreePlots)) place();
}

void RunCurves::clear() {
  run_ = {};
  average_ = MovingAverage(window_);
  for (PlotCanvas* canvas : {loss_, metric_, rate_}) canvas->clear();
  memoryCurve_.clear();
  highestSeen_ = 0;
  showMemory(false);
  loss_->setTitle({});
  drawSteps();
  drawMetrics();
}

void RunCurves::setTitle(const QString& title) { loss_->setTitle(title); }

void RunCurves::setEmptyText(const QString& text) { loss_->setEmptyText(text); }

void RunCurves::setMetrics(const std::vector<std::string>& metrics) {
  metricCurves_.setMetrics(metrics);
  drawMetrics();
  Q_EMIT metricChoicesChanged();
}

void RunCurves::add(const BatchEnded& batch) {
  run_.add(batch);
  const double step = run_.lastStep();
  loss_->append(raw_, step, batch.loss);
  loss_->append(smooth_, step, window_ == kFastaiWindow ? batch.smooth_loss : average_.add(batch.loss));
  rate_->append(lr_, step, batch.lr);
  rate_->append(momentum_, step, batch.momentum);
}

void RunCurves::add(const EpochEnded& epoch) {
  addNote(run_.add(rowOf(epoch)));
  loss_->append(valid_, run_.lastStep(), epoch.valid_loss);
  drawMetrics();
}

void RunCurves::add(const RatesChanged& change) { addNote(run_.add(change)); }

void RunCurves::add(const MemoryReading& reading) {
  if (run_.lastStep() == 0) return;
  // The allocator's highest counts for the stage in which it rises.
  const quint64 highest = reading.cuda ? 0 : reading.tensors_peak;
  memoryCurve_.add(run_.lastStep(), heldBytes(reading), highest > highestSeen_ ? highest : 0);
  highestSeen_ = std::max(highestSeen_, highest);
  if (memory_->isHidden()) showMemory(true);
}

void RunCurves::add(const MemoryMeasured& measured) {
  if (measured.stage != kOutsideStages) memoryCurve_.endStage(heldBytes(measured.peak), run_.lastStep());
}

void RunCurves::expectMemory(MemoryExpectation expected) { memoryCurve_.expect(std::move(expected)); }

void RunCurves::setRun(RunSeries run) {
  run_ = std::move(run);
  drawSteps();
  drawMetrics();
  drawNotes();
}

// What was sampled before the first batch and after the last is of no step.
void RunCurves::setMemory(const RunMemory& memory, const std::vector<MemoryRow>& samples) {
  memoryCurve_.expect(expectationOf(memory));
  const auto peakOf = [&](int stage) {
    const auto found = std::find_if(memory.stages.begin(), memory.stages.end(), [&](const StageMemory& one) { return one.stage == stage; });
    return found == memory.stages.end() ? 0 : heldBytes(found->measured);
  };
  const std::vector<StageEnd>& stages = run_.stages();
  std::size_t stage = 0;
  for (const MemoryRow& sample : samples) {
    const auto step = static_cast<double>(sample.step);
    if (sample.step == 0) continue;
    while (stage + 1 < stages.size() && step > stages[stage].step) {
      memoryCurve_.endStage(peakOf(stages[stage].stage), stages[stage].step);
      ++stage;
    }
    memoryCurve_.add(step, heldBytes(sample.bytes), 0);
  }
  if (stage < stages.size()) memoryCurve_.endStage(peakOf(stages[stage].stage), stages[stage].step);
  showMemory(!memoryCurve_.empty());
}

void RunCurves::setReference(std::shared_ptr<const RunSeries> run, const QString& name) {
  reference_ = std::move(run);
  referenceName_ = name;
  addStepCurves();
  drawSteps();
  drawMetrics();
}

void RunCurves::setSmoothing(int window) {
  if (window == window_) return;
  window_ = window;
  drawSmooth();
}

void RunCurves::chooseMetric(const std::string& id) {
  metricCurves_.choose(id);
  drawMetrics();
}

// The other run lies beneath this one, but not under the band that its batches make.
void RunCurves::addStepCurves() {
  loss_->removeCurves();
  rate_->removeCurves();
  raw_ = loss_->addCurve({.name = tr("each batch"), .color = classColor(kTrainColor), .faint = true});
  if (reference_) {
    otherSmooth_ = loss_->addCurve({.name = tr("%1 train").arg(referenceName_), .color = classColor(kTrainColor), .reference = true});
    otherValid_ = loss_->addCurve(
        {.name = tr("%1 valid").arg(referenceName_), .color = classColor(kValidColor), .points = true, .reference = true});
    otherLr_ = rate_->addCurve({.name = referenceName_, .color = classColor(kRateColor), .reference = true});
  }
  smooth_ = loss_->addCurve({.name = tr("train"), .color = classColor(kTrainColor)});
  valid_ = loss_->addCurve({.name = tr("valid"), .color = classColor(kValidColor), .points = true});
  lr_ = rate_->addCurve({.name = tr("learning rate"), .color = classColor(kRateColor)});
  momentum_ = rate_->addCurve({.name = tr("momentum"), .color = classColor(kMomentumColor), .right = true});
}

void RunCurves::drawSteps() {
  if (reference_) {
    loss_->setData(otherValid_, reference_->validLoss().x, reference_->validLoss().y);
    rate_->setData(otherLr_, reference_->steps(), reference_->lr());
  }
  drawSmooth();
  loss_->setData(raw_, run_.steps(), run_.loss());
  loss_->setData(valid_, run_.validLoss().x, run_.validLoss().y);
  rate_->setData(lr_, run_.steps(), run_.lr());
  rate_->setData(momentum_, run_.steps(), run_.momentum());
}

void RunCurves::drawSmooth() {
  if (reference_) loss_->setData(otherSmooth_, reference_->steps(), reference_->smoothLoss(window_));
  loss_->setData(smooth_, run_.steps(), run_.smoothLoss(window_));
  // The average goes on where the curve ends.
  average_ = MovingAverage(window_);
  for (double loss : run_.loss()) average_.add(loss);
}

void RunCurves::drawMetrics() { metricCurves_.draw(run_, reference_.get(), referenceName_); }

void RunCurves::drawNotes() {
  for (PlotCanvas* canvas : {loss_, rate_}) canvas->clearNotes();
  for (const StepNote& note : run_.notes()) addNote(note);
}

void RunCurves::addNote(const StepNote& note) {
  if (note.text.isEmpty()) return;
  loss_->addNote(note.step, note.text);
  rate_->addNote(note.step, {});
}

}  // namespace panicle::ui
