// The processes that hold memory, as a table.
#pragma once

#include <QAbstractTableModel>
#include <vector>

#include "core/memory/processes.h"

namespace panicle::ui {

class ProcessModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Program, Pid, Memory, Columns };

  using QAbstractTableModel::QAbstractTableModel;

  void set(const std::vector<ProcessMemory>& processes);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::vector<ProcessMemory> processes_;
};

}  // namespace panicle::ui
