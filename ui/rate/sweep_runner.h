// Runs one sweep at a time as a job (progress, time left and cancel in the status bar), on a thread of its own at low
// priority, and hands its points to the GUI thread in batches.
#pragma once

#include <QObject>
#include <QString>
#include <functional>
#include <memory>
#include <vector>

#include "core/runs/lr_find.h"

class QTimer;

namespace panicle::ui {

class Session;

using FindRate = std::function<LrSweep(const RunSpec&, const std::filesystem::path& workspace, const LrFindOptions&,
                                       TrainControl&, const LrFindObserver&)>;

class SweepRunner : public QObject {
  Q_OBJECT
 public:
  SweepRunner(Session& session, FindRate find, QObject* parent = nullptr);
  ~SweepRunner() override;

  bool active() const;
  double secondsLeft() const { return secondsLeft_; }  // as the status bar tells it; below 0: not known
  void start(const RunSpec& spec, const LrFindOptions& options);  // only when not active
  void cancel();

 Q_SIGNALS:
  void activeChanged();
  // All since the last time, in order; emitted from a 33 ms timer.
  void points(const std::vector<panicle::LrPoint>& points);
  void phaseChanged(const QString& what);
  void timeLeftChanged();
  void warned(const QString& message);
  // One of these ends a sweep, after its last points.
  void finished(const panicle::LrSweep& sweep);
  void failed(const QString& message);
  void cancelled();

 private:
  struct Feed;

  void drain();
  void end();
  void follow();

  Session& session_;
  FindRate find_;
  std::shared_ptr<Feed> feed_;  // of the sweep in progress; null: none
  quint64 job_ = 0;
  double secondsLeft_ = -1;
  QTimer* timer_;
};

}  // namespace panicle::ui
