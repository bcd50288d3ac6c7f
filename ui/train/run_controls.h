// The commands to the run (Start, Pause, the two ways to stop), how far it is, and how it ended.
#pragma once

#include <QElapsedTimer>
#include <QWidget>
#include <vector>

#include "core/runs/run_store.h"
#include "ui/train/run_progress.h"

class QLabel;
class QProgressBar;
class QPushButton;

namespace panicle::ui {

class RatePanel;
class RemedyBar;
class Session;

class RunControls : public QWidget {
  Q_OBJECT
 public:
  explicit RunControls(Session& session, QWidget* parent = nullptr);

  void apply(const std::vector<TrainEvent>& events);
  // Of a run that was stored before; `inEpoch`: it ended within one.
  void setOutcome(const RunRecord& record, bool inEpoch);
  void setPredicted(quint64 bytes);  // of the run that begins; 0: not known
  const RunProgress& progress() const { return progress_; }

  QPushButton* startButton() const { return start_; }
  QPushButton* pauseButton() const { return pause_; }
  QPushButton* stopAfterEpochButton() const { return stopAfterEpoch_; }
  QPushButton* stopNowButton() const { return stopNow_; }
  QPushButton* inspectButton() const { return inspect_; }
  RatePanel* ratePanel() const { return rates_; }
  QString stateText() const;

 private:
  void makeButtons();
  void arrange();
  void start();
  void pauseOrResume();
  void updateButtons();
  void updateProgress();
  void setState(const QString& text, bool problem);
  void showEnd(const QString& run, RunStatus status, const QString& message);

  Session& session_;
  RunProgress progress_;
  QElapsedTimer sinceBatch_;
  RunEnding outcome_;      // of the run in progress, as far as it came
  bool problem_ = false;
  QPushButton* start_;
  QPushButton* pause_;
  QPushButton* stopAfterEpoch_;
  QPushButton* stopNow_;
  QPushButton* inspect_;
  QLabel* state_;
  QLabel* hint_;            // why Start is disabled; what it starts from; what edits do while a run is on
  QPushButton* models_;     // leads to the weights that are missing
  QLabel* where_;
  QLabel* left_;
  QProgressBar* runBar_;
  QProgressBar* epochBar_;
  QWidget* progressBox_;
  RemedyBar* remedies_;     // after a run that was out of memory
  RatePanel* rates_;
};

}  // namespace panicle::ui
