#include "ui/models/weight_downloads.h"

#include <algorithm>

#include "core/models/weight_search.h"
#include "ui/shared/session.h"
#include "ui/shared/weight_states.h"

namespace panicle::ui {

WeightDownloads::WeightDownloads(Session& session, QObject* parent) : QObject(parent), session_(session) {
  connect(&session.jobs(), &Jobs::changed, this, &WeightDownloads::follow);
}

void WeightDownloads::start(const QString& name) {
  if (jobs_.contains(name)) return;
  std::shared_ptr<std::mutex>& turn = turns_[name];
  if (!turn) turn = std::make_shared<std::mutex>();
  const quint64 job = session_.jobs().start(
      this, tr("Downloading %1").arg(name),
      [name = name.toStdString(), workspace = session_.store().workspace(), turn](std::stop_token stop,
                                                                                  const Progress& progress) {
        const std::scoped_lock lock(*turn);
        return downloadWeights(name, workspace, std::move(stop), progress);
      },
      [this, name](const std::filesystem::path&) { ended(name); },
      [this, name](const QString& message) {
        session_.report(message.contains(name) ? message : QStringLiteral("%1: %2").arg(name, message));
        ended(name);
      });
  jobs_.insert(name, job);
  Q_EMIT changed();
}

void WeightDownloads::cancel(const QString& name) {
  const auto found = jobs_.constFind(name);
  if (found == jobs_.constEnd()) return;
  session_.jobs().cancel(found.value());
  ended(name);
}

std::optional<JobInfo> WeightDownloads::progress(const QString& name) const {
  const auto found = jobs_.constFind(name);
  if (found == jobs_.constEnd()) return {};
  for (const JobInfo& job : session_.jobs().running()) {
    if (job.id == found.value()) return job;
  }
  return {};
}

void WeightDownloads::ended(const QString& name) {
  jobs_.remove(name);
  session_.weights().refresh();
  Q_EMIT changed();
}

// Progress, at the pace that jobs tell it; and a job that is cancelled in the status bar says nothing more.
void WeightDownloads::follow() {
  if (jobs_.isEmpty()) return;
  const auto running = session_.jobs().running();
  for (const QString& name : jobs_.keys()) {
    const quint64 id = jobs_.value(name);
    if (std::none_of(running.begin(), running.end(), [id](const JobInfo& job) { return job.id == id; }))
      ended(name);
  }
  Q_EMIT changed();
}

}  // namespace panicle::ui
