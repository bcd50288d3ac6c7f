#include "ui/shared/run_controller.h"

#include <QTimer>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "core/base/thread_name.h"
#include "ui/shared/worker_priority.h"

namespace panicle::ui {
namespace {

constexpr int kDrainMs = 33;

// Of a run whose control is not there yet.
struct Wanted {
  bool pause = false;
  bool freeDevice = false;  // with the pause
  bool stop = false;
  bool stopAfterEpoch = false;
};

// Hands the control over for as long as this lives.
class Taken {
 public:
  Taken(const RunController::TakeControl& take, TrainControl& control) : take_(take) { take_(&control); }
  ~Taken() { take_(nullptr); }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;

 private:
  const RunController::TakeControl& take_;
};

}  // namespace

struct RunController::Impl {
  Impl(RunController* owner, RunStore& runStore) : self(owner), store(runStore) {
    timer.setInterval(kDrainMs);
    QObject::connect(&timer, &QTimer::timeout, self, [this] { drain(); });
  }

  // On the worker thread: nothing may leave it but through the guarded members.
  void work() {
    nameThread("training");
    yieldToTheWindow();  // training takes every core there is
    RunOutcome result;
    try {
      result = doWork(store, [this](TrainControl* taken) { take(taken); }, [this](const TrainEvent& event) {
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

  // The run's control has come, or goes. What was asked of it before it was there holds.
  void take(TrainControl* taken) {
    const std::scoped_lock lock(mutex);
    control = taken;
    if (!control) return;
    if (wanted.stop) control->stopNow();
    if (wanted.stopAfterEpoch) control->stopAfterEpoch();
    if (wanted.freeDevice) control->pauseAndFreeDevice();
    if (wanted.pause && !wanted.freeDevice) control->pause();
  }

  // Says something to the run's control, which may not be there (null), and keeps for one that comes what is wanted of it.
  template <typename Say>
  void tell(Say say) {
    const std::scoped_lock lock(mutex);
    say(wanted, control);
  }

  void stop() {
    tell([](Wanted& wanted, TrainControl* control) {
      wanted = {.stop = true};
      if (!control) return;
      control->stopNow();
      control->resume();
    });
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

  void handOverChange() {
    if (change) {
      tell([this](Wanted&, TrainControl* told) {
        if (told) told->change(*change);
      });
    }
    change.reset();
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
  Work doWork;
  std::optional<RateChange> change;  // of a pause
  std::thread thread;
  std::mutex mutex;  // guards all below
  TrainControl* control = nullptr;   // the run's; null before and after it
  Wanted wanted;
  std::vector<TrainEvent> pending;
  std::optional<RunOutcome> outcome;
};

RunController::RunController(RunStore& store, QObject* parent)
    : QObject(parent), impl_(std::make_unique<Impl>(this, store)) {}

RunController::~RunController() {
  if (!impl_->thread.joinable()) return;
  impl_->stop();
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
  start(spec, [spec](RunStore& store, const TakeControl& take, const TrainObserver& observer) {
    TrainControl control;
    const Taken taken(take, control);
    return execute(store, spec, control, observer);
  });
}

void RunController::start(const RunSpec& spec, Work work) {
  if (active()) return;
  impl_->spec = spec;
  impl_->run.clear();
  impl_->pending.clear();
  impl_->outcome.reset();
  impl_->change.reset();
  impl_->doWork = std::move(work);
  impl_->control = nullptr;
  impl_->wanted = {};
  impl_->thread = std::thread([impl = impl_.get()] { impl->work(); });
  impl_->timer.start();
  impl_->setState(State::Running);
}

void RunController::pause() {
  if (state() != State::Running) return;
  impl_->tell([](Wanted& wanted, TrainControl* control) {
    wanted.pause = true;
    if (control) control->pause();
  });
  impl_->setState(State::Paused);
}

void RunController::pauseAndFreeDevice() {
  if (state() != State::Running && state() != State::Paused) return;
  impl_->tell([](Wanted& wanted, TrainControl* control) {
    wanted.pause = wanted.freeDevice = true;
    if (control) control->pauseAndFreeDevice();
  });
  impl_->setState(State::Paused);
}

void RunController::resume() {
  if (state() != State::Paused) return;
  impl_->handOverChange();
  impl_->tell([](Wanted& wanted, TrainControl* control) {
    wanted.pause = wanted.freeDevice = false;
    if (control) control->resume();
  });
  impl_->setState(State::Running);
}

void RunController::stopAfterEpoch() {
  if (!active()) return;
  impl_->handOverChange();
  impl_->tell([](Wanted& wanted, TrainControl* control) {
    wanted = {.stopAfterEpoch = true};
    if (!control) return;
    control->stopAfterEpoch();
    control->resume();
  });
  impl_->setState(State::Stopping);
}

void RunController::stopNow() {
  if (!active()) return;
  impl_->stop();
  impl_->setState(State::Stopping);
}

void RunController::change(const RateChange& change) {
  if (state() == State::Paused) impl_->change = change;
}

void RunController::keepRates() {
  impl_->change.reset();
}

const std::optional<RateChange>& RunController::pendingChange() const {
  return impl_->change;
}

}  // namespace panicle::ui
