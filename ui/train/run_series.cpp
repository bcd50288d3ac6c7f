#include "ui/train/run_series.h"

#include <QCoreApplication>
#include <QLocale>
#include <cmath>

#include "ui/train/smoothing.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::RunView", text); }

}  // namespace

RunSeries::RunSeries(const RunRecord& record, const std::vector<StepRow>& steps) {
  for (std::vector<double>* values : {&steps_, &loss_, &smooth_, &lr_, &momentum_}) values->reserve(steps.size());
  for (const StepRow& step : steps) {
    steps_.push_back(static_cast<double>(step.step));
    loss_.push_back(step.loss);
    smooth_.push_back(step.smooth_loss);
    lr_.push_back(step.lr);
    momentum_.push_back(step.momentum);
  }
  const std::vector<double> ends = epochEnds(record.epochs, steps);
  for (std::size_t i = 0; i < record.epochs.size(); ++i) addEpoch(record.epochs[i], ends[i]);
  for (const ChangeRow& change : record.changes) add(RatesChanged{change.epoch, change.step, change.lr_scale, change.wd});
}

void RunSeries::add(const BatchEnded& batch) {
  steps_.push_back(static_cast<double>(batch.step));
  loss_.push_back(batch.loss);
  smooth_.push_back(batch.smooth_loss);
  lr_.push_back(batch.lr);
  momentum_.push_back(batch.momentum);
}

StepNote RunSeries::add(const EpochRow& epoch) { return addEpoch(epoch, lastStep()); }

StepNote RunSeries::addEpoch(const EpochRow& epoch, double end) {
  const double begin = valid_.x.empty() ? 0 : valid_.x.back();
  StepNote note{.step = begin, .text = {}};
  if (epochs_ > 0 && epoch.stage != stage_) {
    note.text = tr("stage %1").arg(epoch.stage + 1);
  } else if (epochs_ > 0 && epoch.phase != phase_) {
    note.text = QString::fromStdString(epoch.phase);
  }
  if (stages_.empty() || stages_.back().stage != epoch.stage) stages_.push_back({.stage = epoch.stage});
  stages_.back().step = end;
  stage_ = epoch.stage;
  phase_ = epoch.phase;
  ++epochs_;
  valid_.add(end, epoch.valid_loss);
  for (const auto& [name, value] : epoch.metrics) metrics_[name].add(epoch.epoch, value);
  if (!note.text.isEmpty()) notes_.push_back(note);
  return note;
}

StepNote RunSeries::add(const RatesChanged& change) {
  const QLocale plain = QLocale::c();
  notes_.push_back({static_cast<double>(change.step),
                    tr("lr × %1, wd %2").arg(plain.toString(change.lr_scale, 'g', 4), plain.toString(change.wd, 'g', 4))});
  return notes_.back();
}

std::vector<double> RunSeries::smoothLoss(int window) const {
  if (window == kFastaiWindow) return smooth_;
  MovingAverage average(window);
  std::vector<double> smooth;
  smooth.reserve(loss_.size());
  for (double loss : loss_) smooth.push_back(average.add(loss));
  return smooth;
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

EpochRow rowOf(const EpochEnded& epoch) {
  EpochRow row;
  row.stage = epoch.stage;
  row.epoch = epoch.epoch;
  row.phase = epoch.phase;
  row.train_loss = epoch.train_loss;
  row.valid_loss = epoch.valid_loss;
  row.metrics = epoch.metrics;
  row.seconds = epoch.seconds;
  row.skipped_steps = epoch.skipped_steps;
  return row;
}

QString rateWords(double lrScale, double wd) {
  const QLocale plain = QLocale::c();
  return tr("learning rate × %1, weight decay %2").arg(plain.toString(lrScale, 'g', 4), plain.toString(wd, 'g', 4));
}

}  // namespace panicle::ui
