// The panels that only say something: all shortcuts, the problems so far, and what the program is made of.
#pragma once

#include "ui/frame/overlay.h"

class QLabel;
class QListWidget;
class QMenuBar;
class QVBoxLayout;

namespace panicle::ui {

class ProblemLog;
class Session;

// `?`: all shortcuts of the menus, and the keys that no menu shows.
class ShortcutSheet : public Overlay {
  Q_OBJECT
 public:
  ShortcutSheet(const QMenuBar& menus, QWidget* window);
  void open() override;

 private:
  const QMenuBar& menus_;
  QLabel* text_;
};

// What the number of problems in the status bar opens.
class ProblemSheet : public Overlay {
  Q_OBJECT
 public:
  ProblemSheet(ProblemLog& log, QWidget* window);
  void open() override;

 private:
  void fill();

  ProblemLog& log_;
  QListWidget* list_;
};

class AboutSheet : public Overlay {
  Q_OBJECT
 public:
  AboutSheet(Session& session, QWidget* window);
  void open() override;

 private:
  Session& session_;
  QLabel* text_;
  bool filled_ = false;
};

}  // namespace panicle::ui
