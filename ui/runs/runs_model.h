// All runs as a table: filtered, sorted, and grouped by architecture. Tens of thousands of rows are fine: only what is in sight is put
// into words. Where runs are grouped, each group begins with a row of its own, which folds it.
#pragma once

#include <QAbstractTableModel>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/runs/run_query.h"
#include "core/runs/run_summary.h"
#include "ui/runs/run_columns.h"

namespace panicle::ui {

class RunsModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  static constexpr int kRunRole = Qt::UserRole;        // the run's id; "" of a group's row
  static constexpr int kFoldedRole = Qt::UserRole + 1; // of a group's row; else not valid
  static constexpr int kCurveRole = Qt::UserRole + 2;  // const RunSummary* as const void*, for the curve's delegate
  static constexpr int kComparedRole = Qt::UserRole + 3;  // place among the compared ones, which gives its colour; -1: not compared

  explicit RunsModel(QObject* parent = nullptr);

  // Returns those that were there before. What is selected, current and compared stays so where the run is among the new ones.
  std::vector<RunSummary> setRuns(std::vector<RunSummary> runs);
  void setQuery(RunQuery query);
  void setGrouped(bool grouped);
  bool grouped() const { return grouped_; }
  void setFolded(const QModelIndex& group, bool folded);

  const RunSummary* run(const QModelIndex& index) const;  // null: a group's row
  const RunSummary* find(const std::string& id) const;
  QModelIndex indexOf(const std::string& id) const;        // not valid where it is not shown
  std::size_t total() const { return runs_.size(); }
  std::size_t shown() const { return matching_.size(); }
  const std::vector<RunSummary>& runs() const { return runs_; }

  // Ticked for the comparison, in the order in which they were. Runs that are gone leave it; those that a filter hides do not.
  const std::vector<std::string>& compared() const { return compared_; }
  void setCompared(const std::vector<std::string>& ids);   // the first kMostCompared of them
  // Changes what is shown of a run before the store has been read again.
  void patch(const std::string& id, const std::function<void(RunSummary&)>& change);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  void sort(int column, Qt::SortOrder order) override;

 Q_SIGNALS:
  void comparedChanged();
  void comparedFull();                                          // one more could not be ticked
  void edited(const QString& run, panicle::ui::RunColumn column, const QString& text);  // Name, Tags or Note
  void arranged();                                              // other rows are shown, or in another order

 private:
  struct Group {
    std::string architecture;
    std::vector<std::size_t> runs;  // indices, in the order of the sort
  };
  struct Row {
    int group = -1;                 // index of its group; -1 where runs are not grouped
    std::ptrdiff_t run = -1;        // index of the run; -1: the group's own row
  };
  // What of the runs is shown, in which order.
  struct Layout {
    std::vector<Group> groups;
    std::vector<Row> rows;
  };

  // Filters, sorts, groups, and tells the view; of other runs where there are `fresh` ones, which it changes places with.
  void arrange(std::vector<RunSummary>* fresh = nullptr);
  Layout makeLayout();
  void keepCompared();
  QVariant groupData(const Group& group, RunColumn column, int role) const;
  QString groupText(const Group& group, RunColumn column) const;
  QVariant runData(const RunSummary& run, RunColumn column, int role) const;
  std::string idAt(std::size_t row) const;
  bool isCompared(const std::string& id) const;

  std::vector<RunSummary> runs_;
  RunQuery query_;
  std::vector<std::size_t> matching_;
  Layout layout_;
  std::vector<std::string> compared_;
  std::set<std::string> folded_;    // architectures
  RunColumn sortColumn_ = RunColumn::Run;
  Qt::SortOrder order_ = Qt::DescendingOrder;
  bool grouped_ = false;
};

}  // namespace panicle::ui
