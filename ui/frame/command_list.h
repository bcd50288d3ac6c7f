// All actions of the menus, flat: for the palette and the sheet of shortcuts.
#pragma once

#include <QString>
#include <QVector>

class QAction;
class QMenuBar;

namespace panicle::ui {

struct Command {
  QString menu;   // "View"
  QString text;   // "Theme: dark"
  QAction* action = nullptr;
};

QVector<Command> commandsOf(const QMenuBar& bar);

// The commands whose menu and text hold every word of `query`, those that begin with it first; all for an empty one.
QVector<Command> matching(const QVector<Command>& commands, const QString& query);

}  // namespace panicle::ui
