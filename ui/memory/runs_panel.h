// A tab of the Memory page: what was planned for the runs so far, what they took, and how good the plans are.
#pragma once

#include <QWidget>
#include <vector>

class QLabel;
class QSortFilterProxyModel;
class QTableView;

namespace panicle::ui {

class EmptyState;
class PlannedRunsModel;
class Session;
struct PlannedStage;

class RunsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit RunsPanel(Session& session, QWidget* parent = nullptr);

  QTableView* view() const { return view_; }
  QString words() const;

 private:
  void makeTable();
  void showRuns(const QString& error, std::vector<PlannedStage> stages);

  Session& session_;
  PlannedRunsModel* model_;
  QSortFilterProxyModel* sorted_;
  QTableView* view_;
  QLabel* words_;
  EmptyState* nothing_;
};

}  // namespace panicle::ui
