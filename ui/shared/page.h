// A page of the main window. To add one: a folder under ui/ with a make function, and one row in ui/frame/pages.cpp.
#pragma once

#include <QWidget>

namespace panicle::ui {

class Page : public QWidget {
  Q_OBJECT
 public:
  using QWidget::QWidget;

  // The widget that `/` focuses, or null.
  virtual QWidget* filterWidget() { return nullptr; }
  // Esc: leaves a drill-down; false when there was none.
  virtual bool leaveDrillDown() { return false; }
};

}  // namespace panicle::ui
