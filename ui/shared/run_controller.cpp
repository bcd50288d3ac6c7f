#include "ui/shared/run_controller.h"

#include <QTimer>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#ifdef __linux__
#include <sys/resource.h>
#endif

namespace panicle::ui {
namespace {

constexpr int kDrainMs = 33;

// Training takes every core there is; its threads inherit this, so that the window is served first.
void yieldToTheWindow() {
#ifdef __linux__
  setpriority(PRIO_PROCESS, 0, 5);
#endif
}

}  // namespace

struct RunController::Impl {
  Impl(RunController* owner, RunStore& runStore) : self(owner), store(runStore) {
    timer.setInterval(kDrainMs);
    QObject::connect(&timer, &QTimer::timeout, self, [this] { drain(); });
  }

  // On the worker thread: nothing may leave it but through the guarded members.
  void work() {
    yieldToTheWindow();
    RunOutcome result;
    try {
      result = execute(store, spec, *control, [this](const TrainEvent& event) {
        const std::scoped_lock lock(mutex);
        pending.push_back(event);
      });
    } catch (const std::exception& error) {
      result = {.run = {}, .status = RunStatus::Failed, .message = error.what()};
    } catch (...) {
      result = {.run = {}, .status = RunStatus::Failed, .message = "The run failed and left no message."};
    }
    const std::scoped_lock lock(mutex);
    outcome = std::move(result);
  }

  void drain() {
    std::vector<TrainEvent> batch;
    std::optional<RunOutcome> ended;
    {
      const std::scoped_lock lock(mutex);
      batch.swap(pending);
      ended = outcome;
    }
    if (!batch.empty()) {
      for (const TrainEvent& event : batch) {
        if (const auto* started = std::get_if<RunStarted>(&event)) run = QString::fromStdString(started->run);
      }
      Q_EMIT self->events(batch);
    }
    if (ended) finish(*ended);
  }

  void finish(const RunOutcome& ended) {
    timer.stop();
    thread.join();
    if (!ended.run.empty()) run = QString::fromStdString(ended.run);
    const QString endedRun = run;  // a slot may start the next run at once
    setState(State::Idle);
    Q_EMIT self->ended(endedRun, ended.status, QString::fromStdString(ended.message));
  }

  void setState(State next) {
    if (state == next) return;
    state = next;
    Q_EMIT self->stateChanged();
  }

  RunController* self;
  RunStore& store;
  QTimer timer;
  State state = State::Idle;
  RunSpec spec;
  QString run;
  std::unique_ptr<TrainControl> control;
  std::thread thread;
  std::mutex mutex;  // guards the two below
  std::vector<TrainEvent> pending;
  std::optional<RunOutcome> outcome;
};

RunController::RunController(RunStore& store, QObject* parent)
    : QObject(parent), impl_(std::make_unique<Impl>(this, store)) {}

RunController::~RunController() {
  if (!impl_->thread.joinable()) return;
  impl_->control->stopNow();
  impl_->control->resume();
  impl_->thread.join();
}

RunController::State RunController::state() const {
  return impl_->state;
}

const RunSpec& RunController::spec() const {
  return impl_->spec;
}

QString RunController::run() const {
  return impl_->run;
}

void RunController::start(const RunSpec& spec) {
  if (active()) return;
  impl_->spec = spec;
  impl_->run.clear();
  impl_->pending.clear();
  impl_->outcome.reset();
  impl_->control = std::make_unique<TrainControl>();
  impl_->thread = std::thread([impl = impl_.get()] { impl->work(); });
  impl_->timer.start();
  impl_->setState(State::Running);
}

void RunController::pause() {
  if (state() != State::Running) return;
  impl_->control->pause();
  impl_->setState(State::Paused);
}

void RunController::resume() {
  if (state() != State::Paused) return;
  impl_->control->resume();
  impl_->setState(State::Running);
}

void RunController::stopAfterEpoch() {
  if (!active()) return;
  impl_->control->stopAfterEpoch();
  impl_->control->resume();
  impl_->setState(State::Stopping);
}

void RunController::stopNow() {
  if (!active()) return;
  impl_->control->stopNow();
  impl_->control->resume();
  impl_->setState(State::Stopping);
}

}  // namespace panicle::ui
