#include "ui/train/compare_chooser.h"

#include <QSignalBlocker>
#include <utility>

#include "core/runs/run_store.h"
#include "ui/shared/jobs.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kShownCharacters = 14;

QString entryText(const RunRecord& record) {
  QStringList parts{QString::fromStdString(record.id)};
  if (!record.name.empty()) parts[0] += QStringLiteral("  ") + QString::fromStdString(record.name);
  parts << QString::fromStdString(record.spec.model.arch);
  if (const EpochRow* best = record.best()) {
    if (const auto error = best->metrics.find("error_rate"); error != best->metrics.end()) {
      parts << CompareChooser::tr("error %1").arg(formatPercent(error->second));
    }
  }
  return parts.join(QStringLiteral(" · "));
}

}  // namespace

CompareChooser::CompareChooser(Session& session, QWidget* parent) : QComboBox(parent), session_(session) {
  setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  setMinimumContentsLength(kShownCharacters);
  setAccessibleName(tr("Run to compare with"));
  setToolTip(tr("Draws the curves of another run as thin lines beneath these"));
  connect(this, &QComboBox::currentIndexChanged, this, [this](int index) {
    const std::string run = itemData(index).toString().toStdString();
    if (run == chosen_) return;
    chosen_ = run;
    Q_EMIT runChosen();
  });
  connect(&session_, &Session::runsChanged, this, &CompareChooser::refresh);
  fill();
  refresh();
}

void CompareChooser::setShown(const std::string& run) {
  if (run == shown_) return;
  shown_ = run;
  fill();
}

void CompareChooser::refresh() {
  if (reading_) {
    stale_ = true;
    return;
  }
  reading_ = true;
  const auto finished = [this] {
    reading_ = false;
    if (std::exchange(stale_, false)) refresh();
  };
  session_.jobs().start(
      this, tr("Looking for runs to compare with"),
      [store = &session_.store()](std::stop_token, const Progress&) {
        std::vector<Entry> entries;
        for (const RunRecord& record : store->list()) {
          const bool ended = record.status != RunStatus::Running && record.status != RunStatus::Queued;
          if (ended && !record.epochs.empty()) entries.push_back({record.id, entryText(record)});
        }
        return entries;
      },
      [this, finished](std::vector<Entry> entries) {
        entries_ = std::move(entries);
        fill();
        finished();
      },
      [this, finished](const QString& message) {
        session_.report(message);
        finished();
      });
}

void CompareChooser::fill() {
  const std::string before = chosen_;
  {
    const QSignalBlocker quiet(this);
    clear();
    addItem(tr("no run"), QString());
    for (const Entry& entry : entries_) {
      if (entry.id == shown_) continue;
      addItem(entry.text, QString::fromStdString(entry.id));
      setItemData(count() - 1, entry.text, Qt::ToolTipRole);
    }
    setEnabled(count() > 1);
    const int kept = findData(QString::fromStdString(chosen_));
    setCurrentIndex(std::max(0, kept));
    chosen_ = currentData().toString().toStdString();
  }
  if (chosen_ != before) Q_EMIT runChosen();
}

}  // namespace panicle::ui
