#include "ui/train/run_progress.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::RunView", text); }

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
}

QString sentence(const std::string& text) {
  QString words = QString::fromStdString(text);
  if (!words.isEmpty()) words[0] = words[0].toUpper();
  return words;
}

}  // namespace

void RunProgress::apply(const TrainEvent& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    *this = {};
    run_ = QString::fromStdString(started->run);
    validImages_ = started->valid_images;
    stepsPerEpoch_ = started->steps_per_epoch;
    epochs_ = started->epochs;
  } else if (const auto* batch = std::get_if<BatchEnded>(&event)) {
    doing_ = Doing::Training;
    epoch_ = batch->epoch;
    batch_ = batch->batch;
    batches_ = batch->batches;
    eta_ = batch->eta_seconds;
  } else if (const auto* validation = std::get_if<ValidationProgress>(&event)) {
    doing_ = Doing::Validating;
    epoch_ = validation->epoch;
    batch_ = validation->batch;
    batches_ = validation->batches;
  } else if (const auto* ended = std::get_if<EpochEnded>(&event)) {
    doing_ = Doing::Training;
    epoch_ = ended->epoch + 1;
    batch_ = 0;
    skipped_ += ended->skipped_steps;
  } else if (const auto* phase = std::get_if<PhaseChanged>(&event)) {
    doing_ = Doing::Phase;
    phase_ = sentence(phase->what);
    eta_ = -1;
  } else if (std::holds_alternative<RunEnded>(event)) {
    doing_ = Doing::Nothing;
    eta_ = -1;
  }
}

QString RunProgress::where() const {
  if (doing_ == Doing::Phase) return phase_;
  if (doing_ == Doing::Nothing) return {};
  const QString epoch = tr("Epoch %1 of %2").arg(std::min(epoch_ + 1, epochs_)).arg(epochs_);
  if (batch_ == 0) return epoch;
  const QString part = doing_ == Doing::Validating ? tr("validation batch %1 of %2") : tr("batch %1 of %2");
  return epoch + QStringLiteral(", ") + part.arg(batch_).arg(batches_);
}

QString RunProgress::left(double since) const {
  if (eta_ <= 0 || doing_ == Doing::Nothing) return {};
  return tr("%1 left").arg(formatDuration(std::max(1.0, eta_ - since)));
}

double RunProgress::runShare() const {
  if (epochs_ == 0 || doing_ == Doing::Nothing) return -1;
  // Epochs count, not steps: stages have batches of different sizes. Validation stands at its epoch's end: the bar never goes back.
  const double inEpoch = doing_ == Doing::Validating ? 1 : share(batch_, batches_);
  return std::min(1.0, (epoch_ + inEpoch) / epochs_);
}

double RunProgress::epochShare() const {
  return doing_ == Doing::Training || doing_ == Doing::Validating ? share(batch_, batches_) : -1;
}

QString outcomeText(const QString& run, RunStatus status, double error, std::size_t validImages, double seconds) {
  QString text = tr("Run %1 %2").arg(run, QString::fromUtf8(toString(status)));
  if (error >= 0 && std::isfinite(error)) {
    text += tr(": error %1").arg(formatPercent(error));
    if (validImages > 0) {
      const auto wrong = static_cast<quint64>(std::llround(error * static_cast<double>(validImages)));
      text += tr(" (%1 of %2)").arg(formatCount(wrong), formatCount(validImages));
    }
  }
  if (seconds > 0) text += tr(" in %1").arg(formatDuration(seconds));
  return text;
}

}  // namespace panicle::ui
