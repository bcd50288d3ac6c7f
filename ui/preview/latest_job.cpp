#include "ui/preview/latest_job.h"

#include <QMetaObject>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace panicle::ui {
namespace {

QString messageOf(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& error) {
    return QString::fromUtf8(error.what());
  } catch (...) {
    return LatestJob::tr("unknown error");
  }
}

}  // namespace

struct LatestJob::Impl {
  struct Request {
    quint64 number = 0;
    Work work;
    std::function<void()> done;
    Failed failed;
  };

  explicit Impl(LatestJob* owner) : self(owner), thread([this](std::stop_token ending) { serve(ending); }) {}

  void serve(std::stop_token ending) {
    while (true) {
      Request request;
      std::stop_token stop;
      {
        std::unique_lock lock(mutex);
        if (!wake.wait(lock, ending, [this] { return waiting.has_value(); })) return;
        request = std::move(*waiting);
        waiting.reset();
        running = std::stop_source();
        stop = running.get_token();
      }
      serve(std::move(request), stop);
    }
  }

  void serve(Request request, std::stop_token stop) {
    const auto post = [this, number = request.number](std::function<void()> part) {
      QMetaObject::invokeMethod(
          self,
          [this, number, part = std::move(part)] {
            if (number == latest) part();
          },
          Qt::QueuedConnection);
    };
    std::exception_ptr problem;
    try {
      request.work(stop, post);
    } catch (...) {
      problem = std::current_exception();
    }
    // What the work holds goes here, not on the GUI thread.
    request.work = {};
    if (stop.stop_requested()) return;
    std::function<void()> answer = std::move(request.done);
    if (problem) {
      answer = [failed = std::move(request.failed), message = messageOf(problem)] { failed(message); };
    }
    QMetaObject::invokeMethod(
        self, [this, number = request.number, answer = std::move(answer)] { self->finish(number, answer); },
        Qt::QueuedConnection);
  }

  LatestJob* self;
  quint64 latest = 0;  // GUI thread only
  bool busy = false;
  std::mutex mutex;
  std::condition_variable_any wake;
  std::optional<Request> waiting;
  std::stop_source running;
  std::jthread thread;  // last: ends before the others go
};

LatestJob::LatestJob(QObject* parent) : QObject(parent), impl_(std::make_unique<Impl>(this)) {}

LatestJob::~LatestJob() {
  const std::lock_guard lock(impl_->mutex);
  impl_->waiting.reset();
  impl_->running.request_stop();
}

void LatestJob::startErased(Work work, std::function<void()> done, Failed failed) {
  const bool wasBusy = std::exchange(impl_->busy, true);
  ++impl_->latest;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->running.request_stop();
    impl_->waiting = Impl::Request{impl_->latest, std::move(work), std::move(done), std::move(failed)};
  }
  impl_->wake.notify_one();
  if (!wasBusy) Q_EMIT busyChanged();
}

void LatestJob::cancel() {
  ++impl_->latest;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->running.request_stop();
    impl_->waiting.reset();
  }
  if (std::exchange(impl_->busy, false)) Q_EMIT busyChanged();
}

bool LatestJob::busy() const {
  return impl_->busy;
}

void LatestJob::finish(quint64 request, const std::function<void()>& answer) {
  if (request != impl_->latest) return;
  impl_->busy = false;
  answer();
  if (!impl_->busy) Q_EMIT busyChanged();  // the answer may have asked for more
}

}  // namespace panicle::ui
