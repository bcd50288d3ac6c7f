#include "ui/shared/plot_canvas_impl.h"

#include <QFileDialog>
#include <QSaveFile>
#include <QToolTip>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kRedrawMs = 50;  // 20 a second
constexpr double kIdleShare = 3;  // between redraws, in times of one
constexpr int kSmoothPoints = 4;
constexpr int kMostTicks = 10;
constexpr int kMarkerRoom = 6;    // pixels between a marker and the end of its axis

// Not by transparency: where a dense line crosses itself it would not stay faint, and it draws slower.
QColor mixed(const QColor& a, const QColor& b, float share) {
  return QColor::fromRgbF(a.redF() * (1 - share) + b.redF() * share, a.greenF() * (1 - share) + b.greenF() * share,
                          a.blueF() * (1 - share) + b.blueF() * share);
}

void styleAxis(QCPAxis* axis, const ThemeColors& colors, const QFont& font) {
  axis->setBasePen(QPen(colors.border));
  axis->setTickPen(QPen(colors.border));
  axis->setSubTickPen(Qt::NoPen);
  axis->setTickLabelColor(colors.mutedText);
  axis->setLabelColor(colors.mutedText);
  axis->setTickLabelFont(font);
  axis->setLabelFont(font);
  axis->setLabelPadding(0);
  axis->setTickLabelPadding(kGrid / 2);
  axis->grid()->setPen(QPen(colors.grid));
  axis->grid()->setZeroLinePen(QPen(colors.grid));
}

}  // namespace

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
    axis->setTicker(QSharedPointer<QCPAxisTicker>(new RoundTicker));
  }
  plot->axisRect()->setRangeZoomFactor(kZoomStep);
  plot->axisRect()->setRangeDragAxes({plot->xAxis}, {plot->yAxis, plot->yAxis2});
  plot->axisRect()->setRangeZoomAxes({plot->xAxis}, {plot->yAxis, plot->yAxis2});
  plot->axisRect()->setMinimumSize(40, 24);

  makeHeadings();

  emptyLabel = new QLabel(&self);
  emptyLabel->setAlignment(Qt::AlignCenter);
  emptyLabel->setWordWrap(true);
  emptyLabel->setAttribute(Qt::WA_TransparentForMouseEvents);
  notes = std::make_unique<PlotNotes>(*plot);
  crossHair = std::make_unique<CrossHair>(*plot, xLabel, *notes);
  endLabels = std::make_unique<EndLabels>(*plot);
  markers = std::make_unique<PlotMarkers>(*plot);
  timer.setSingleShot(true);
  timer.setInterval(kRedrawMs);
  listen();
  listenToMarkers();
}

void PlotCanvas::Impl::makeHeadings() {
  auto* top = new QCPLayoutGrid;
  plot->plotLayout()->insertRow(0);
  plot->plotLayout()->addElement(0, 0, top);
  heading = new QCPTextElement(plot);
  titleElement = new QCPTextElement(plot);
  rightHeading = new QCPTextElement(plot);
  heading->setTextFlags(Qt::AlignLeft | Qt::AlignVCenter);
  titleElement->setTextFlags(Qt::AlignLeft | Qt::AlignVCenter);
  rightHeading->setTextFlags(Qt::AlignRight | Qt::AlignVCenter);
  top->addElement(0, 0, heading);
  top->addElement(0, 1, titleElement);
  top->addElement(0, 2, rightHeading);
  top->setColumnStretchFactor(0, 0.001);  // as wide as its text
  top->setColumnSpacing(kGrid);
  top->setMargins(QMargins(kGrid / 2, kGrid / 4, kGrid / 2, 0));
  plot->plotLayout()->setRowSpacing(0);
}

void PlotCanvas::Impl::listen() {
  connect(&timer, &QTimer::timeout, &self, [this] { redraw(); });
  connect(plot, &QCustomPlot::afterLayout, &self, [this] {
    if (!plot->yAxis2->visible()) endLabels->place(graphs.size() > 1 ? curvesFor(true) : std::vector<PlotCurve>());
    notes->place();
    markers->place();
    if (fixTicks()) plot->replot(QCustomPlot::rpQueuedReplot);  // another size bears other ticks
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
    if (markers->dragged() >= 0) return;
    if (event->buttons() & Qt::LeftButton) return setView(true);
    if (plot->axisRect()->rect().contains(event->pos())) {
      showCursor(plot->xAxis->pixelToCoord(event->position().x()));
    } else {
      hideCursor();
    }
  });
  connect(plot->xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), &self, [this](const QCPRange& range) {
    if (!userView || !linked || linked->plot->xAxis->range() == range) return;
    linked->userView = true;
    linked->plot->xAxis->setRange(range);
    linked->schedule();
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
  if (!self.isVisible() || timer.isActive()) return;
  // Curves that take long to draw are drawn less often: the window stays quick.
  timer.setInterval(std::max(kRedrawMs, static_cast<int>(kIdleShare * plot->replotTime(true))));
  timer.start();
}

void PlotCanvas::Impl::redraw() {
  if (!self.isVisible()) return;                          // showEvent makes up for it
  if (self.window()->isMinimized()) return timer.start();  // looks again later
  dirty = false;
  ++redraws;
  const bool nothing = empty();
  emptyLabel->setVisible(nothing && !emptyLabel->text().isEmpty());
  for (QCPAxis* axis : {plot->xAxis, plot->yAxis, plot->yAxis2}) {
    axis->setTickLabels(!nothing);
    axis->setTicks(!nothing);
    axis->grid()->setVisible(!nothing && axis != plot->yAxis2);
  }
  // A dense noisy line is a band in which nobody sees the smoothing, which is most of the work.
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    graphs[i]->setAntialiased(!styles[i].faint || graphs[i]->dataCount() < kSmoothPoints * plot->width());
  }
  if (!userView) followData();
  fixMargins();
  plot->replot(QCustomPlot::rpQueuedRefresh);
  if (crossHair->visible()) tell(crossHair->x());
}

void PlotCanvas::Impl::followData() {
  if (fixedX.size() > 0) {
    plot->xAxis->setRange(fixedX);
  } else {
    follow(plot->xAxis, true);
  }
  if (fixedY.size() > 0) {
    plot->yAxis->setRange(fixedY);
  } else {
    follow(plot->yAxis, false);
  }
  if (plot->yAxis2->visible()) follow(plot->yAxis2, false);
}

// Fits an axis to the curves on it, with a little air; values near zero bring the zero in. Markers at the ends are whole.
void PlotCanvas::Impl::follow(QCPAxis* axis, bool keys) {
  const bool log = axis->scaleType() == QCPAxis::stLogarithmic;
  const QCP::SignDomain domain = log ? QCP::sdPositive : QCP::sdBoth;
  QCPRange range, marked;
  bool any = false, anyMarked = false;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    if (!keys && graphs[i]->valueAxis() != axis) continue;
    bool found = false;
    const QCPRange own = keys ? graphs[i]->getKeyRange(found, domain) : graphs[i]->getValueRange(found, domain);
    if (!found) continue;
    range = any ? range.expanded(own) : own;
    any = true;
    if (!styles[i].points) continue;
    marked = anyMarked ? marked.expanded(own) : own;
    anyMarked = true;
  }
  if (!any) {
    axis->setRange(log ? QCPRange(0.1, 1) : QCPRange(0, 1));
    return;
  }
  if (!keys) range = barRange(axis, range, domain);
  if (log) {
    axis->setRange(range.lower / 1.1, range.upper * 1.1);
    return;
  }
  if (keys) {
    const double air = wholeX ? 0.25 : range.size() == 0 ? 1 : 0;
    range = QCPRange(range.lower - air, range.upper + air);
  } else {
    if (range.lower > 0 && range.lower < 0.5 * range.upper) range.lower = 0;
    // Values that hardly differ are not blown up until the last digit fills the plot.
    const double least = std::max(0.02 * std::abs(range.upper), 1e-12);
    const double air = std::max(0.06 * range.size(), 0.5 * (least - range.size()));
    range = QCPRange(range.lower == 0 ? 0 : range.lower - air, range.upper + air);
  }
  if (anyMarked) {
    const int pixels = keys ? plot->axisRect()->width() : plot->axisRect()->height();
    const double room = range.size() * kMarkerRoom / std::max(pixels - 2 * kMarkerRoom, 4 * kMarkerRoom);
    range = range.expanded(QCPRange(marked.lower - room, marked.upper + room));
  }
  axis->setRange(range);
}

// With the error bars on the axis.
QCPRange PlotCanvas::Impl::barRange(const QCPAxis* axis, QCPRange range, QCP::SignDomain domain) const {
  for (const QCPAbstractPlottable* of : bars) {
    if (of->valueAxis() != axis) continue;
    bool found = false;
    const QCPRange own = of->getValueRange(found, domain);
    if (found) range.expand(own);
  }
  return range;
}

// Room for the names at the curves' ends; with an axis at the right, the headings name the curves instead.
void PlotCanvas::Impl::fixMargins() {
  QCPAxisRect* area = plot->axisRect();
  const int top = QFontMetrics(plot->font()).height() / 2 + 2;  // the highest tick label reaches above the axis
  fixTicks();
  if (plot->yAxis2->visible()) {
    area->setAutoMargins(QCP::msAll);
    area->setMinimumMargins(QMargins(0, top, 0, 0));
    return;
  }
  const int names = graphs.size() > 1 ? endLabels->width(curvesFor(true)) + 2 * kGrid : 2 * kGrid;
  area->setAutoMargins(QCP::msLeft | QCP::msTop | QCP::msBottom);
  area->setMargins(QMargins(0, 0, names, 0));
  area->setMinimumMargins(QMargins(5 * kGrid, top, 0, 0));
}

// By the size of the axes and of their labels. False when it was so already.
bool PlotCanvas::Impl::fixTicks() {
  const QFontMetrics metrics(plot->font());
  const auto room = [](int length, int label, int air, int most) {
    return TickRoom{.wanted = std::clamp(length / (label + air), 2, most), .most = std::max(2, length / (label + kGrid / 2))};
  };
  const bool log = plot->xAxis->scaleType() == QCPAxis::stLogarithmic;
  QString widest = log ? QStringLiteral("00000") : QStringLiteral("0.00000");
  if (wholeX && !log) widest = QString::number(std::min(std::llround(plot->xAxis->range().upper) + offset, 9999LL));
  const TickRoom across = room(plot->axisRect()->width(), metrics.horizontalAdvance(widest), 2 * kGrid, kMostTicks);
  const TickRoom up = room(plot->axisRect()->height(), metrics.height(), metrics.height(), kMostTicks - 2);
  if (across == roomAcross && up == roomUp) return false;
  roomAcross = across;
  roomUp = up;
  setTickRoom(*plot->xAxis, across);
  for (QCPAxis* axis : {plot->yAxis, plot->yAxis2}) setTickRoom(*axis, up);
  return true;
}

void PlotCanvas::Impl::restyle() {
  const ThemeColors& colors = Theme::instance().colors();
  plot->setFont(self.font());
  plot->setBackground(QBrush(colors.base));
  for (QCPAxis* axis : {plot->xAxis, plot->yAxis, plot->yAxis2}) styleAxis(axis, colors, self.font());
  plot->xAxis->setLabel(xLabel);
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    const CurveStyle& style = styles[i];
    QColor line = style.color;
    if (style.faint) line = mixed(style.color, colors.base, Theme::instance().dark() ? 0.45F : 0.6F);
    if (style.reference) line = mixed(style.color, colors.text, 0.4F);  // seen on a faint line too
    const bool strong = !style.faint && !style.right && !style.reference;
    graphs[i]->setPen(QPen(line, strong ? 2 : 1));
    graphs[i]->setAdaptiveSampling(true);
    graphs[i]->setLineStyle(QCPGraph::lsLine);
    const auto shape = style.reference ? QCPScatterStyle::ssSquare : QCPScatterStyle::ssCircle;
    if (style.points) graphs[i]->setScatterStyle(QCPScatterStyle(shape, line, colors.base, 6));
    if (style.right) rightHeading->setTextColor(readable(style.color));
  }
  heading->setText(yLabel);
  heading->setFont(self.font());
  heading->setTextColor(colors.text);
  titleElement->setText(title);
  titleElement->setFont(self.font());
  titleElement->setTextColor(colors.mutedText);
  rightHeading->setFont(self.font());
  QPalette palette = emptyLabel->palette();
  palette.setColor(QPalette::WindowText, colors.mutedText);
  emptyLabel->setPalette(palette);
  crossHair->restyle();
  notes->restyle();
  markers->restyle();
  schedule();
}

void PlotCanvas::Impl::setView(bool byUser) {
  const bool back = userView && !byUser;
  userView = byUser;
  if (!byUser) schedule();
  if (back && linked && linked->userView) linked->setView(false);
}

void PlotCanvas::Impl::showCursor(double x) {
  tell(x);
  if (linked && crossHair->visible()) linked->tell(crossHair->x());
}

void PlotCanvas::Impl::tell(double x) {
  if (!crossHair->visible()) QToolTip::hideText();  // it would lie over the card
  crossHair->showAt(x, curvesFor(false), markers->labels());
}

void PlotCanvas::Impl::hideCursor() {
  crossHair->hide();
  if (linked) linked->crossHair->hide();
}

void PlotCanvas::Impl::setLog(QCPAxis* axis, bool on) {
  axis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  const bool whole = axis == plot->xAxis && wholeX;
  QSharedPointer<QCPAxisTicker> ticker(on ? static_cast<QCPAxisTicker*>(new LogTicker)
                                          : whole ? new WholeTicker(offset) : new RoundTicker);
  axis->setTicker(ticker);
  setTickRoom(*axis, axis == plot->xAxis ? roomAcross : roomUp);
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
  showCursor(densest->dataMainKey(std::clamp(at + points, 0, last)));
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

}  // namespace panicle::ui
