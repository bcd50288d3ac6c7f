#include "ui/train/epoch_table.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QScrollBar>
#include <cmath>
#include <limits>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kDigits = 6;  // as fastai prints

QString figure(double value) { return QString::number(value, 'f', kDigits); }

// fastai's mm:ss.
QString fastaiTime(double seconds) {
  const auto whole = static_cast<qint64>(std::max(0.0, seconds));
  return QStringLiteral("%1:%2").arg(whole / 60, 2, 10, QLatin1Char('0')).arg(whole % 60, 2, 10, QLatin1Char('0'));
}

}  // namespace

EpochTable::EpochTable(QWidget* parent) : QTableWidget(parent) {
  setAccessibleName(tr("Epochs of the run"));
  setToolTip(tr("One row an epoch, as fastai prints it. train_loss is smoothed over the batches; valid_loss and the metrics are of "
                "the validation photos.\nCtrl+C copies the table."));
  setEditTriggers(QAbstractItemView::NoEditTriggers);
  setSelectionBehavior(QAbstractItemView::SelectRows);
  setTabKeyNavigation(false);
  setShowGrid(false);
  setAlternatingRowColors(true);
  setWordWrap(false);
  verticalHeader()->hide();
  horizontalHeader()->setHighlightSections(false);
  horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
  horizontalHeader()->setMinimumSectionSize(6 * kGrid);
  // The newest row stays in sight, unless the user looks at others.
  connect(verticalScrollBar(), &QScrollBar::actionTriggered, this,
          [this] { follows_ = verticalScrollBar()->sliderPosition() == verticalScrollBar()->maximum(); });
  connect(verticalScrollBar(), &QScrollBar::rangeChanged, this, [this](int, int last) {
    if (follows_) verticalScrollBar()->setValue(last);
  });
  fitRows();
  begin({"error_rate", "accuracy"});
}

void EpochTable::fitRows() { verticalHeader()->setDefaultSectionSize(fontMetrics().height() + kGrid); }

void EpochTable::changeEvent(QEvent* event) {
  QTableWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) fitRows();
}

void EpochTable::begin(std::vector<std::string> metrics) {
  metrics_ = std::move(metrics);
  scores_.clear();
  best_ = -1;
  setRowCount(0);
  QStringList names{QStringLiteral("epoch"), QStringLiteral("train_loss"), QStringLiteral("valid_loss")};
  for (const std::string& metric : metrics_) names << QString::fromStdString(metric);
  names << QStringLiteral("time") << QString();
  setColumnCount(static_cast<int>(names.size()));
  setHorizontalHeaderLabels(names);
  for (int column = 0; column < columnCount(); ++column) {
    horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
  }
  for (int narrow : {0, columnCount() - 2, columnCount() - 1}) {
    horizontalHeader()->setSectionResizeMode(narrow, QHeaderView::ResizeToContents);
  }
}

void EpochTable::add(const EpochRow& epoch) {
  const int row = rowCount();
  QStringList cells{QString::number(epoch.epoch), figure(epoch.train_loss), figure(epoch.valid_loss)};
  for (const std::string& metric : metrics_) {
    const auto found = epoch.metrics.find(metric);
    cells << (found == epoch.metrics.end() ? QString() : figure(found->second));
  }
  cells << fastaiTime(epoch.seconds) << QString();
  insertRow(row);
  for (int column = 0; column < columnCount(); ++column) {
    auto* item = new QTableWidgetItem(cells[column]);
    item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    if (!epoch.phase.empty()) item->setToolTip(tr("Trained %1").arg(QString::fromStdString(epoch.phase)));
    setItem(row, column, item);
  }
  const auto error = epoch.metrics.find("error_rate");
  scores_.push_back(error == epoch.metrics.end() ? epoch.valid_loss : error->second);
  markBest();
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
    item(row, columnCount() - 1)->setText(row == best ? tr("best") : QString());
  }
  best_ = best;
}

QString EpochTable::toText() const {
  QStringList lines;
  QStringList names;
  for (int column = 0; column + 1 < columnCount(); ++column) names << horizontalHeaderItem(column)->text();
  lines << names.join(QLatin1Char('\t'));
  for (int row = 0; row < rowCount(); ++row) {
    QStringList cells;
    for (int column = 0; column + 1 < columnCount(); ++column) cells << item(row, column)->text();
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
