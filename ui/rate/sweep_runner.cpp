#include "ui/rate/sweep_runner.h"

#include <QTimer>
#include <algorithm>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "ui/shared/jobs.h"
#include "ui/shared/session.h"
#include "ui/shared/worker_priority.h"

namespace panicle::ui {
namespace {

constexpr int kDrainMs = 33;

// On a thread that ends with the sweep: a lowered priority cannot be raised again, and the jobs' threads serve others too.
template <typename Work>
LrSweep onThreadOfItsOwn(Work work) {
  LrSweep sweep;
  std::exception_ptr problem;
  std::thread([&] {
    yieldToTheWindow();
    try {
      sweep = work();
    } catch (...) {
      problem = std::current_exception();
    }
  }).join();
  if (problem) std::rethrow_exception(problem);
  return sweep;
}

}  // namespace

// What the sweep's thread leaves for the GUI thread.
struct SweepRunner::Feed {
  std::mutex mutex;
  std::vector<LrPoint> points;
  QString phase;
  QStringList warnings;
};

SweepRunner::SweepRunner(Session& session, FindRate find, QObject* parent)
    : QObject(parent), session_(session), find_(std::move(find)), timer_(new QTimer(this)) {
  timer_->setInterval(kDrainMs);
  connect(timer_, &QTimer::timeout, this, &SweepRunner::drain);
  connect(&session.jobs(), &Jobs::changed, this, &SweepRunner::follow);
}

SweepRunner::~SweepRunner() = default;  // the job goes with its context

bool SweepRunner::active() const { return feed_ != nullptr; }

void SweepRunner::start(const RunSpec& spec, const LrFindOptions& options) {
  if (active()) return;
  auto feed = std::make_shared<Feed>();
  const auto work = [feed, spec, options, find = find_, workspace = session_.store().workspace()](std::stop_token stop,
                                                                                                  const Progress& progress) {
    TrainControl control;
    const std::stop_callback stopping(stop, [&control] { control.stopNow(); });
    const auto total = static_cast<std::uint64_t>(std::max(1, options.sweep.num_it));
    const LrFindObserver observer{
        .phase =
            [&](const std::string& what) {
              const std::scoped_lock lock(feed->mutex);
              feed->phase = QString::fromStdString(what);
            },
        .point =
            [&](const LrPoint& point) {
              progress(static_cast<std::uint64_t>(point.iteration) + 1, total);
              const std::scoped_lock lock(feed->mutex);
              feed->points.push_back(point);
            },
        .warning =
            [&](const std::string& message) {
              const std::scoped_lock lock(feed->mutex);
              feed->warnings << QString::fromStdString(message);
            }};
    return onThreadOfItsOwn([&] { return find(spec, workspace, options, control, observer); });
  };
  feed_ = feed;
  secondsLeft_ = -1;
  job_ = session_.jobs().start(
      this, tr("Sweeping the learning rate of %1").arg(QString::fromStdString(spec.model.arch)), work,
      [this](const LrSweep& sweep) {
        end();
        Q_EMIT finished(sweep);
      },
      [this](const QString& message) {
        end();
        Q_EMIT failed(message);
      });
  timer_->start();
  Q_EMIT activeChanged();
}

void SweepRunner::cancel() {
  if (!active()) return;
  session_.jobs().cancel(job_);
  follow();
}

// A job that was cancelled, here or in the status bar, is not heard of again.
void SweepRunner::follow() {
  if (!active()) return;
  const QVector<JobInfo> running = session_.jobs().running();
  const auto own = std::find_if(running.begin(), running.end(), [this](const JobInfo& job) { return job.id == job_; });
  if (own != running.end()) {
    secondsLeft_ = own->secondsLeft;
    Q_EMIT timeLeftChanged();
    return;
  }
  end();
  Q_EMIT cancelled();
}

void SweepRunner::end() {
  drain();
  timer_->stop();
  feed_.reset();
  job_ = 0;
  Q_EMIT activeChanged();
}

void SweepRunner::drain() {
  std::vector<LrPoint> some;
  QString phase;
  QStringList warnings;
  {
    const std::scoped_lock lock(feed_->mutex);
    some.swap(feed_->points);
    phase.swap(feed_->phase);
    warnings.swap(feed_->warnings);
  }
  if (!phase.isEmpty()) Q_EMIT phaseChanged(phase);
  for (const QString& warning : warnings) Q_EMIT warned(warning);
  if (!some.empty()) Q_EMIT points(some);
}

}  // namespace panicle::ui
