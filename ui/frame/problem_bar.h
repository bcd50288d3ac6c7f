// The bar over the page area: the last error or notice, until it is dismissed or its cause is mended. Its text can be selected and copied.
#pragma once

#include <QFrame>

#include "ui/frame/problem_log.h"

class QLabel;
class QPushButton;

namespace panicle::ui {

class ProblemBar : public QFrame {
  Q_OBJECT
 public:
  explicit ProblemBar(ProblemLog& log, QWidget* parent = nullptr);

  void show(const Problem& problem);
  void dismiss();

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void colour();

  Problem shown_;
  QLabel* mark_;
  QLabel* text_;
  QPushButton* dismiss_;
};

}  // namespace panicle::ui
