#include "ui/runs/settings_table.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QPixmap>
#include <algorithm>
#include <cmath>
#include <functional>

#include "ui/runs/run_columns.h"
#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kSwatch = 12;
constexpr int kMostWidth = 30;  // characters of a column

QIcon swatch(const QColor& color) {
  QPixmap picture(kSwatch, kSwatch);
  picture.fill(Qt::transparent);
  QPainter painter(&picture);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(color);
  painter.drawEllipse(QRectF(1, 1, kSwatch - 2, kSwatch - 2));
  return QIcon(picture);
}

QString bestText(const RunRecord& record) {
  const EpochRow* best = record.best();
  if (!best) return QStringLiteral("–");
  const std::string monitor = record.monitor();
  const QString figure = metricText(monitor, best->value(monitor));
  return SettingsTable::tr("%1 in epoch %2").arg(monitor == "error_rate" ? figure : metricWords(monitor) + QLatin1Char(' ') + figure).arg(best->epoch + 1);
}

QString lastText(const RunRecord& record) {
  if (record.epochs.empty()) return QStringLiteral("–");
  const std::string monitor = record.monitor();
  return metricText(monitor, record.epochs.back().value(monitor));
}

double resultOf(const RunRecord& record, const std::string& name) {
  const auto found = record.results.find(name);
  return found == record.results.end() ? RunSummary::kUnknown : found->second;
}

QString perEpoch(const RunRecord& record) {
  double sum = 0;
  for (const EpochRow& row : record.epochs) sum += row.seconds;
  return record.epochs.empty() ? QStringLiteral("–") : formatDuration(sum / static_cast<double>(record.epochs.size()));
}

}  // namespace

SettingsTable::SettingsTable(QWidget* parent) : QTableWidget(parent) {
  setAccessibleName(tr("Results and settings of the compared runs"));
  setToolTip(tr("One column a run. Below the results stand only the settings that are not the same in all of them. Ctrl+C copies the table."));
  setEditTriggers(QAbstractItemView::NoEditTriggers);
  setTableLook(*this);
  setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
}

void SettingsTable::setComparison(std::shared_ptr<const Comparison> comparison) {
  comparison_ = std::move(comparison);
  clear();
  setRowCount(0);
  setColumnCount(0);
  if (!comparison_) return;
  const auto& runs = *comparison_->runs;
  setColumnCount(1 + static_cast<int>(runs.size()));
  setHorizontalHeaderItem(0, new QTableWidgetItem(QString()));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    auto* title = new QTableWidgetItem(swatch(classColor(runs[i].color)), runs[i].label);
    title->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    title->setToolTip(QStringLiteral("<p>%1</p>").arg(QString::fromStdString(runs[i].record.name).toHtmlEscaped()));
    setHorizontalHeaderItem(1 + static_cast<int>(i), title);
  }
  addResults();
  addSpread();
  addSettings();
  resizeColumnsToContents();
  const int most = kMostWidth * fontMetrics().averageCharWidth();
  for (int column = 0; column < columnCount(); ++column) setColumnWidth(column, std::min(columnWidth(column) + kGrid, most));
}

void SettingsTable::addHeading(const QString& text) {
  const int row = rowCount();
  insertRow(row);
  auto* item = new QTableWidgetItem(text);
  QFont bold = font();
  bold.setBold(true);
  item->setFont(bold);
  item->setFlags(Qt::ItemIsEnabled);
  setItem(row, 0, item);
  setSpan(row, 0, 1, columnCount());
}

void SettingsTable::addRow(const QString& label, const QString& tip, const QStringList& values) {
  const int row = rowCount();
  insertRow(row);
  auto* name = new QTableWidgetItem(label);
  name->setToolTip(QStringLiteral("<p>%1</p>").arg(tip.toHtmlEscaped()));
  setItem(row, 0, name);
  for (int i = 0; i < values.size(); ++i) {
    auto* item = new QTableWidgetItem(values[i]);
    item->setToolTip(QStringLiteral("<p>%1: %2</p>").arg(label.toHtmlEscaped(), values[i].toHtmlEscaped()));
    setItem(row, 1 + i, item);
  }
}

void SettingsTable::addResults() {
  const auto row = [this](const QString& label, const QString& tip, const std::function<QString(const RunRecord&)>& text) {
    QStringList values;
    for (const ComparedRun& run : *comparison_->runs) values << text(run.record);
    addRow(label, tip, values);
  };
  addHeading(tr("Results"));
  row(tr("Best"), columnWords(RunColumn::Best).help, bestText);
  row(tr("Last epoch"), columnWords(RunColumn::Last).help, lastText);
  row(tr("With TTA"), columnWords(RunColumn::Tta).help, [](const RunRecord& record) { return formatPercent(resultOf(record, "tta_error_rate")); });
  row(tr("Per epoch"), columnWords(RunColumn::EpochTime).help, perEpoch);
  row(tr("Epochs"), columnWords(RunColumn::Epochs).help, [](const RunRecord& record) { return QString::number(record.epochs.size()); });
  row(tr("Peak memory"), columnWords(RunColumn::Peak).help,
      [](const RunRecord& record) { return record.peak_tensor_bytes > 0 ? formatBytes(record.peak_tensor_bytes) : QStringLiteral("–"); });
}

// Runs that differ in their seed alone tell how far luck goes.
void SettingsTable::addSpread() {
  if (!comparison_->hasRepetitions()) return;
  const auto& runs = *comparison_->runs;
  QStringList values;
  for (std::size_t i = 0; i < runs.size(); ++i) values << QString();
  for (const auto& group : comparison_->repetitions) {
    std::vector<double> best;
    for (std::size_t i : group) {
      const EpochRow* row = runs[i].record.best();
      best.push_back(row ? row->value(runs[i].record.monitor()) : RunSummary::kUnknown);
    }
    const Spread spread = spreadOf(best);
    if (spread.count < 2) continue;
    const std::string monitor = runs[group.front()].record.monitor();
    const QString words = tr("%1 ± %2 (%3 seeds)").arg(metricText(monitor, spread.mean), metricText(monitor, spread.deviation)).arg(spread.count);
    for (std::size_t i : group) values[static_cast<qsizetype>(i)] = words;
  }
  addRow(tr("Best over seeds"),
         tr("Mean and standard deviation of runs that differ in their seed alone. A difference between two settings that is not much larger "
            "than this is luck."),
         values);
}

void SettingsTable::addSettings() {
  addHeading(comparison_->settings.empty() ? tr("All settings are the same") : tr("Settings that differ"));
  for (const SettingDifference& difference : comparison_->settings) {
    QStringList values;
    for (const Json& value : difference.values) values << QString::fromStdString(settingText(value));
    addRow(QString::fromStdString(difference.label), QString::fromStdString(difference.path), values);
  }
}

QString SettingsTable::toText() const {
  QStringList lines;
  for (int row = -1; row < rowCount(); ++row) {
    QStringList cells;
    for (int column = 0; column < columnCount(); ++column) {
      const QTableWidgetItem* cell = row < 0 ? horizontalHeaderItem(column) : item(row, column);
      cells << (cell ? cell->text() : QString());
    }
    lines << cells.join(QLatin1Char('\t'));
  }
  return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

void SettingsTable::keyPressEvent(QKeyEvent* event) {
  if (event->matches(QKeySequence::Copy)) {
    QGuiApplication::clipboard()->setText(toText());
    return;
  }
  QTableWidget::keyPressEvent(event);
}

}  // namespace panicle::ui
