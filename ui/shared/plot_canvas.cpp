#include "ui/shared/plot_canvas.h"

#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "ui/shared/plot_canvas_impl.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString csvCell(const QString& text) {
  if (!text.contains(QLatin1Char(',')) && !text.contains(QLatin1Char('"'))) return text;
  return QLatin1Char('"') + QString(text).replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"');
}

QString csvNumber(double value) {
  return std::isfinite(value) ? QString::number(value, 'g', QLocale::FloatingPointShortest) : QString();
}

}  // namespace

PlotCanvas::PlotCanvas(const QString& xLabel, const QString& yLabel, QWidget* parent)
    : QWidget(parent), impl_(std::make_unique<Impl>(*this, xLabel, yLabel)) {
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Plot of %1 over %2").arg(yLabel, xLabel));
  impl_->restyle();
}

PlotCanvas::~PlotCanvas() {
  if (impl_->linked) impl_->linked->linked = nullptr;
}

int PlotCanvas::addCurve(const CurveStyle& style) {
  Impl& d = *impl_;
  QCPAxis* axis = style.right ? d.plot->yAxis2 : d.plot->yAxis;
  if (style.right) {
    d.plot->yAxis2->setVisible(true);
    d.rightHeading->setText(style.name);
  }
  d.styles.push_back(style);
  d.graphs.push_back(d.plot->addGraph(d.plot->xAxis, axis));
  d.restyle();
  return static_cast<int>(d.graphs.size()) - 1;
}

void PlotCanvas::append(int curve, double x, double y) {
  impl_->graphs[static_cast<std::size_t>(curve)]->addData(x, std::isfinite(y) ? y : std::numeric_limits<double>::quiet_NaN());
  impl_->schedule();
}

void PlotCanvas::setData(int curve, const std::vector<double>& x, const std::vector<double>& y) {
  QVector<QCPGraphData> points;
  const std::size_t count = std::min(x.size(), y.size());
  const bool sorted = std::is_sorted(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(count));
  points.reserve(static_cast<qsizetype>(count));
  for (std::size_t i = 0; i < count; ++i) {
    points.append(QCPGraphData(x[i], std::isfinite(y[i]) ? y[i] : std::numeric_limits<double>::quiet_NaN()));
  }
  impl_->graphs[static_cast<std::size_t>(curve)]->data()->set(points, sorted);
  impl_->schedule();
}

void PlotCanvas::setSpread(int curve, const std::vector<double>& deviation) {
  const auto at = static_cast<std::size_t>(curve);
  QCPGraph* graph = impl_->graphs[at];
  auto* bars = new QCPErrorBars(graph->keyAxis(), graph->valueAxis());
  bars->setDataPlottable(graph);
  bars->setPen(QPen(impl_->styles[at].color, 1));
  bars->setData(QVector<double>(deviation.begin(), deviation.end()));
  impl_->bars.push_back(bars);
  impl_->schedule();
}

void PlotCanvas::clear() {
  for (QCPGraph* graph : impl_->graphs) graph->data()->clear();
  impl_->hideCursor();
  clearNotes();
  resetView();
}

void PlotCanvas::removeCurves() {
  Impl& d = *impl_;
  d.crossHair->forget();
  d.plot->clearPlottables();  // graphs and their error bars
  d.graphs.clear();
  d.bars.clear();
  d.styles.clear();
  d.plot->yAxis2->setVisible(false);
  d.rightHeading->setText({});
  d.schedule();
}

void PlotCanvas::addNote(double x, const QString& text) {
  impl_->notes->add(x, text);
  impl_->schedule();
}

void PlotCanvas::clearNotes() {
  impl_->notes->clear();
  impl_->schedule();
}

void PlotCanvas::link(PlotCanvas& a, PlotCanvas& b) {
  a.impl_->linked = b.impl_.get();
  b.impl_->linked = a.impl_.get();
}

int PlotCanvas::pointCount(int curve) const { return impl_->graphs[static_cast<std::size_t>(curve)]->dataCount(); }

void PlotCanvas::setTitle(const QString& title) {
  if (impl_->title == title) return;
  impl_->title = title;
  impl_->restyle();
}

void PlotCanvas::setYLabel(const QString& label) {
  if (impl_->yLabel == label) return;
  impl_->yLabel = label;
  setAccessibleName(tr("Plot of %1 over %2").arg(label, impl_->xLabel));
  impl_->restyle();
}

void PlotCanvas::setLogX(bool on) { impl_->setLog(impl_->plot->xAxis, on); }

void PlotCanvas::setLogY(bool on) { impl_->setLog(impl_->plot->yAxis, on); }

void PlotCanvas::setWholeX(bool on, int offset) {
  impl_->wholeX = on;
  impl_->offset = offset;
  impl_->crossHair->setOffset(offset);
  impl_->setLog(impl_->plot->xAxis, impl_->plot->xAxis->scaleType() == QCPAxis::stLogarithmic);
}

void PlotCanvas::setYRange(double low, double high) {
  impl_->fixedY = QCPRange(low, high);
  impl_->schedule();
}

void PlotCanvas::setEmptyText(const QString& text) {
  impl_->emptyLabel->setText(text);
  impl_->schedule();
}

void PlotCanvas::resetView() { impl_->setView(false); }

QString PlotCanvas::toCsv() const {
  std::set<double> keys;
  QString csv = csvCell(impl_->xLabel);
  for (std::size_t i = 0; i < impl_->graphs.size(); ++i) {
    csv += QLatin1Char(',') + csvCell(impl_->styles[i].name);
    for (const QCPGraphData& point : *impl_->graphs[i]->data()) keys.insert(point.key);
  }
  csv += QLatin1Char('\n');
  std::vector<QCPGraphDataContainer::const_iterator> at;
  for (const QCPGraph* graph : impl_->graphs) at.push_back(graph->data()->constBegin());
  for (double key : keys) {
    csv += csvNumber(key);
    for (std::size_t i = 0; i < at.size(); ++i) {
      csv += QLatin1Char(',');
      const auto end = impl_->graphs[i]->data()->constEnd();
      if (at[i] == end || at[i]->key != key) continue;
      csv += csvNumber(at[i]->value);
      while (at[i] != end && at[i]->key == key) ++at[i];
    }
    csv += QLatin1Char('\n');
  }
  return csv;
}

bool PlotCanvas::savePng(const QString& file, int width, int height) {
  if (!impl_->userView) impl_->followData();
  impl_->fixMargins();
  return impl_->plot->savePng(file, width, height, 2.0);
}

bool PlotCanvas::savePdf(const QString& file, int width, int height) {
  if (!impl_->userView) impl_->followData();
  impl_->fixMargins();
  return impl_->plot->savePdf(file, width, height);
}

QString PlotCanvas::cursorText() const { return impl_->crossHair->text(); }

QRect PlotCanvas::cursorCard() const { return impl_->crossHair->card(); }

QStringList PlotCanvas::tickLabels(Qt::Orientation axis) const {
  return (axis == Qt::Horizontal ? impl_->plot->xAxis : impl_->plot->yAxis)->tickVectorLabels();
}

int PlotCanvas::redraws() const { return impl_->redraws; }

double PlotCanvas::redrawMs() const { return impl_->plot->replotTime(true); }

QSize PlotCanvas::sizeHint() const { return {48 * kGrid, 22 * kGrid}; }

QSize PlotCanvas::minimumSizeHint() const { return {16 * kGrid, 11 * kGrid}; }

// The values under the cursor are told by the cross-hair: a tooltip would lie over them.
bool PlotCanvas::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip && impl_->crossHair->visible()) return true;
  return QWidget::event(event);
}

void PlotCanvas::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) impl_->restyle();
}

void PlotCanvas::contextMenuEvent(QContextMenuEvent* event) {
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  const auto saveAs = [&](const QString& text, const QString& kind) {
    menu->addAction(text, this, [this, kind] { impl_->save(kind); })->setEnabled(!impl_->empty());
  };
  saveAs(tr("Save as PNG..."), QStringLiteral("png"));
  saveAs(tr("Save as PDF..."), QStringLiteral("pdf"));
  saveAs(tr("Save the values as CSV..."), QStringLiteral("csv"));
  menu->addSeparator();
  const auto logAxis = [&](const QString& text, QCPAxis* axis) {
    QAction* action = menu->addAction(text);
    action->setCheckable(true);
    action->setChecked(axis->scaleType() == QCPAxis::stLogarithmic);
    connect(action, &QAction::toggled, this, [this, axis](bool on) { impl_->setLog(axis, on); });
  };
  logAxis(tr("Logarithmic %1").arg(impl_->xLabel), impl_->plot->xAxis);
  logAxis(tr("Logarithmic %1").arg(impl_->yLabel), impl_->plot->yAxis);
  menu->addSeparator();
  menu->addAction(tr("Show everything"), this, [this] { resetView(); })->setEnabled(impl_->userView);
  menu->popup(event->globalPos());
}

void PlotCanvas::focusInEvent(QFocusEvent* event) {
  QWidget::focusInEvent(event);
  if (event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason) impl_->moveCursor(0);
}

void PlotCanvas::focusOutEvent(QFocusEvent* event) {
  QWidget::focusOutEvent(event);
  impl_->hideCursor();
}

void PlotCanvas::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  impl_->hideCursor();
}

void PlotCanvas::keyPressEvent(QKeyEvent* event) {
  if (impl_->moveMarker(*event)) return;
  const int stride = event->modifiers() & Qt::ControlModifier ? 50 : 1;
  switch (event->key()) {
    case Qt::Key_Left: return impl_->moveCursor(-stride);
    case Qt::Key_Right: return impl_->moveCursor(stride);
    case Qt::Key_Plus: return impl_->zoom(kZoomStep);
    case Qt::Key_Minus: return impl_->zoom(1 / kZoomStep);
    case Qt::Key_0: return resetView();
    default: QWidget::keyPressEvent(event);
  }
}

void PlotCanvas::leaveEvent(QEvent* event) {
  QWidget::leaveEvent(event);
  impl_->hideCursor();
}

void PlotCanvas::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  impl_->emptyLabel->setGeometry(rect().adjusted(5 * kGrid, 3 * kGrid, -2 * kGrid, -3 * kGrid));
  impl_->schedule();  // another width bears other ticks
}

void PlotCanvas::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (impl_->dirty) impl_->redraw();
}

}  // namespace panicle::ui
