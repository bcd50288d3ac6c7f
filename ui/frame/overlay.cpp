#include "ui/frame/overlay.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kTop = 7 * kGrid;

}  // namespace

Overlay::Overlay(const QString& name, QSize size, QWidget* window) : QFrame(window), wanted_(size) {
  setAccessibleName(name);
  setAutoFillBackground(true);
  hide();
}

Overlay::~Overlay() {
  qApp->removeEventFilter(this);
}

void Overlay::open() {
  before_ = QApplication::focusWidget();
  place();
  setVisible(true);
  raise();
  setFocus();
  qApp->installEventFilter(this);
}

void Overlay::shut() {
  if (!isVisible()) return;
  qApp->removeEventFilter(this);
  hide();
  if (before_) before_->setFocus();
}

void Overlay::toggle() {
  if (isOpen()) {
    shut();
  } else {
    open();
  }
}

void Overlay::place() {
  const QWidget* window = parentWidget();
  const int width = std::min(wanted_.width(), window->width() - 4 * kGrid);
  const int height = std::min(wanted_.height(), window->height() - kTop - 4 * kGrid);
  setGeometry((window->width() - width) / 2, kTop, width, height);
}

bool Overlay::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::MouseButtonPress && watched->isWidgetType()) {
    const auto* widget = static_cast<QWidget*>(watched);
    const bool inside = widget == this || isAncestorOf(widget) || widget->window() != window();
    if (!inside) shut();
  } else if (event->type() == QEvent::Resize && watched == parentWidget()) {
    place();
  } else if (event->type() == QEvent::WindowDeactivate && watched == parentWidget() && !QApplication::activeModalWidget()) {
    shut();
  }
  return QFrame::eventFilter(watched, event);
}

void Overlay::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape) {
    shut();
  } else {
    QFrame::keyPressEvent(event);
  }
}

void Overlay::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(QPen(Theme::instance().colors().mutedText, 1));
  painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

}  // namespace panicle::ui
