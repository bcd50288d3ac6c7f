// Reads the runs of the store in a job: at once, and again whenever they change. A change while it reads is not lost: it reads
// once more when it is through.
#pragma once

#include <QObject>
#include <functional>
#include <utility>

#include "ui/shared/jobs.h"
#include "ui/shared/session.h"

namespace panicle::ui {

class RunsReader : public QObject {
  Q_OBJECT
 public:
  // `read(store)` runs in the job, `done(what it returned)` on the GUI thread. What fails is reported by the session. `title` is the
  // job's. Lives no longer than `owner`, whose members `done` may use.
  template <typename Read, typename Done>
  RunsReader(Session& session, QObject* owner, const QString& title, Read read, Done done) : RunsReader(session, owner) {
    start_ = [this, title, read = std::move(read), done = std::move(done)] {
      session_.jobs().start(
          this, title, [store = &session_.store(), read](std::stop_token, const Progress&) { return read(*store); },
          [this, done](auto result) {
            done(std::move(result));
            ended();
          },
          [this](const QString& problem) {
            session_.report(problem);
            ended();
          });
    };
    refresh();
  }

 private:
  RunsReader(Session& session, QObject* owner);

  void refresh();
  void ended();

  Session& session_;
  std::function<void()> start_;
  bool reading_ = false;
  bool stale_ = false;  // the store changed while it was read
};

}  // namespace panicle::ui
