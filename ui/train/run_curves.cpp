#include "ui/train/run_curves.h"

#include <QGridLayout>
#include <cmath>

#include "ui/shared/plot_canvas.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

// Places in the colour-blind-safe list: blue for what the network trains on, orange for what it has not seen.
constexpr int kTrainColor = 0;
constexpr int kValidColor = 1;
constexpr int kRateColor = 2;
constexpr int kMomentumColor = 3;

const char* const kErrorRate = "error_rate";

}  // namespace

RunCurves::RunCurves(QWidget* parent) : QWidget(parent) {
  loss_ = new PlotCanvas(tr("step"), tr("loss"), this);
  metric_ = new PlotCanvas(tr("epoch"), tr("error rate"), this);
  rate_ = new PlotCanvas(tr("step"), tr("learning rate"), this);
  raw_ = loss_->addCurve({.name = tr("each batch"), .color = classColor(kTrainColor), .faint = true});
  smooth_ = loss_->addCurve({.name = tr("train"), .color = classColor(kTrainColor)});
  valid_ = loss_->addCurve({.name = tr("valid"), .color = classColor(kValidColor), .points = true});
  error_ = metric_->addCurve({.name = tr("error rate"), .color = classColor(kValidColor), .points = true});
  lr_ = rate_->addCurve({.name = tr("learning rate"), .color = classColor(kRateColor)});
  momentum_ = rate_->addCurve({.name = tr("momentum"), .color = classColor(kMomentumColor), .right = true});
  for (PlotCanvas* canvas : {loss_, metric_, rate_}) canvas->setWholeX(true);
  loss_->setToolTip(tr("The loss of every batch (faint), smoothed as fastai does, and on the validation photos at the end of each "
                       "epoch.\nValid rising while train falls: the network learns the photos by heart.\nWheel zooms, drag pans, "
                       "double click shows everything, right click saves."));
  metric_->setToolTip(tr("Share of the validation photos that the network gets wrong after each epoch.\nLower is better; 0.05 is "
                         "5 of 100 photos."));
  rate_->setToolTip(tr("How big a step the optimizer takes (left), and how much it keeps of its direction (right).\nOne-cycle: the "
                       "rate warms up, then falls to almost nothing, while the momentum goes the other way."));
  for (PlotCanvas* canvas : {loss_, metric_, rate_}) connect(canvas, &PlotCanvas::failed, this, &RunCurves::failed);

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
}

void RunCurves::clear() {
  for (PlotCanvas* canvas : {loss_, metric_, rate_}) {
    canvas->clear();
    canvas->setTitle({});
  }
  lastStep_ = 0;
}

void RunCurves::setTitle(const QString& title) { loss_->setTitle(title); }

void RunCurves::setEmptyText(const QString& text) { loss_->setEmptyText(text); }

void RunCurves::add(const BatchEnded& batch) {
  lastStep_ = static_cast<double>(batch.step);
  loss_->append(raw_, lastStep_, batch.loss);
  loss_->append(smooth_, lastStep_, batch.smooth_loss);
  rate_->append(lr_, lastStep_, batch.lr);
  rate_->append(momentum_, lastStep_, batch.momentum);
}

void RunCurves::add(const EpochEnded& epoch) {
  loss_->append(valid_, lastStep_, epoch.valid_loss);
  if (const auto error = epoch.metrics.find(kErrorRate); error != epoch.metrics.end()) {
    metric_->append(error_, epoch.epoch, error->second);
  }
}

void RunCurves::setRun(const RunRecord& record, const std::vector<StepRow>& steps) {
  std::vector<double> x, raw, smooth, lr, momentum;
  for (const StepRow& step : steps) {
    x.push_back(static_cast<double>(step.step));
    raw.push_back(step.loss);
    smooth.push_back(step.smooth_loss);
    lr.push_back(step.lr);
    momentum.push_back(step.momentum);
  }
  loss_->setData(raw_, x, raw);
  loss_->setData(smooth_, x, smooth);
  rate_->setData(lr_, x, lr);
  rate_->setData(momentum_, x, momentum);
  lastStep_ = x.empty() ? 0 : x.back();

  std::vector<double> valid, epochs, errors;
  for (const EpochRow& epoch : record.epochs) {
    valid.push_back(epoch.valid_loss);
    const auto error = epoch.metrics.find(kErrorRate);
    if (error == epoch.metrics.end()) continue;
    epochs.push_back(epoch.epoch);
    errors.push_back(error->second);
  }
  loss_->setData(valid_, epochEnds(record.epochs, steps), valid);
  metric_->setData(error_, epochs, errors);
}

std::vector<double> epochEnds(const std::vector<EpochRow>& epochs, const std::vector<StepRow>& steps) {
  std::vector<double> ends;
  std::size_t from = 0;
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    // Where the losses do not say it (not a number, an older store), the epochs are taken as equally long.
    double end = steps.empty() ? static_cast<double>(i + 1)
                               : static_cast<double>(steps.back().step) * static_cast<double>(i + 1) /
                                     static_cast<double>(epochs.size());
    for (std::size_t s = from; s < steps.size(); ++s) {
      if (std::abs(steps[s].smooth_loss - epochs[i].train_loss) > 1e-9 * std::abs(epochs[i].train_loss)) continue;
      end = static_cast<double>(steps[s].step);
      from = s + 1;
      break;
    }
    ends.push_back(end);
  }
  return ends;
}

}  // namespace panicle::ui
