#include "ui/runs/run_columns.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QStringList>
#include <QTimeZone>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kMiB = 1024 * 1024;
constexpr int kDigits = 4;

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::RunsPage", text); }

QString none() { return QStringLiteral("–"); }

QString text(const std::string& value) { return QString::fromStdString(value); }

QString paragraph(const QString& words) { return QStringLiteral("<p>%1</p>").arg(words.toHtmlEscaped()); }

QString mibWhole(std::uint64_t bytes) { return formatCount(static_cast<quint64>(std::llround(static_cast<double>(bytes) / kMiB))); }

bool endsWith(const std::string& text, const char* tail) { return text.ends_with(tail); }

QString monitored(const RunSummary& run, double value) {
  if (!std::isfinite(value)) return none();
  const QString figure = metricText(run.monitor, value);
  return run.monitor == "error_rate" ? figure : metricWords(run.monitor) + QLatin1Char(' ') + figure;
}

QString peakText(const RunSummary& run) {
  if (run.peak_bytes == 0 && run.predicted_peak_bytes == 0) return none();
  const QString measured = run.peak_bytes > 0 ? mibWhole(run.peak_bytes) : none();
  return run.predicted_peak_bytes > 0 ? QStringLiteral("%1 / %2").arg(measured, mibWhole(run.predicted_peak_bytes)) : measured;
}

QString peakTip(const RunSummary& run) {
  QStringList parts;
  if (run.peak_bytes > 0) parts << tr("Measured: %1 in tensors at the most.").arg(formatBytes(run.peak_bytes));
  if (run.predicted_peak_bytes > 0) parts << tr("Predicted before it ran: %1.").arg(formatBytes(run.predicted_peak_bytes));
  if (run.peak_bytes > 0 && run.predicted_peak_bytes > 0) {
    const double off = static_cast<double>(run.predicted_peak_bytes) / static_cast<double>(run.peak_bytes) - 1;
    parts << (std::abs(off) < 0.0005 ? tr("They agree.")
                                     : tr("The prediction was %1 too %2.").arg(formatPercent(std::abs(off)), off > 0 ? tr("high") : tr("low")));
  }
  return paragraph(parts.isEmpty() ? tr("Its memory was not recorded.") : parts.join(QLatin1Char(' ')));
}

QString statusTip(const RunSummary& run) {
  switch (run.status) {
    case RunStatus::Queued: return tr("Waits for its device.");
    case RunStatus::Running: return tr("Trains now.");
    case RunStatus::Finished: return tr("Trained all of its epochs, and kept model and predictions.");
    case RunStatus::Stopped: return tr("Was stopped; what it had learned by then is kept, with its predictions.");
    case RunStatus::Failed: return run.message.empty() ? tr("Failed, and left no message.") : text(run.message);
    case RunStatus::Interrupted:
      return tr("The program that trained it ended before it did. Resume goes on from its last checkpoint; Keep as is leaves it as it stands.");
  }
  return {};
}

QString bestTip(const RunSummary& run) {
  if (run.best_epoch < 0) return paragraph(tr("No epoch has ended yet."));
  return paragraph(tr("%1 %2 in epoch %3 of %4, its best by %1.")
                       .arg(metricWords(run.monitor), metricText(run.monitor, run.best))
                       .arg(run.best_epoch + 1)
                       .arg(std::max(run.epochs, run.planned_epochs)));
}

double number(const RunSummary& run, RunColumn column) {
  switch (column) {
    case RunColumn::Run: return static_cast<double>(std::atoll(run.id.c_str()));
    case RunColumn::Star: return run.starred ? 0 : 1;
    case RunColumn::Status: return static_cast<double>(run.status);
    // The better comes first, whatever is better.
    case RunColumn::Best: return run.smaller_is_better ? run.best : -run.best;
    case RunColumn::Last: return run.smaller_is_better ? run.last : -run.last;
    case RunColumn::Curve: return run.smaller_is_better ? run.last : -run.last;
    case RunColumn::BestEpoch: return run.best_epoch < 0 ? RunSummary::kUnknown : run.best_epoch;
    case RunColumn::Tta: return run.tta;
    case RunColumn::EpochTime: return run.seconds_per_epoch;
    case RunColumn::Peak: return static_cast<double>(run.peak_bytes > 0 ? run.peak_bytes : run.predicted_peak_bytes);
    case RunColumn::Seed: return static_cast<double>(run.seed);
    case RunColumn::Batch: return run.batch;
    case RunColumn::Epochs: return run.epochs;
    case RunColumn::ValidLoss: return run.valid_loss;
    case RunColumn::Duration: return run.seconds;
    default: return RunSummary::kUnknown;
  }
}

const std::string* words(const RunSummary& run, RunColumn column) {
  switch (column) {
    case RunColumn::Name: return &run.name;
    case RunColumn::Architecture: return &run.architecture;
    case RunColumn::Transforms: return &run.transforms;
    case RunColumn::Schedule: return &run.schedule;
    case RunColumn::Note: return &run.note;
    case RunColumn::Created: return &run.created;
    case RunColumn::Precision: return &run.precision;
    case RunColumn::Device: return &run.device;
    case RunColumn::Data: return &run.data;
    default: return nullptr;
  }
}

bool lessText(const std::string& a, const std::string& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    const auto small = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : int{c}; };
    return small(x) < small(y);
  });
}

std::array<ColumnWords, static_cast<std::size_t>(RunColumn::Count)> makeColumns() {
  using enum RunColumn;
  return {{
      {Run, tr("Run"), tr("The run's number. Tick two to twelve runs to compare them below: click, or press C."), true, true},
      {Star, tr("★"), tr("A star marks what you want to find again: click, or press S. The filter knows starred."), false, true},
      {Status, tr("Status"), tr("What has become of the run: running, finished, stopped, failed, interrupted."), false, true},
      {Name, tr("Name"), tr("Double click or F2 renames it. Names need not differ."), false, true},
      {Architecture, tr("Architecture"), tr("timm's name of the network, as in fastai's vision_learner."), false, true},
      {Transforms, tr("Transforms"), tr("What photos go through, from the file to the network: item resize, then batch transforms."), false, true},
      {Schedule, tr("Schedule"), tr("How long it trained, and with which learning rate."), false, false},
      {Best, tr("Best"), tr("Of its best epoch: the error rate on the validation photos, or what the run was told to keep the best of."), true, true},
      {BestEpoch, tr("At"), tr("The best epoch, of how many. The last one is not always the best."), true, true},
      {Last, tr("Last"), tr("The same figure of the last epoch."), true, true},
      {Curve, tr("Curve"), tr("The same figure epoch by epoch, each run in its own scale; the dot is the best."), false, true},
      {Tta, tr("TTA"), tr("The error rate with test-time augmentation: each validation photo predicted several times, augmented, and averaged."), true, true},
      {EpochTime, tr("Per epoch"), tr("Mean time of an epoch, minutes and seconds."), true, true},
      {Peak, tr("Peak, MiB"), tr("The most that tensors held at a time, measured / predicted before the run."), true, true},
      {Tags, tr("Tags"), tr("Words of your own to find runs by: press T. The filter knows tag:word."), false, true},
      {Note, tr("Note"), tr("A line of your own about the run: press N."), false, true},
      {Created, tr("Started"), tr("When the run began, in local time."), false, true},
      {Seed, tr("Seed"), tr("The number that all of its random draws come from. Runs that differ in it alone are repetitions."), true, false},
      {Batch, tr("Batch"), tr("Photos for each step of the optimizer: batch size times accumulation."), true, false},
      {Precision, tr("Precision"), tr("What the network computes in."), false, false},
      {Epochs, tr("Epochs"), tr("Epochs that it has done, of those that it was asked for."), true, false},
      {ValidLoss, tr("Valid loss"), tr("The loss on the validation photos in the last epoch."), true, false},
      {Duration, tr("Time"), tr("From its start to its end."), true, false},
      {Device, tr("Device"), tr("What it was trained on."), false, false},
      {Data, tr("Data set"), tr("The folder that its photos are in."), false, false},
  }};
}

}  // namespace

std::span<const ColumnWords> runColumns() {
  static const auto columns = makeColumns();
  return columns;
}

const ColumnWords& columnWords(RunColumn column) { return runColumns()[static_cast<std::size_t>(column)]; }

QString metricWords(const std::string& metric) { return text(metric).replace(QLatin1Char('_'), QLatin1Char(' ')); }

QString metricText(const std::string& metric, double value) {
  if (!std::isfinite(value)) return none();
  const bool share = endsWith(metric, "error_rate") || endsWith(metric, "accuracy");
  return share ? formatPercent(value) : QString::number(value, 'f', kDigits);
}

QString localTime(const std::string& utc) {
  QDateTime time = QDateTime::fromString(text(utc), Qt::ISODate);
  return time.isValid() ? time.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm")) : text(utc);
}

QString runTitle(const RunSummary& run) {
  return run.name.empty() ? tr("run %1").arg(text(run.id)) : tr("run %1, %2").arg(text(run.id), text(run.name));
}

QString statusWord(RunStatus status) { return QCoreApplication::translate("panicle::ui::RunsPage", toString(status)); }

QString statusIcon(RunStatus status) {
  switch (status) {
    case RunStatus::Queued: return QStringLiteral("list");
    case RunStatus::Running: return QStringLiteral("play");
    case RunStatus::Finished: return QStringLiteral("check");
    case RunStatus::Stopped: return QStringLiteral("stop");
    case RunStatus::Failed: return QStringLiteral("error");
    case RunStatus::Interrupted: return QStringLiteral("warning");
  }
  return {};
}

QString cellText(const RunSummary& run, RunColumn column) {
  switch (column) {
    case RunColumn::Run: return text(run.id);
    case RunColumn::Status: return statusWord(run.status);
    case RunColumn::Best: return monitored(run, run.best);
    case RunColumn::Last: return monitored(run, run.last);
    case RunColumn::BestEpoch:
      return run.best_epoch < 0 ? none() : QStringLiteral("%1 / %2").arg(run.best_epoch + 1).arg(std::max(run.epochs, run.best_epoch + 1));
    case RunColumn::Tta: return formatPercent(run.tta);
    case RunColumn::EpochTime: return formatDuration(run.seconds_per_epoch);
    case RunColumn::Peak: return peakText(run);
    case RunColumn::Tags: {
      QStringList tags;
      for (const std::string& tag : run.tags) tags << text(tag);
      return tags.join(QStringLiteral(", "));
    }
    case RunColumn::Created: return localTime(run.created);
    case RunColumn::Seed: return QString::number(run.seed);
    case RunColumn::Batch: return QString::number(run.batch);
    case RunColumn::Epochs: return QStringLiteral("%1 / %2").arg(run.epochs).arg(std::max(run.epochs, run.planned_epochs));
    case RunColumn::ValidLoss: return metricText("valid_loss", run.valid_loss);
    case RunColumn::Duration: return formatDuration(run.seconds);
    case RunColumn::Note: return text(run.note).simplified();
    default: break;
  }
  const std::string* known = words(run, column);
  return known ? text(*known) : QString();
}

QString cellTip(const RunSummary& run, RunColumn column) {
  switch (column) {
    case RunColumn::Status: return paragraph(statusTip(run));
    case RunColumn::Star: return paragraph(run.starred ? tr("Starred: click or S takes the star away.") : tr("Click or S gives it a star."));
    case RunColumn::Best:
    case RunColumn::BestEpoch:
    case RunColumn::Curve: return bestTip(run);
    case RunColumn::Peak: return peakTip(run);
    case RunColumn::Tta:
      return std::isfinite(run.tta) ? QString() : paragraph(tr("It made no predictions with test-time augmentation, or has not come to them yet."));
    case RunColumn::Run:
    case RunColumn::Name: return paragraph(runTitle(run));
    case RunColumn::Architecture:
    case RunColumn::Transforms: return paragraph(text(run.transforms) + QStringLiteral(" · ") + text(run.architecture) + QStringLiteral(" · ") + text(run.schedule));
    default: {
      const QString all = column == RunColumn::Note ? text(run.note) : cellText(run, column);
      return all.isEmpty() ? QString() : paragraph(all);
    }
  }
}

bool isKnown(const RunSummary& run, RunColumn column) {
  if (column == RunColumn::Tags) return !run.tags.empty();
  if (column == RunColumn::Peak) return run.peak_bytes > 0 || run.predicted_peak_bytes > 0;
  const std::string* known = words(run, column);
  return known ? !known->empty() : std::isfinite(number(run, column));
}

bool comesBefore(const RunSummary& a, const RunSummary& b, RunColumn column) {
  if (column == RunColumn::Tags) return a.tags < b.tags;
  if (const std::string* left = words(a, column)) return lessText(*left, *words(b, column));
  const bool monitored = column == RunColumn::Best || column == RunColumn::Last || column == RunColumn::Curve;
  if (monitored && a.monitor != b.monitor) return (a.monitor != "error_rate") != (b.monitor != "error_rate") ? a.monitor == "error_rate" : a.monitor < b.monitor;
  return number(a, column) < number(b, column);
}

}  // namespace panicle::ui
