#include "ui/frame/command_list.h"

#include <QAction>
#include <QMenu>
#include <QMenuBar>
#include <algorithm>

namespace panicle::ui {
namespace {

QString plain(QString text) {
  text.remove(u'&');
  if (text.endsWith(u'…')) text.chop(1);
  return text;
}

void collect(const QMenu& menu, const QString& title, const QString& prefix, QVector<Command>& out) {
  const QList<QAction*> actions = menu.actions();
  for (QAction* action : actions) {
    if (action->isSeparator()) continue;
    if (const QMenu* inner = action->menu()) {
      collect(*inner, title, prefix + plain(action->text()) + QStringLiteral(": "), out);
    } else {
      out.push_back({title, prefix + plain(action->text()), action});
    }
  }
}

}  // namespace

QVector<Command> commandsOf(const QMenuBar& bar) {
  QVector<Command> commands;
  const QList<QAction*> actions = bar.actions();
  for (const QAction* action : actions) {
    if (const QMenu* menu = action->menu()) collect(*menu, plain(action->text()), {}, commands);
  }
  return commands;
}

QVector<Command> matching(const QVector<Command>& commands, const QString& query) {
  const QStringList words = query.split(u' ', Qt::SkipEmptyParts);
  QVector<Command> found;
  for (const Command& command : commands) {
    const QString text = command.menu + u' ' + command.text;
    const bool all = std::all_of(words.begin(), words.end(), [&](const QString& word) {
      return text.contains(word, Qt::CaseInsensitive);
    });
    if (all) found.push_back(command);
  }
  std::stable_partition(found.begin(), found.end(), [&](const Command& command) {
    return command.text.startsWith(query.trimmed(), Qt::CaseInsensitive);
  });
  return found;
}

}  // namespace panicle::ui
