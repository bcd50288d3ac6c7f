// What can be done with the selected runs, as actions: for the bar over the table, its menu and its keys.
#pragma once

#include <QAction>
#include <QObject>
#include <string>
#include <vector>

class QMenu;
class QWidget;

namespace panicle::ui {

class RunsModel;
class RunsTable;

class RunCommands : public QObject {
  Q_OBJECT
 public:
  RunCommands(RunsModel& model, RunsTable& table, QObject* parent = nullptr);

  QAction* compare;
  QAction* star;
  QAction* rename;
  QAction* tag;
  QAction* note;
  QAction* duplicate;
  QAction* inspect;
  QAction* resume;
  QAction* keep;
  QAction* save;
  QAction* bring;
  QAction* trash;
  QAction* restore;
  QAction* purge;

  std::vector<QAction*> ofKept() const;      // in the order of the bar
  std::vector<QAction*> ofTrashed() const;
  void setTrashShown(bool trash);            // which of the two are there
  void update();                             // after another selection: enabled, and checked where they have been done
  void fill(QMenu* menu) const;

 private:
  QAction* make(const QString& icon, const QString& text, const QString& help, const QKeySequence& key);

  RunsModel& model_;
  RunsTable& table_;
  bool trash_ = false;
};

}  // namespace panicle::ui
