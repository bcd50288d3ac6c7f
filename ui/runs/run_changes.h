// What a person changes about runs: name, star, tags, note, the trash. Each change is seen in the table at once, and written by a job;
// one that cannot be written is reported, and the table shows what the store has.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <functional>
#include <string>
#include <vector>

#include "core/runs/run_store.h"
#include "ui/runs/run_columns.h"

namespace panicle::ui {

class RunsModel;
class Session;

// "a, b" as tags: without blanks at their ends, each once.
QStringList tagsOf(const QString& text);

class RunChanges : public QObject {
  Q_OBJECT
 public:
  using Ids = std::vector<std::string>;

  RunChanges(Session& session, RunsModel& model, QObject* parent = nullptr);

  // What was typed into a cell of `run`: a name is its own, tags and a note go for all of the selection that it is in.
  void edit(const std::string& run, RunColumn column, const QString& text, const Ids& selected);
  void rename(const std::string& run, const QString& name);
  void setStarred(const Ids& runs, bool starred);
  // Makes the tags of the first run those of `text`; what that adds and takes away is done to the others too.
  void setTags(const Ids& runs, const QString& text);
  void setNote(const Ids& runs, const QString& note);
  void keepAsIs(const Ids& runs);
  // Goes on with a run that did not come to its end as the run in progress, unless there is one already; `begun` when it has.
  void resume(const std::string& run, std::function<void()> begun);
  void moveToTrash(const Ids& runs);
  void restore(const Ids& runs);
  void purge(const Ids& runs);

 Q_SIGNALS:
  void trashed(const std::vector<std::string>& runs);   // and stored so
  void purged(quint64 bytes);

 private:
  void write(const QString& title, std::function<void(RunStore&)> change, std::function<void()> done = {});

  Session& session_;
  RunsModel& model_;
};

}  // namespace panicle::ui
