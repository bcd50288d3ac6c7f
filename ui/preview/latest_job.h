// One worker thread for what is shown while somebody moves a slider: a new request takes the place of the one
// that waits and stops the one that runs, whose answer is dropped. Use it from the GUI thread; several have a
// thread each.
#pragma once

#include <QObject>
#include <QString>
#include <functional>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace panicle::ui {

class LatestJob : public QObject {
  Q_OBJECT
 public:
  // Runs a function on the GUI thread, unless a newer request has come by then: for answers in parts. Called
  // by the worker.
  using Post = std::function<void(std::function<void()>)>;
  using Failed = std::function<void(const QString& message)>;

  explicit LatestJob(QObject* parent = nullptr);
  ~LatestJob() override;  // stops the work and waits for it

  // `work(stop)` or `work(stop, post)` runs on the worker and returns a value; `done(value)` then runs on the
  // GUI thread, `failed(message)` when the work has thrown. Neither is called once a newer request has come,
  // or cancel(). Work should look at `stop` between its steps; what it throws (or returns) after a stop is
  // dropped.
  template <typename Work, typename Done>
  void start(Work work, Done done, Failed failed) {
    auto run = [work = std::move(work)](std::stop_token stop, const Post& post) mutable {
      if constexpr (std::is_invocable_v<Work&, std::stop_token, const Post&>) {
        return work(stop, post);
      } else {
        return work(stop);
      }
    };
    using Result = std::invoke_result_t<decltype(run)&, std::stop_token, const Post&>;
    const auto result = std::make_shared<std::unique_ptr<Result>>();
    startErased(
        [run = std::move(run), result](std::stop_token stop, const Post& post) mutable {
          *result = std::make_unique<Result>(run(stop, post));
        },
        [done = std::move(done), result]() mutable { done(std::move(**result)); }, std::move(failed));
  }

  void cancel();      // stops what runs and forgets what waits
  bool busy() const;  // a request is not answered yet

 Q_SIGNALS:
  void busyChanged();

 private:
  using Work = std::function<void(std::stop_token, const Post&)>;

  void startErased(Work work, std::function<void()> done, Failed failed);
  void finish(quint64 request, const std::function<void()>& answer);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
