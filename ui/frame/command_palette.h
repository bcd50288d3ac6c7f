// Ctrl+K: every action of the menus by a few letters of its name.
#pragma once

#include "ui/frame/command_list.h"
#include "ui/frame/overlay.h"

class QLineEdit;
class QListWidget;

namespace panicle::ui {

class CommandPalette : public Overlay {
  Q_OBJECT
 public:
  CommandPalette(const QMenuBar& menus, QWidget* window);

  void open() override;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fill();
  void trigger();

  const QMenuBar& menus_;
  QVector<Command> commands_;
  QVector<Command> shown_;
  QLineEdit* query_;
  QListWidget* list_;
};

}  // namespace panicle::ui
