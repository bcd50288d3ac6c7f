// The runs so far: what was planned for each of their stages beside what it took. No widgets.
#pragma once

#include <QAbstractTableModel>
#include <QString>
#include <vector>

#include "core/runs/planner_error.h"
#include "core/runs/run_store.h"

namespace panicle::ui {

struct PlannedStage {
  std::string run;
  QString name;          // of the run; may be empty
  int stage = 0;         // from 0
  int stages = 1;        // of the run
  std::string architecture;
  Size size;
  int batch = 0;
  int accum = 1;
  QString device;
  quint64 planned = 0;   // bytes of tensors, on a card with what the allocator keeps beside them
  quint64 measured = 0;  // likewise
  bool whole = false;    // it trained all of its epochs: what was planned must have come

  double error() const;  // of the plan, as a share of what was measured; above 0: it planned too much
};

// The stages that were planned and measured, in the order of the runs; without what is in the trash.
std::vector<PlannedStage> plannedStages(const RunStore& store, const std::vector<MeasuredRun>& runs);

// "Processor, 12 runs: 1.00 times the planned was measured in the median, 1.02 times at worst (run 7)", a line for each kind of device.
QString errorWords(const std::vector<PlannerError>& errors);

class PlannedRunsModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Run, Name, Network, Images, Batch, Device, Planned, Measured, Error, Columns };
  static constexpr int kSortRole = Qt::UserRole;

  using QAbstractTableModel::QAbstractTableModel;

  void set(std::vector<PlannedStage> stages);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  QString text(const PlannedStage& stage, int column) const;
  QVariant key(const PlannedStage& stage, int row, int column) const;

  std::vector<PlannedStage> stages_;
};

}  // namespace panicle::ui
