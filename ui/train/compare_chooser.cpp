#include "ui/train/compare_chooser.h"

#include <QSignalBlocker>
#include <QStylePainter>
#include <algorithm>
#include <utility>

#include "core/runs/run_store.h"
#include "ui/shared/runs_reader.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kFewestCharacters = 14;
constexpr int kMostCharacters = 44;
constexpr int kDigits = 4;

QString entryText(const RunSummary& run) {
  QStringList parts{QString::fromStdString(run.id)};
  if (!run.name.empty()) parts[0] += QStringLiteral("  ") + QString::fromStdString(run.name);
  parts << QString::fromStdString(run.architecture);
  if (run.best_epoch >= 0) {
    parts << (run.monitor == "error_rate"
                  ? CompareChooser::tr("best %1").arg(formatPercent(run.best))
                  : CompareChooser::tr("best %1 %2").arg(QString::fromStdString(run.monitor)).arg(run.best, 0, 'f', kDigits));
  }
  return parts.join(QStringLiteral(" · "));
}

}  // namespace

CompareChooser::CompareChooser(Session& session, QWidget* parent) : QComboBox(parent) {
  setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  setMinimumContentsLength(kFewestCharacters);
  setAccessibleName(tr("Run to compare with"));
  connect(this, &QComboBox::currentIndexChanged, this, [this](int index) {
    const std::string run = itemData(index).toString().toStdString();
    if (run == chosen_) return;
    chosen_ = run;
    updateTip();
    Q_EMIT runChosen();
  });
  fill();
  new RunsReader(
      session, this, tr("Looking for runs to compare with"),
      [](const RunStore& store) {
        std::vector<Entry> entries;
        for (const RunSummary& run : store.summaries()) {
          const bool ended = run.status != RunStatus::Running && run.status != RunStatus::Queued;
          if (ended && run.epochs > 0) entries.push_back({run.id, entryText(run)});
        }
        return entries;
      },
      [this](std::vector<Entry> entries) {
        entries_ = std::move(entries);
        fill();
      });
}

void CompareChooser::setShown(const std::string& run) {
  if (run == shown_) return;
  shown_ = run;
  fill();
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
  updateTip();
  updateGeometry();
  if (chosen_ != before) Q_EMIT runChosen();
}

void CompareChooser::updateTip() {
  if (count() <= 1) {
    return setToolTip(tr("No other run has finished an epoch yet. When a second one has, choose it here: its curves are drawn as thin lines\n"
                         "beneath these."));
  }
  const QString tip = tr("Draws the curves of another run as thin lines beneath these. \"best\" is what its best epoch had: the error rate,\nor what the run was told to keep the best of.");
  setToolTip(chosen_.empty() ? tip : currentText() + QLatin1Char('\n') + tip);
}

QSize CompareChooser::sizeHint() const {
  QSize size = QComboBox::sizeHint();
  const QFontMetrics metrics = fontMetrics();
  int widest = 0;
  for (int i = 0; i < count(); ++i) widest = std::max(widest, metrics.horizontalAdvance(itemText(i)));
  const int letter = metrics.horizontalAdvance(QLatin1Char('x'));
  size.rwidth() += std::clamp(widest - kFewestCharacters * letter, 0, (kMostCharacters - kFewestCharacters) * letter);
  return size;
}

void CompareChooser::paintEvent(QPaintEvent*) {
  QStylePainter painter(this);
  QStyleOptionComboBox option;
  initStyleOption(&option);
  painter.drawComplexControl(QStyle::CC_ComboBox, option);
  const QRect field = style()->subControlRect(QStyle::CC_ComboBox, &option, QStyle::SC_ComboBoxEditField, this);
  option.currentText = fontMetrics().elidedText(option.currentText, Qt::ElideRight, field.width() - kGrid / 2);
  painter.drawControl(QStyle::CE_ComboBoxLabel, option);
}

}  // namespace panicle::ui
