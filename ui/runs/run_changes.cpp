#include "ui/runs/run_changes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "ui/runs/runs_model.h"
#include "ui/shared/jobs.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"

namespace panicle::ui {

QStringList tagsOf(const QString& text) {
  QStringList tags;
  for (const QString& part : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
    const QString tag = part.trimmed();
    if (!tag.isEmpty() && !tags.contains(tag)) tags << tag;
  }
  return tags;
}

RunChanges::RunChanges(Session& session, RunsModel& model, QObject* parent) : QObject(parent), session_(session), model_(model) {}

void RunChanges::write(const QString& title, std::function<void(RunStore&)> change, std::function<void()> done) {
  session_.jobs().start(
      this, title,
      [store = &session_.store(), change = std::move(change)](std::stop_token, const Progress&) {
        change(*store);
        return true;
      },
      [this, done = std::move(done)](bool) {
        if (done) done();
        Q_EMIT session_.runsChanged();
      },
      [this](const QString& problem) {
        session_.report(problem);
        Q_EMIT session_.runsChanged();
      });
}

void RunChanges::edit(const std::string& run, RunColumn column, const QString& text, const Ids& selected) {
  Ids runs{run};
  if (std::find(selected.begin(), selected.end(), run) != selected.end()) {
    std::copy_if(selected.begin(), selected.end(), std::back_inserter(runs), [&](const std::string& other) { return other != run; });
  }
  switch (column) {
    case RunColumn::Name: rename(run, text); break;
    case RunColumn::Tags: setTags(runs, text); break;
    case RunColumn::Note: setNote(runs, text); break;
    default: break;
  }
}

void RunChanges::rename(const std::string& run, const QString& name) {
  const std::string text = name.toStdString();
  model_.patch(run, [&](RunSummary& shown) { shown.name = text; });
  write(tr("Renaming run %1").arg(QString::fromStdString(run)), [run, text](RunStore& store) { store.rename(run, text); });
}

void RunChanges::setStarred(const Ids& runs, bool starred) {
  for (const std::string& run : runs) model_.patch(run, [&](RunSummary& shown) { shown.starred = starred; });
  write(tr("Writing stars"), [runs, starred](RunStore& store) {
    for (const std::string& run : runs) store.setStarred(run, starred);
  });
}

void RunChanges::setTags(const Ids& runs, const QString& text) {
  const RunSummary* first = runs.empty() ? nullptr : model_.find(runs.front());
  if (!first) return;
  std::vector<std::string> wanted;
  for (const QString& tag : tagsOf(text)) wanted.push_back(tag.toStdString());
  const auto without = [](const std::vector<std::string>& all, const std::vector<std::string>& some) {
    std::vector<std::string> left;
    std::copy_if(all.begin(), all.end(), std::back_inserter(left),
                 [&](const std::string& tag) { return std::find(some.begin(), some.end(), tag) == some.end(); });
    return left;
  };
  const std::vector<std::string> added = without(wanted, first->tags), removed = without(first->tags, wanted);
  if (added.empty() && removed.empty()) return;
  for (const std::string& run : runs) {
    model_.patch(run, [&](RunSummary& shown) {
      shown.tags = without(shown.tags, removed);
      for (const std::string& tag : without(added, shown.tags)) shown.tags.push_back(tag);
      std::sort(shown.tags.begin(), shown.tags.end());
    });
  }
  write(tr("Writing tags"), [runs, added, removed](RunStore& store) {
    for (const std::string& run : runs) {
      for (const std::string& tag : removed) store.removeTag(run, tag);
      for (const std::string& tag : added) store.addTag(run, tag);
    }
  });
}

void RunChanges::setNote(const Ids& runs, const QString& note) {
  const std::string text = note.toStdString();
  for (const std::string& run : runs) model_.patch(run, [&](RunSummary& shown) { shown.note = text; });
  write(tr("Writing a note"), [runs, text](RunStore& store) {
    for (const std::string& run : runs) store.setNote(run, text);
  });
}

void RunChanges::keepAsIs(const Ids& runs) {
  for (const std::string& run : runs) model_.patch(run, [](RunSummary& shown) { shown.status = RunStatus::Stopped; });
  write(tr("Keeping interrupted runs"), [runs](RunStore& store) {
    for (const std::string& run : runs) store.keepAsIs(run);
  });
}

void RunChanges::resume(const std::string& run, std::function<void()> begun) {
  session_.jobs().start(
      this, tr("Reading run %1").arg(QString::fromStdString(run)),
      [store = &session_.store(), run](std::stop_token, const Progress&) { return store->get(run).spec; },
      [this, run, begun = std::move(begun)](const RunSpec& spec) {
        if (session_.runs().active() || session_.deviceIsBusy(spec.device)) {
          session_.report(tr("A run is in progress: run %1 can go on when it has ended.").arg(QString::fromStdString(run)));
          return;
        }
        session_.runs().start(spec, [run](RunStore& store, const RunController::TakeControl& take, const TrainObserver& observer) {
          TrainControl control;
          const auto gone = [&take](TrainControl*) { take(nullptr); };
          const std::unique_ptr<TrainControl, decltype(gone)> taken(&control, gone);
          take(&control);
          return panicle::resume(store, run, control, observer);
        });
        begun();
      });
}

void RunChanges::moveToTrash(const Ids& runs) {
  write(tr("Moving runs to the trash"), [runs](RunStore& store) { store.moveToTrash(runs); }, [this, runs] { Q_EMIT trashed(runs); });
}

void RunChanges::restore(const Ids& runs) {
  write(tr("Bringing runs back"), [runs](RunStore& store) { store.restore(runs); });
}

void RunChanges::purge(const Ids& runs) {
  auto bytes = std::make_shared<std::uint64_t>(0);
  write(
      tr("Deleting runs"), [runs, bytes](RunStore& store) { *bytes = store.purge(runs); }, [this, bytes] { Q_EMIT purged(*bytes); });
}

}  // namespace panicle::ui
