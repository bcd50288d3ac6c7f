#include "ui/shared/plot_canvas.h"

#include <QContextMenuEvent>
#include <QFileDialog>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QSaveFile>
#include <QTimer>
#include <QVBoxLayout>
#include <cmath>
#include <limits>
#include <set>

#include "ui/shared/plot_overlay.h"
#include "ui/shared/qcustomplot_header.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kRedrawMs = 50;  // 20 a second
constexpr double kZoomStep = 0.8;

// Ticks at whole numbers: there is no epoch 1.5.
class WholeTicker : public QCPAxisTicker {
 protected:
  double getTickStep(const QCPRange& range) override { return std::max(1.0, std::round(QCPAxisTicker::getTickStep(range))); }
  int getSubTickCount(double) override { return 0; }
};

QString csvCell(const QString& text) {
  if (!text.contains(QLatin1Char(',')) && !text.contains(QLatin1Char('"'))) return text;
  return QLatin1Char('"') + QString(text).replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"');
}

QString csvNumber(double value) {
  return std::isfinite(value) ? QString::number(value, 'g', QLocale::FloatingPointShortest) : QString();
}

}  // namespace

struct PlotCanvas::Impl {
  Impl(PlotCanvas& owner, const QString& xName, const QString& yName);

  void schedule();
  void redraw();
  void followData();
  void follow(QCPAxis* axis, bool keys);
  void fixMargins();
  void restyle();
  void setView(bool byUser);
  std::vector<PlotCurve> curvesFor(bool leftOnly) const;
  bool empty() const;
  void zoom(double factor);
  void moveCursor(int points);
  void save(const QString& kind);
  void setLog(QCPAxis* axis, bool on);

  PlotCanvas& self;
  QString xLabel, yLabel, title;
  QCustomPlot* plot;
  QCPTextElement* heading;
  QCPTextElement* rightHeading;
  QLabel* emptyLabel;
  QTimer timer;
  std::vector<CurveStyle> styles;
  std::vector<QCPGraph*> graphs;
  std::unique_ptr<CrossHair> crossHair;
  std::unique_ptr<EndLabels> endLabels;
  bool userView = false;   // zoomed or panned: the axes stay where they are
  bool dirty = true;
  bool fixedY = false;
  bool wholeX = false;
  int redraws = 0;
};

PlotCanvas::Impl::Impl(PlotCanvas& owner, const QString& xName, const QString& yName)
    : self(owner), xLabel(xName), yLabel(yName), plot(new QCustomPlot(&owner)) {
  auto* layout = new QVBoxLayout(&self);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(plot);
  plot->setFocusPolicy(Qt::NoFocus);
  plot->setMinimumSize(0, 0);
  plot->setSelectionTolerance(4);
  plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
  plot->setPlottingHints(QCP::phFastPolylines | QCP::phCacheLabels);
  plot->setNoAntialiasingOnDrag(true);
  for (QCPAxis* axis : {plot->xAxis, plot->yAxis, plot->yAxis2}) {
    axis->setNumberFormat(QStringLiteral("gb"));
    axis->setNumberPrecision(6);
    axis->ticker()->setTickCount(axis == plot->xAxis ? 6 : 4);
  }
  plot->axisRect()->setRangeZoomFactor(kZoomStep);
  plot->axisRect()->setRangeDragAxes({plot->xAxis}, {plot->yAxis, plot->yAxis2});
  plot->axisRect()->setRangeZoomAxes({plot->xAxis}, {plot->yAxis, plot->yAxis2});
  plot->axisRect()->setMinimumSize(40, 24);

  auto* top = new QCPLayoutGrid;
  plot->plotLayout()->insertRow(0);
  plot->plotLayout()->addElement(0, 0, top);
  heading = new QCPTextElement(plot);
  rightHeading = new QCPTextElement(plot);
  heading->setTextFlags(Qt::AlignLeft | Qt::AlignVCenter);
  rightHeading->setTextFlags(Qt::AlignRight | Qt::AlignVCenter);
  top->addElement(0, 0, heading);
  top->addElement(0, 1, rightHeading);
  plot->plotLayout()->setRowSpacing(0);

  emptyLabel = new QLabel(&self);
  emptyLabel->setAlignment(Qt::AlignCenter);
  emptyLabel->setWordWrap(true);
  emptyLabel->setAttribute(Qt::WA_TransparentForMouseEvents);
  crossHair = std::make_unique<CrossHair>(*plot, xLabel);
  endLabels = std::make_unique<EndLabels>(*plot);
  timer.setSingleShot(true);
  timer.setInterval(kRedrawMs);

  connect(&timer, &QTimer::timeout, &self, [this] { redraw(); });
  connect(plot, &QCustomPlot::afterLayout, &self, [this] {
    if (!plot->yAxis2->visible()) endLabels->place(graphs.size() > 1 ? curvesFor(true) : std::vector<PlotCurve>());
  });
  connect(plot, &QCustomPlot::mouseDoubleClick, &self, [this] { self.resetView(); });
  connect(plot, &QCustomPlot::mouseWheel, &self, [this](QWheelEvent* event) {
    // Over an axis the wheel zooms that axis alone.
    QList<QCPAxis*> axes{plot->xAxis, plot->yAxis, plot->yAxis2};
    for (QCPAxis* axis : axes) {
      if (axis->selectTest(event->position(), false) >= 0 && !plot->axisRect()->rect().contains(event->position().toPoint())) {
        axes = {axis};
        break;
      }
    }
    plot->axisRect()->setRangeZoomAxes(axes);
    setView(true);
  });
  connect(plot, &QCustomPlot::mouseMove, &self, [this](QMouseEvent* event) {
    if (event->buttons() & Qt::LeftButton) return setView(true);
    if (plot->axisRect()->rect().contains(event->pos())) {
      crossHair->showAt(plot->xAxis->pixelToCoord(event->position().x()), curvesFor(false));
    } else {
      crossHair->hide();
    }
  });
  connect(&Theme::instance(), &Theme::changed, &self, [this] { restyle(); });
}

bool PlotCanvas::Impl::empty() const {
  return std::all_of(graphs.begin(), graphs.end(), [](QCPGraph* graph) { return graph->data()->isEmpty(); });
}

std::vector<PlotCurve> PlotCanvas::Impl::curvesFor(bool leftOnly) const {
  std::vector<PlotCurve> curves;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    if (leftOnly && (styles[i].right || styles[i].faint)) continue;
    curves.push_back({styles[i].name, styles[i].color, graphs[i]});
  }
  return curves;
}

void PlotCanvas::Impl::schedule() {
  dirty = true;
  if (self.isVisible() && !timer.isActive()) timer.start();
}

void PlotCanvas::Impl::redraw() {
  if (!self.isVisible() || self.window()->isMinimized()) return;  // showEvent makes up for it
  dirty = false;
  ++redraws;
  const bool nothing = empty();
  emptyLabel->setVisible(nothing && !emptyLabel->text().isEmpty());
  if (!userView) followData();
  fixMargins();
  plot->replot(QCustomPlot::rpQueuedRefresh);
  if (crossHair->visible()) crossHair->showAt(crossHair->x(), curvesFor(false));
}

void PlotCanvas::Impl::followData() {
  follow(plot->xAxis, true);
  if (!fixedY) follow(plot->yAxis, false);
  if (plot->yAxis2->visible()) follow(plot->yAxis2, false);
}

// Fits an axis to the curves on it, with a little air; values near zero bring the zero in.
void PlotCanvas::Impl::follow(QCPAxis* axis, bool keys) {
  const bool log = axis->scaleType() == QCPAxis::stLogarithmic;
  const QCP::SignDomain domain = log ? QCP::sdPositive : QCP::sdBoth;
  QCPRange range;
  bool any = false;
  for (QCPGraph* graph : graphs) {
    if (!keys && graph->valueAxis() != axis) continue;
    bool found = false;
    const QCPRange own = keys ? graph->getKeyRange(found, domain) : graph->getValueRange(found, domain);
    if (!found) continue;
    range = any ? range.expanded(own) : own;
    any = true;
  }
  if (!any) {
    axis->setRange(log ? QCPRange(0.1, 1) : QCPRange(0, 1));
  } else if (log) {
    axis->setRange(range.lower / 1.1, range.upper * 1.1);
  } else if (keys) {
    const double air = wholeX ? 0.25 : range.size() == 0 ? 1 : 0;
    axis->setRange(range.lower - air, range.upper + air);
  } else {
    if (range.lower > 0 && range.lower < 0.5 * range.upper) range.lower = 0;
    const double air = range.size() > 0 ? 0.06 * range.size() : std::max(0.5, 0.1 * std::abs(range.upper));
    axis->setRange(range.lower == 0 ? 0 : range.lower - air, range.upper + air);
  }
}

// Room for the names at the curves' ends; with an axis at the right, the headings name the curves instead.
void PlotCanvas::Impl::fixMargins() {
  QCPAxisRect* area = plot->axisRect();
  if (plot->yAxis2->visible()) {
    area->setAutoMargins(QCP::msAll);
    area->setMinimumMargins(QMargins());
    return;
  }
  const int names = graphs.size() > 1 ? endLabels->width(curvesFor(true)) + 2 * kGrid : 2 * kGrid;
  area->setAutoMargins(QCP::msLeft | QCP::msTop | QCP::msBottom);
  area->setMargins(QMargins(0, 0, names, 0));
  area->setMinimumMargins(QMargins(5 * kGrid, kGrid / 2, 0, 0));
}

void PlotCanvas::Impl::restyle() {
  const ThemeColors& colors = Theme::instance().colors();
  plot->setFont(self.font());
  plot->setBackground(QBrush(colors.base));
  for (QCPAxis* axis : {plot->xAxis, plot->yAxis, plot->yAxis2}) {
    axis->setBasePen(QPen(colors.border));
    axis->setTickPen(QPen(colors.border));
    axis->setSubTickPen(Qt::NoPen);
    axis->setTickLabelColor(colors.mutedText);
    axis->setLabelColor(colors.mutedText);
    axis->setTickLabelFont(self.font());
    axis->setLabelFont(self.font());
    axis->setLabelPadding(0);
    axis->setTickLabelPadding(kGrid / 2);
    axis->grid()->setPen(QPen(colors.grid));
    axis->grid()->setZeroLinePen(QPen(colors.grid));
  }
  plot->xAxis->setLabel(xLabel);
  QString leftText = yLabel;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    const CurveStyle& style = styles[i];
    QColor line = style.color;
    if (style.faint) line.setAlphaF(Theme::instance().dark() ? 0.45F : 0.35F);
    const bool strong = !style.faint && !style.right;
    graphs[i]->setPen(QPen(line, strong ? 2 : 1));
    graphs[i]->setAdaptiveSampling(true);
    graphs[i]->setLineStyle(QCPGraph::lsLine);
    if (style.points) graphs[i]->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCircle, line, colors.base, 6));
    if (style.right) rightHeading->setTextColor(readable(style.color));
  }
  if (!title.isEmpty()) leftText += QStringLiteral("  \u00b7  ") + title;
  heading->setText(leftText);
  heading->setFont(self.font());
  heading->setTextColor(title.isEmpty() ? colors.text : colors.mutedText);
  rightHeading->setFont(self.font());
  QPalette palette = emptyLabel->palette();
  palette.setColor(QPalette::WindowText, colors.mutedText);
  emptyLabel->setPalette(palette);
  crossHair->restyle();
  schedule();
}

void PlotCanvas::Impl::setView(bool byUser) {
  userView = byUser;
  if (!byUser) schedule();
}

void PlotCanvas::Impl::setLog(QCPAxis* axis, bool on) {
  axis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  axis->setTicker(on ? QSharedPointer<QCPAxisTicker>(new QCPAxisTickerLog)
                     : QSharedPointer<QCPAxisTicker>(axis == plot->xAxis && wholeX ? new WholeTicker : new QCPAxisTicker));
  axis->ticker()->setTickCount(axis == plot->xAxis ? 6 : 4);
  setView(false);
}

void PlotCanvas::Impl::zoom(double factor) {
  setView(true);
  plot->xAxis->scaleRange(factor, crossHair->visible() ? crossHair->x() : plot->xAxis->range().center());
  schedule();
}

void PlotCanvas::Impl::moveCursor(int points) {
  const auto curves = curvesFor(false);
  const QCPGraph* densest = nullptr;
  for (const PlotCurve& curve : curves) {
    if (!densest || curve.graph->dataCount() > densest->dataCount()) densest = curve.graph;
  }
  if (!densest || densest->dataCount() == 0) return;
  const int last = densest->dataCount() - 1;
  const int at = crossHair->visible() ? densest->findBegin(crossHair->x(), false) : last;
  crossHair->showAt(densest->dataMainKey(std::clamp(at + points, 0, last)), curves);
}

void PlotCanvas::Impl::save(const QString& kind) {
  const QString filter = kind.toUpper() + QStringLiteral(" (*.") + kind + QLatin1Char(')');
  QString file = QFileDialog::getSaveFileName(&self, PlotCanvas::tr("Save the plot"), yLabel + QLatin1Char('.') + kind, filter);
  if (file.isEmpty()) return;
  bool written = false;
  if (kind == QLatin1String("png")) {
    written = self.savePng(file, plot->width(), plot->height());
  } else if (kind == QLatin1String("pdf")) {
    written = self.savePdf(file, plot->width(), plot->height());
  } else {
    QSaveFile out(file);
    written = out.open(QIODevice::WriteOnly) && out.write(self.toCsv().toUtf8()) >= 0 && out.commit();
  }
  if (!written) {
    Q_EMIT self.failed(PlotCanvas::tr("%1 could not be written. Choose another folder, or make room on the disk.").arg(file));
  }
}

PlotCanvas::PlotCanvas(const QString& xLabel, const QString& yLabel, QWidget* parent)
    : QWidget(parent), impl_(std::make_unique<Impl>(*this, xLabel, yLabel)) {
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Plot of %1 over %2").arg(yLabel, xLabel));
  impl_->restyle();
}

PlotCanvas::~PlotCanvas() = default;

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
  points.reserve(static_cast<qsizetype>(count));
  for (std::size_t i = 0; i < count; ++i) {
    points.append(QCPGraphData(x[i], std::isfinite(y[i]) ? y[i] : std::numeric_limits<double>::quiet_NaN()));
  }
  impl_->graphs[static_cast<std::size_t>(curve)]->data()->set(points);
  impl_->schedule();
}

void PlotCanvas::clear() {
  for (QCPGraph* graph : impl_->graphs) graph->data()->clear();
  impl_->crossHair->hide();
  resetView();
}

int PlotCanvas::pointCount(int curve) const { return impl_->graphs[static_cast<std::size_t>(curve)]->dataCount(); }

void PlotCanvas::setTitle(const QString& title) {
  if (impl_->title == title) return;
  impl_->title = title;
  impl_->restyle();
}

void PlotCanvas::setLogX(bool on) { impl_->setLog(impl_->plot->xAxis, on); }

void PlotCanvas::setLogY(bool on) { impl_->setLog(impl_->plot->yAxis, on); }

void PlotCanvas::setWholeX(bool on) {
  impl_->wholeX = on;
  impl_->setLog(impl_->plot->xAxis, impl_->plot->xAxis->scaleType() == QCPAxis::stLogarithmic);
}

void PlotCanvas::setYRange(double low, double high) {
  impl_->fixedY = low != high;
  if (impl_->fixedY) impl_->plot->yAxis->setRange(low, high);
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

int PlotCanvas::redraws() const { return impl_->redraws; }

QSize PlotCanvas::sizeHint() const { return {48 * kGrid, 22 * kGrid}; }

QSize PlotCanvas::minimumSizeHint() const { return {16 * kGrid, 11 * kGrid}; }

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
  impl_->crossHair->hide();
}

void PlotCanvas::keyPressEvent(QKeyEvent* event) {
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
  impl_->crossHair->hide();
}

void PlotCanvas::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  impl_->emptyLabel->setGeometry(rect().adjusted(5 * kGrid, 3 * kGrid, -2 * kGrid, -3 * kGrid));
}

void PlotCanvas::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (impl_->dirty) impl_->redraw();
}

}  // namespace panicle::ui
