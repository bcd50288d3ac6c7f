// The table of runs: its columns as the user chose them, its keys, and its menu's place. What is done with runs is the page's.
#pragma once

#include <QTableView>
#include <string>
#include <vector>

#include "ui/runs/run_columns.h"

class QMenu;

namespace panicle::ui {

class RunsModel;
class Session;

class RunsTable : public QTableView {
  Q_OBJECT
 public:
  RunsTable(Session& session, RunsModel& model, QWidget* parent = nullptr);

  // Of the selected rows in the table's order, groups' own rows left out; the current run alone where none is selected.
  std::vector<std::string> selectedRuns() const;
  void selectRun(const std::string& run);
  void editCell(RunColumn column);             // of the current run
  void fillColumnMenu(QMenu* menu);            // a tick for each column, and the way back to the first choice
  void fitColumns();                           // as wide as what is in sight needs

 Q_SIGNALS:
  void selectedRunsChanged();
  void menuRequested(const QPoint& globally);
  void starClicked(const QString& run, bool starred);

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  class Arranging;

  void arrangeHeader();
  int widthOf(const ColumnWords& words) const;  // that what is in sight needs
  void resetColumns();
  void stretchLast();      // where the columns leave room
  void remember();
  bool foldCurrent(int key);

  Session& session_;
  RunsModel& model_;
  bool restored_ = false;  // widths are the user's
  bool fitted_ = false;
  bool arranging_ = false; // what is resized now is not by hand
};

}  // namespace panicle::ui
