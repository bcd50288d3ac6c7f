// PlotCanvas' markers: taken hold of by the mouse and by keys.
#include <QKeyEvent>
#include <QMouseEvent>

#include "ui/shared/plot_canvas_impl.h"

namespace panicle::ui {
namespace {

constexpr int kStride = 10;  // pixels, with Ctrl

}  // namespace

void PlotCanvas::setMarkers(const std::vector<PlotMarker>& markers) { impl_->markers->set(markers); }

const std::vector<PlotMarker>& PlotCanvas::markers() const { return impl_->markers->all(); }

QRect PlotCanvas::markerLabel(int marker) const { return impl_->markers->label(marker).toAlignedRect(); }

void PlotCanvas::setXRange(double low, double high) {
  impl_->fixedX = QCPRange(low, high);
  impl_->schedule();
}

void PlotCanvas::Impl::listenToMarkers() {
  connect(plot, &QCustomPlot::mousePress, &self, [this](QMouseEvent* event) {
    const int marker = event->button() == Qt::LeftButton ? markers->at(event->position()) : -1;
    if (marker < 0) return;
    markers->setDragged(marker);
    plot->setInteraction(QCP::iRangeDrag, false);
    hideCursor();
    Q_EMIT self.markerChosen(marker);
  });
  connect(plot, &QCustomPlot::mouseMove, &self, [this](QMouseEvent* event) {
    const int dragged = markers->dragged();
    if (dragged >= 0) {
      Q_EMIT self.markerDragged(dragged, markers->xAt(event->position().x()));
    } else if (markers->at(event->position()) >= 0) {
      plot->setCursor(Qt::SizeHorCursor);
    } else {
      plot->unsetCursor();
    }
  });
  connect(plot, &QCustomPlot::mouseRelease, &self, [this](QMouseEvent*) {
    markers->setDragged(-1);
    plot->setInteraction(QCP::iRangeDrag, true);
  });
}

bool PlotCanvas::Impl::moveMarker(const QKeyEvent& event) {
  const int strong = markers->strong();
  const int by = event.key() == Qt::Key_Left || event.key() == Qt::Key_Up ? -1 : 1;
  switch (event.key()) {
    case Qt::Key_Left:
    case Qt::Key_Right: {
      if (strong < 0 || !(event.modifiers() & Qt::ShiftModifier)) return false;
      const int pixels = by * (event.modifiers() & Qt::ControlModifier ? kStride : 1);
      Q_EMIT self.markerDragged(strong, markers->xAt(markers->pixelOf(strong) + pixels));
      return true;
    }
    case Qt::Key_Up:
    case Qt::Key_Down: {
      const int next = markers->next(strong, by);
      if (next >= 0 && next != strong) Q_EMIT self.markerChosen(next);
      return next >= 0;
    }
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (strong >= 0) Q_EMIT self.markerActivated(strong);
      return strong >= 0;
    default:
      return false;
  }
}

}  // namespace panicle::ui
