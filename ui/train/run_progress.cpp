#include "ui/train/run_progress.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "core/train/schedule.h"
#include "ui/shared/memory_words.h"
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
  if (epochs_ == 0 || doing_ == Doing::Nothing || doing_ == Doing::Phase) return -1;
  // Epochs count, not steps: stages have batches of different sizes. Validation stands at its epoch's end: the bar never goes back.
  const double inEpoch = doing_ == Doing::Validating ? 1 : share(batch_, batches_);
  return std::min(1.0, (epoch_ + inEpoch) / epochs_);
}

double RunProgress::epochShare() const {
  return doing_ == Doing::Training || doing_ == Doing::Validating ? share(batch_, batches_) : -1;
}

void RunEnding::add(int epoch, const std::map<std::string, double>& metrics) {
  done = epoch + 1;
  in_epoch = false;
  const auto found = metrics.find("error_rate");
  if (found == metrics.end() || !std::isfinite(found->second)) return;
  error = found->second;
  if (lowest_error >= 0 && lowest_error <= error) return;
  lowest_error = error;
  lowest_epoch = epoch;
}

void RunEnding::keep(const std::map<std::string, double>& metrics) {
  const auto found = metrics.find("error_rate");
  if (found != metrics.end() && std::isfinite(found->second)) error = found->second;
  if (const auto tta = metrics.find("tta_error_rate"); tta != metrics.end()) tta_error = tta->second;
}

QString outcomeText(const RunEnding& outcome) {
  const QString status = QString::fromUtf8(toString(outcome.status));
  QString text = outcome.run.isEmpty() ? tr("The run %1").arg(status) : tr("Run %1 %2").arg(outcome.run, status);
  if (outcome.in_epoch && outcome.epochs > 0) {
    text += tr(" in epoch %1 of %2").arg(outcome.done + 1).arg(outcome.epochs);
  } else if (outcome.done > 0 && outcome.done < outcome.epochs) {
    text += tr(" after epoch %1 of %2").arg(outcome.done).arg(outcome.epochs);
  } else if (outcome.done == 0 && outcome.status != RunStatus::Finished) {
    text += tr(" before its first epoch");
  }
  if (outcome.error >= 0) {
    text += tr(": error %1").arg(formatPercent(outcome.error));
    if (outcome.valid_images > 0) {
      const auto wrong = static_cast<quint64>(std::llround(outcome.error * static_cast<double>(outcome.valid_images)));
      text += tr(" (%1 of %2)").arg(formatCount(wrong), formatCount(outcome.valid_images));
    }
  }
  const bool lower = outcome.lowest_error >= 0 && outcome.lowest_error < outcome.error;
  if (lower) text += tr(", lowest %1 in epoch %2").arg(formatPercent(outcome.lowest_error)).arg(outcome.lowest_epoch + 1);
  const bool averaged = outcome.tta_error >= 0;
  if (averaged) text += tr(", %1 with test-time augmentation").arg(formatPercent(outcome.tta_error));
  if (outcome.seconds > 0) text += (lower || averaged ? tr(", in %1") : tr(" in %1")).arg(formatDuration(outcome.seconds));
  if (outcome.peak > 0) text += tr("; peak %1 MiB").arg(mib(outcome.peak));
  if (outcome.peak > 0 && outcome.predicted > 0) text += tr(", predicted %1").arg(mib(outcome.predicted));
  return text;
}

int plannedEpochs(const RunSpec& spec) {
  constexpr std::size_t kGroups = 2;  // body and head
  int epochs = 0;
  for (const StageOptions& stage : spec.stages) {
    for (const FitPhase& phase : planPhases(stage.schedule, kGroups)) epochs += phase.epochs;
  }
  return epochs;
}

}  // namespace panicle::ui
