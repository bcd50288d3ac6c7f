// The right side of the Train page: the run in progress, or the newest one of the workspace until a run is started.
#pragma once

#include <QWidget>
#include <memory>
#include <string>
#include <vector>

#include "core/runs/run_store.h"
#include "core/train/events.h"
#include "ui/train/run_series.h"

class QPlainTextEdit;
class QToolButton;

namespace panicle::ui {

class CurveBar;
class EpochTable;
class RunControls;
class RunCurves;
class Session;

class RunView : public QWidget {
  Q_OBJECT
 public:
  explicit RunView(Session& session, QWidget* parent = nullptr);

  RunControls* controls() const { return controls_; }
  CurveBar* bar() const { return bar_; }
  RunCurves* curves() const { return curves_; }
  EpochTable* table() const { return table_; }
  QString logText() const;

 private:
  struct Stored {
    RunRecord record;
    RunSeries series;
    std::vector<MemoryRow> memory;
  };

  void updateEmptyText();
  void makeLog();
  void makeBar();
  static Stored read(const RunStore& store, const std::string& run);
  void loadNewest();
  void showStored(Stored stored);
  void logStored(const RunRecord& record);
  void compare();
  void catchUp();
  void runStateChanged();
  void beginLive();
  void receive(const std::vector<TrainEvent>& events);
  void take(const TrainEvent& event);
  void log(const QString& line);
  void updateLogTitle();

  Session& session_;
  RunControls* controls_;
  CurveBar* bar_;
  RunCurves* curves_;
  EpochTable* table_;
  QToolButton* logTitle_;
  QPlainTextEdit* log_;
  bool live_ = false;         // a run of this session is shown
  bool active_ = false;       // as the controller was last seen
  bool loading_ = false;
  bool catchingUp_ = false;   // the page was made while a run was on: events wait until its beginning is read
  std::vector<TrainEvent> waiting_;
  std::uint64_t shownSteps_ = 0;
  int shownEpochs_ = 0;
  std::uint64_t shownChange_ = 0;  // the step of the last change of the rates
  int warnings_ = 0;
  std::string shownRun_;
};

}  // namespace panicle::ui
