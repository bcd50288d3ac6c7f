// What a page shows while it has nothing to show: what is missing, what to do next, and a button that leads there.
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace panicle::ui {

class EmptyState : public QWidget {
  Q_OBJECT
 public:
  explicit EmptyState(QWidget* parent = nullptr);

  // An empty `button` hides it.
  void say(const QString& title, const QString& text, const QString& button = {});

 Q_SIGNALS:
  void clicked();

 private:
  QLabel* title_;
  QLabel* text_;
  QPushButton* button_;
};

}  // namespace panicle::ui
