// Downloads of weights that somebody asked for: jobs, by the architecture's name. Lives on the GUI thread.
#pragma once

#include <QMap>
#include <QObject>
#include <QString>
#include <memory>
#include <mutex>
#include <optional>

#include "ui/shared/jobs.h"

namespace panicle::ui {

class Session;

class WeightDownloads : public QObject {
  Q_OBJECT
 public:
  explicit WeightDownloads(Session& session, QObject* parent = nullptr);

  // `name` as findArchitecture() takes it. Goes on where an earlier download was cut off. Problems are
  // reported to the session.
  void start(const QString& name);
  void cancel(const QString& name);  // what came so far is kept
  // How far it is, in bytes; nothing when it is not under way.
  std::optional<JobInfo> progress(const QString& name) const;

 Q_SIGNALS:
  void changed();

 private:
  void ended(const QString& name);
  void follow();

  Session& session_;
  QMap<QString, quint64> jobs_;
  // A download that was cancelled ends a moment later; the next of its name waits for that, for they write to
  // one file.
  QMap<QString, std::shared_ptr<std::mutex>> turns_;
};

}  // namespace panicle::ui
