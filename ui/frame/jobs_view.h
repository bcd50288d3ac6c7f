// The jobs in the status bar: the oldest with its progress, time left and cancel; the others in a list that a button opens.
#pragma once

#include <QWidget>

#include "ui/shared/jobs.h"

class QFrame;
class QLabel;
class QProgressBar;
class QToolButton;
class QVBoxLayout;

namespace panicle::ui {

class JobRow : public QWidget {
  Q_OBJECT
 public:
  explicit JobRow(QWidget* parent = nullptr);
  void show(const JobInfo& job, int titleWidth);

 Q_SIGNALS:
  void cancelled(quint64 id);

 private:
  quint64 id_ = 0;
  QLabel* title_;
  QProgressBar* bar_;
  QLabel* left_;
  QToolButton* cancel_;
};

class JobsView : public QWidget {
  Q_OBJECT
 public:
  explicit JobsView(Jobs& jobs, QWidget* parent = nullptr);

  QSize minimumSizeHint() const override { return {0, 0}; }

 private:
  void refresh();
  void openList();

  Jobs& jobs_;
  JobRow* row_;
  QToolButton* more_;
  QFrame* list_;
  QVBoxLayout* listColumn_;
  QVector<JobRow*> listRows_;
};

}  // namespace panicle::ui
