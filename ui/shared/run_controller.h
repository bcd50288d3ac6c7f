// The run in progress: executes a RunSpec on a worker thread and hands its events to the GUI thread in batches.
#pragma once

#include <QObject>
#include <QString>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/runs/execute.h"

namespace panicle::ui {

class RunController : public QObject {
  Q_OBJECT
 public:
  enum class State { Idle, Running, Paused, Stopping };

  explicit RunController(RunStore& store, QObject* parent = nullptr);
  ~RunController() override;  // stops the run and waits for it

  State state() const;
  bool active() const { return state() != State::Idle; }
  const RunSpec& spec() const;       // of the run in progress or the last one
  QString run() const;               // its id; "" before RunStarted

  void start(const RunSpec& spec);   // only when Idle
  // Likewise, where something else than execute() makes the run (the queue, a resumed run). It runs on the worker thread and tells by
  // `take` which control is the run's, and null when that is gone.
  using TakeControl = std::function<void(TrainControl*)>;
  using Work = std::function<RunOutcome(RunStore&, const TakeControl& take, const TrainObserver& observer)>;
  void start(const RunSpec& spec, Work work);
  void pause();
  void pauseAndFreeDevice();         // also of a run that is paused: it gives the device's memory back until resume()
  void resume();
  void stopAfterEpoch();
  void stopNow();

  // While Paused: the rates of the steps after the pause. The last call counts, and the run gets it when it goes on.
  void change(const RateChange& change);
  void keepRates();                                 // takes change() back
  const std::optional<RateChange>& pendingChange() const;

 Q_SIGNALS:
  void stateChanged();
  // All events since the last drain, in order; emitted from a 33 ms timer, never once per batch.
  void events(const std::vector<panicle::TrainEvent>& events);
  // After the last events(); the thread has ended.
  void ended(const QString& run, panicle::RunStatus status, const QString& message);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
