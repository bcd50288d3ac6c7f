#include "ui/train/epoch_table.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QScrollBar>
#include <QStyle>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/train/metrics.h"
#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kDigits = 6;  // as fastai prints
constexpr int kMostShare = 12 * kGrid;  // that a column gets beyond what it needs

QString figure(double value) { return QString::number(value, 'f', kDigits); }

// fastai's mm:ss.
QString fastaiTime(double seconds) {
  const auto whole = static_cast<qint64>(std::max(0.0, seconds));
  return QStringLiteral("%1:%2").arg(whole / 60, 2, 10, QLatin1Char('0')).arg(whole % 60, 2, 10, QLatin1Char('0'));
}

}  // namespace

EpochTable::EpochTable(QWidget* parent) : QTableWidget(parent) {
  setAccessibleName(tr("Epochs of the run"));
  setToolTip(tr("One row an epoch, as fastai prints it, but counted from 1. train_loss is smoothed over the batches; valid_loss and the metrics are of "
                "the validation photos.\nThe best epoch is bold. Ctrl+C copies the table."));
  setEditTriggers(QAbstractItemView::NoEditTriggers);
  setTableLook(*this);
  horizontalHeader()->setMinimumSectionSize(kGrid);
  setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  // The newest row stays in sight, unless the user looks at others.
  connect(verticalScrollBar(), &QScrollBar::actionTriggered, this,
          [this] { follows_ = verticalScrollBar()->sliderPosition() == verticalScrollBar()->maximum(); });
  connect(verticalScrollBar(), &QScrollBar::rangeChanged, this, [this](int, int last) {
    if (follows_) verticalScrollBar()->setValue(last);
  });
  begin({"error_rate", "accuracy"});
}

// As wide as the figures and names need; what is left goes to the losses and metrics, as long as the eye follows a row. With many
// metrics the table scrolls.
void EpochTable::fitColumns() {
  QFont bold = font();
  bold.setBold(true);
  const QFontMetrics metrics(bold);
  const int margin = 2 * style()->pixelMetric(QStyle::PM_FocusFrameHMargin, nullptr, this) + kGrid;
  const auto figures = [&](int column) { return column > 0 && column <= static_cast<int>(metrics_.size()) + 2; };
  std::vector<int> widths;
  int total = 0;
  for (int column = 0; column < columnCount(); ++column) {
    const QString sample = figures(column)           ? QStringLiteral("0.000000")
                           : column == bestColumn() ? tr("best")
                                                    : QStringLiteral("00:00");
    widths.push_back(margin + std::max(metrics.horizontalAdvance(sample), metrics.horizontalAdvance(horizontalHeaderItem(column)->text())));
    if (!isColumnHidden(column)) total += widths.back();
  }
  const int share = std::clamp((viewport()->width() - total) / (static_cast<int>(metrics_.size()) + 2), 0, kMostShare);
  for (int column = 0; column < columnCount(); ++column) {
    setColumnWidth(column, widths[static_cast<std::size_t>(column)] + (figures(column) ? share : 0));
  }
}

void EpochTable::changeEvent(QEvent* event) {
  QTableWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) fitColumns();
}

void EpochTable::resizeEvent(QResizeEvent* event) {
  QTableWidget::resizeEvent(event);
  fitColumns();
}

void EpochTable::begin(std::vector<std::string> metrics, std::string monitor) {
  metrics_ = std::move(metrics);
  monitor_ = std::move(monitor);
  scores_.clear();
  best_ = -1;
  setRowCount(0);
  QStringList names{QStringLiteral("epoch"), QStringLiteral("train_loss"), QStringLiteral("valid_loss")};
  for (const std::string& metric : metrics_) names << QString::fromStdString(metric);
  names << QStringLiteral("time") << QStringLiteral("skipped") << QString();
  for (int column = 0; column < columnCount(); ++column) setColumnHidden(column, false);
  setColumnCount(static_cast<int>(names.size()));
  setHorizontalHeaderLabels(names);
  for (int column = 0; column < columnCount(); ++column) {
    horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
  }
  horizontalHeaderItem(skippedColumn())->setToolTip(tr("Steps that were not taken, as their gradients were not finite (mixed precision)"));
  setColumnHidden(skippedColumn(), true);
  fitColumns();
}

void EpochTable::add(const EpochRow& epoch) {
  const int row = rowCount();
  QStringList cells{QString::number(epoch.epoch + 1), figure(epoch.train_loss), figure(epoch.valid_loss)};
  for (const std::string& metric : metrics_) {
    const auto found = epoch.metrics.find(metric);
    cells << (found == epoch.metrics.end() ? QString() : figure(found->second));
  }
  cells << fastaiTime(epoch.seconds) << QString::number(epoch.skipped_steps) << QString();
  const QString tip = epoch.phase.empty() ? QString() : tr("Stage %1, trained %2").arg(epoch.stage + 1).arg(QString::fromStdString(epoch.phase));
  insertRow(row);
  for (int column = 0; column < columnCount(); ++column) {
    auto* item = new QTableWidgetItem(cells[column]);
    item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    item->setToolTip(tip);
    setItem(row, column, item);
  }
  if (epoch.skipped_steps > 0 && isColumnHidden(skippedColumn())) {
    setColumnHidden(skippedColumn(), false);
    fitColumns();
  }
  scores_.push_back(score(epoch));
  markBest();
}

double EpochTable::score(const EpochRow& epoch) const {
  if (monitor_ == "train_loss") return epoch.train_loss;
  const auto found = epoch.metrics.find(monitor_.empty() ? "error_rate" : monitor_);
  if (found == epoch.metrics.end()) return epoch.valid_loss;
  return monitor_.empty() || smallerIsBetter(monitor_) ? found->second : -found->second;
}

void EpochTable::markBest() {
  int best = -1;
  double lowest = std::numeric_limits<double>::infinity();
  for (std::size_t row = 0; row < scores_.size(); ++row) {
    if (!(scores_[row] < lowest)) continue;
    lowest = scores_[row];
    best = static_cast<int>(row);
  }
  if (best == best_) return;
  for (int row : {best_, best}) {
    if (row < 0) continue;
    for (int column = 0; column < columnCount(); ++column) {
      QFont font = this->font();
      font.setBold(row == best);
      item(row, column)->setFont(font);
    }
    item(row, bestColumn())->setText(row == best ? tr("best") : QString());
  }
  best_ = best;
}

QString EpochTable::toText() const {
  QStringList lines;
  for (int row = -1; row < rowCount(); ++row) {
    QStringList cells;
    for (int column = 0; column < bestColumn(); ++column) {
      if (isColumnHidden(column)) continue;
      cells << (row < 0 ? horizontalHeaderItem(column)->text() : item(row, column)->text());
    }
    lines << cells.join(QLatin1Char('\t'));
  }
  return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

QSize EpochTable::sizeHint() const { return {40 * kGrid, horizontalHeader()->sizeHint().height() + 5 * verticalHeader()->defaultSectionSize() + 2}; }

void EpochTable::keyPressEvent(QKeyEvent* event) {
  if (event->matches(QKeySequence::Copy)) {
    QGuiApplication::clipboard()->setText(toText());
    return;
  }
  QTableWidget::keyPressEvent(event);
}

}  // namespace panicle::ui
