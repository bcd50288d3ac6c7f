// The bottom of the window: memory meter, run, jobs, problems.
#pragma once

#include <QWidget>

class QLabel;
class QToolButton;

namespace panicle::ui {

class MemoryView;
class ProblemLog;
class Session;

class StatusStrip : public QWidget {
  Q_OBJECT
 public:
  StatusStrip(Session& session, ProblemLog& log, QWidget* parent = nullptr);

  MemoryView& memory() { return *memory_; }
  void showRun(const QString& text);

 Q_SIGNALS:
  void problemsRequested();
  void runRequested();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void showProblems();
  void fitRun();

  ProblemLog& log_;
  MemoryView* memory_;
  QToolButton* run_;
  QString runText_;
  QToolButton* problems_;
};

}  // namespace panicle::ui
