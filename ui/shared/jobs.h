// Long work off the GUI thread. Every job shows in the status bar with progress, time left and a cancel button.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QVector>
#include <functional>
#include <memory>
#include <stop_token>
#include <type_traits>

#include "core/base/progress.h"

namespace panicle::ui {

struct JobInfo {
  quint64 id = 0;
  QString title;               // "Scanning paddy-disease-classification"
  quint64 done = 0;
  quint64 total = 0;           // 0: not known yet
  double secondsLeft = -1;     // below 0: not known
};

// Lives on the GUI thread; work runs on a pool thread. Exceptions of the work become `failed` with the message.
// A job whose owner (context object) is destroyed is cancelled and its results are dropped.
class Jobs : public QObject {
  Q_OBJECT
 public:
  explicit Jobs(QObject* parent = nullptr);
  ~Jobs() override;  // cancels all and waits

  // `work(stop, progress)` runs on a pool thread and returns a value; `done(value)` then runs on the GUI thread, unless the
  // job was cancelled or failed. Returns the job's id. `failed(message)` is optional; without it the message goes to problem().
  template <typename Work, typename Done>
  quint64 start(QObject* context, const QString& title, Work work, Done done,
                std::function<void(const QString&)> failed = {}) {
    using Result = std::invoke_result_t<Work, std::stop_token, const Progress&>;
    auto result = std::make_shared<std::shared_ptr<Result>>();
    return startErased(
        context, title,
        [work = std::move(work), result](std::stop_token stop, const Progress& progress) mutable {
          *result = std::make_shared<Result>(work(stop, progress));
        },
        [done = std::move(done), result]() mutable { done(std::move(**result)); }, std::move(failed));
  }

  void cancel(quint64 id);
  QVector<JobInfo> running() const;

 Q_SIGNALS:
  void changed();                        // at most 10 times a second
  void problem(const QString& message);  // a job without a `failed` handler failed

 private:
  quint64 startErased(QObject* context, const QString& title, std::function<void(std::stop_token, const Progress&)> work,
                      std::function<void()> done, std::function<void(const QString&)> failed);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
