#include "ui/frame/run_line.h"

#include <QCoreApplication>
#include <cmath>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("RunLine", text);
}

QString timeLeft(double seconds) {
  if (seconds < 0) return {};
  if (seconds < 59.5) return tr("%1 s left").arg(std::lround(seconds));
  return tr("%1 left").arg(formatDuration(seconds));
}

QString joined(const QString& a, const QString& b) {
  return b.isEmpty() ? a : a + QStringLiteral(", ") + b;
}

}  // namespace

void RunLine::begin() {
  *this = RunLine();
}

void RunLine::apply(const TrainEvent& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    run_ = QString::fromStdString(started->run);
    epochs_ = started->epochs;
  } else if (const auto* batch = std::get_if<BatchEnded>(&event)) {
    inEpoch_ = true;
    validating_ = false;
    epoch_ = batch->epoch;
    eta_ = batch->eta_seconds;
    epochShare_ = batch->batches ? static_cast<double>(batch->batch) / static_cast<double>(batch->batches) : 0;
  } else if (const auto* validation = std::get_if<ValidationProgress>(&event)) {
    inEpoch_ = true;
    validating_ = true;
    epoch_ = validation->epoch;
  } else if (const auto* epoch = std::get_if<EpochEnded>(&event)) {
    epoch_ = epoch->epoch;
    const auto found = epoch->metrics.find("error_rate");
    if (found != epoch->metrics.end()) error_ = found->second;
  } else if (const auto* phase = std::get_if<PhaseChanged>(&event)) {
    inEpoch_ = false;
    phase_ = QString::fromStdString(phase->what);
  }
}

void RunLine::end(const QString& run, RunStatus status, const QString& message) {
  const QString name = run.isEmpty() ? tr("run") : tr("run %1").arg(run);
  const QString error = error_ < 0 ? QString() : tr("error %1").arg(formatPercent(error_));
  switch (status) {
    case RunStatus::Finished: ended_ = joined(tr("%1 finished").arg(name), error); break;
    case RunStatus::Failed: ended_ = tr("%1 failed: %2").arg(name, message.section(u'\n', 0, 0)); break;
    default: ended_ = joined(tr("%1 stopped").arg(name), error); break;
  }
}

QString RunLine::text(bool paused, bool stopping) const {
  if (!ended_.isEmpty()) return ended_;
  const QString name = run_.isEmpty() ? tr("run") : tr("run %1").arg(run_);
  const QString epoch = tr("epoch %1/%2").arg(epoch_ + 1).arg(epochs_);
  if (stopping) return tr("%1: stopping").arg(name);
  if (paused && !inEpoch_ && phase_.startsWith(QLatin1String("paused"))) return tr("%1: %2").arg(name, phase_);  // and whether the device is free
  if (paused) return inEpoch_ ? tr("%1: paused in %2").arg(name, epoch) : tr("%1: paused").arg(name);
  if (!inEpoch_) return tr("%1: %2").arg(name, phase_.isEmpty() ? tr("starting") : phase_);
  return tr("%1: %2").arg(name, joined(validating_ ? tr("%1 validating").arg(epoch) : epoch, timeLeft(eta_)));
}

QString RunLine::brief(bool paused, bool stopping) const {
  if (stopping) return tr("Stopping");
  if (paused) return tr("Paused");
  return inEpoch_ ? tr("Epoch %1/%2").arg(epoch_ + 1).arg(epochs_) : tr("Preparing");
}

double RunLine::share() const {
  if (!inEpoch_ || epochs_ <= 0) return -1;
  return (epoch_ + (validating_ ? 1.0 : epochShare_)) / epochs_;
}

}  // namespace panicle::ui
