// A panel over the window that is no modal box: Esc, a click beside it or the window's loss of focus closes it, and the
// keyboard goes back to where it was.
#pragma once

#include <QFrame>
#include <QPointer>

namespace panicle::ui {

class Overlay : public QFrame {
  Q_OBJECT
 public:
  Overlay(const QString& name, QSize size, QWidget* window);
  ~Overlay() override;

  bool isOpen() const { return isVisible(); }
  virtual void open();
  void shut();
  void toggle();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  void place();

  QSize wanted_;
  QPointer<QWidget> before_;  // had the focus
};

}  // namespace panicle::ui
