// The upper half of the Memory page: what the memory holds now, what the recipe would take, the last minutes, and
// the processes.
#pragma once

#include <QWidget>

#include "core/memory/meter.h"

class QLabel;
class QTableView;

namespace panicle::ui {

class EmptyState;
class HistoryPlot;
class ProcessModel;
class Session;
class StackBar;

class MeterPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MeterPanel(Session& session, QWidget* parent = nullptr);

  QTableView* processes() const { return table_; }

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  QWidget* makeBars();
  QWidget* makeProcesses();
  void take(const MemoryReading& reading);
  void showReading();
  void showPlan();
  void showPlanWords();
  void list(const std::vector<ProcessMemory>& processes);

  Session& session_;
  MemoryReading reading_;
  StackBar* now_;
  StackBar* planned_;
  QLabel* nowWords_;
  QLabel* plannedWords_;
  HistoryPlot* history_;
  ProcessModel* model_;
  QTableView* table_;
  QLabel* hidden_;
};

}  // namespace panicle::ui
