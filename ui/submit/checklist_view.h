// One line a check: a mark that turns green, what is checked, what was found.
#pragma once

#include <QWidget>
#include <array>

#include "ui/submit/submission_check.h"

class QLabel;

namespace panicle::ui {

class ChecklistView : public QWidget {
  Q_OBJECT
 public:
  explicit ChecklistView(QWidget* parent = nullptr);

  void setChecks(const Checklist& checks);

 private:
  void paintMarks();

  struct Line {
    QLabel* mark;
    QLabel* name;
    QLabel* detail;
  };
  std::array<Line, CheckKinds> lines_;
  Checklist checks_;
};

}  // namespace panicle::ui
