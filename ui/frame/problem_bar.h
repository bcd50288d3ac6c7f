// The bar over the page area: the last error, until it is dismissed. Its text can be selected and copied.
#pragma once

#include <QFrame>

class QLabel;
class QPushButton;

namespace panicle::ui {

class ProblemLog;

class ProblemBar : public QFrame {
  Q_OBJECT
 public:
  explicit ProblemBar(ProblemLog& log, QWidget* parent = nullptr);

  void show(const QString& text);
  void dismiss();

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QLabel* text_;
  QPushButton* dismiss_;
};

}  // namespace panicle::ui
