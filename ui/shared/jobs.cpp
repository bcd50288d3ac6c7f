#include "ui/shared/jobs.h"

#include <QPointer>
#include <QThread>
#include <QThreadPool>
#include <QTimer>
#include <algorithm>
#include <atomic>
#include <exception>
#include <map>

#include "core/base/error.h"

namespace panicle::ui {
namespace {

constexpr int kTickMs = 100;
constexpr double kSecondsBeforeEstimate = 0.5;

struct Job {
  quint64 id = 0;
  QString title;
  QElapsedTimer clock;
  std::stop_source stop;
  std::atomic<quint64> done{0};
  std::atomic<quint64> total{0};
  // At the first report: what came before it (reading a data set, loading weights) says nothing about what is left.
  std::atomic<qint64> firstNs{-1};
  std::atomic<quint64> firstDone{0};
  QPointer<QObject> context;
  QMetaObject::Connection contextGone;
  std::function<void()> finish;
  std::function<void(const QString&)> failed;
};

enum class Outcome { Done, Failed, Cancelled };

JobInfo describe(const Job& job) {
  JobInfo info{job.id, job.title, job.done, job.total, -1};
  const quint64 since = info.done - std::min<quint64>(info.done, job.firstDone);
  const double seconds = static_cast<double>(job.clock.nsecsElapsed() - job.firstNs) * 1e-9;
  if (info.total > 0 && since > 0 && seconds > kSecondsBeforeEstimate) {
    const quint64 left = info.total > info.done ? info.total - info.done : 0;
    info.secondsLeft = seconds * static_cast<double>(left) / static_cast<double>(since);
  }
  return info;
}

}  // namespace

struct Jobs::Impl {
  explicit Impl(Jobs* owner) : self(owner) {
    // Jobs wait on the disk and on each other's locks more than on the processor: a few at once are welcome on any machine.
    pool.setMaxThreadCount(std::max(4, QThread::idealThreadCount()));
    tick.setInterval(kTickMs);
    QObject::connect(&tick, &QTimer::timeout, self, [this] { notify(); });
  }

  void notify() {
    if (jobs.empty()) tick.stop();
    Q_EMIT self->changed();
  }

  // On the GUI thread, once per job. A cancelled job has left `jobs` already.
  void end(quint64 id, Outcome outcome, const QString& message) {
    const auto found = jobs.find(id);
    if (found == jobs.end()) return;
    const std::shared_ptr<Job> job = found->second;
    jobs.erase(found);
    QObject::disconnect(job->contextGone);
    if (!job->context || outcome == Outcome::Cancelled) return;
    if (outcome == Outcome::Done) {
      job->finish();
    } else if (job->failed) {
      job->failed(message);
    } else {
      Q_EMIT self->problem(message);
    }
  }

  Jobs* self;
  QThreadPool pool;
  QTimer tick;  // runs while there are jobs, and once more after the last
  std::map<quint64, std::shared_ptr<Job>> jobs;
  quint64 lastId = 0;
};

Jobs::Jobs(QObject* parent) : QObject(parent), impl_(std::make_unique<Impl>(this)) {}

Jobs::~Jobs() {
  for (const auto& [id, job] : impl_->jobs) {
    job->stop.request_stop();
    disconnect(job->contextGone);
  }
  impl_->pool.waitForDone();
}

quint64 Jobs::startErased(QObject* context, const QString& title,
                          std::function<void(std::stop_token, const Progress&)> work, std::function<void()> done,
                          std::function<void(const QString&)> failed) {
  auto job = std::make_shared<Job>();
  job->id = ++impl_->lastId;
  job->title = title;
  job->context = context;
  job->finish = std::move(done);
  job->failed = std::move(failed);
  job->clock.start();
  const quint64 id = job->id;
  job->contextGone = connect(context, &QObject::destroyed, this, [this, id] { cancel(id); });
  impl_->jobs.emplace(id, job);
  if (!impl_->tick.isActive()) impl_->tick.start();

  impl_->pool.start([this, id, stop = job->stop, shared = std::weak_ptr<Job>(job), work = std::move(work)] {
    Outcome outcome = Outcome::Done;
    QString message;
    try {
      work(stop.get_token(), [&shared](quint64 done, quint64 total) {
        if (const auto alive = shared.lock()) {
          if (alive->firstNs < 0) {
            alive->firstDone = done;
            alive->firstNs = alive->clock.nsecsElapsed();
          }
          alive->done = done;
          alive->total = total;
        }
      });
    } catch (const Cancelled&) {
      outcome = Outcome::Cancelled;
    } catch (const std::exception& error) {
      outcome = Outcome::Failed;
      message = QString::fromUtf8(error.what());
    } catch (...) {
      outcome = Outcome::Failed;
      message = tr("Something went wrong that left no message.");
    }
    // ~Jobs waits for this thread, so `this` is alive; what is still queued then is dropped with it.
    QMetaObject::invokeMethod(
        this, [this, id, outcome, message] { impl_->end(id, outcome, message); }, Qt::QueuedConnection);
  });
  return id;
}

void Jobs::cancel(quint64 id) {
  const auto found = impl_->jobs.find(id);
  if (found == impl_->jobs.end()) return;
  found->second->stop.request_stop();
  disconnect(found->second->contextGone);
  impl_->jobs.erase(found);
}

QVector<JobInfo> Jobs::running() const {
  QVector<JobInfo> infos;
  for (const auto& [id, job] : impl_->jobs) infos.push_back(describe(*job));
  return infos;
}

}  // namespace panicle::ui
