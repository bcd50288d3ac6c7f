// What all pages share: the workspace, the data set, the recipe (the one draft RunSpec) and the selection of photos.
// Lives on the GUI thread.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <memory>
#include <string>
#include <vector>

#include "core/data/census.h"
#include "core/data/dataset.h"
#include "core/runs/run_spec.h"
#include "core/runs/run_store.h"
#include "ui/shared/photo.h"

class QSettings;

namespace panicle::ui {

class Jobs;
class LaneRuns;
class MemoryForecast;
class MemoryProfiles;
class MemorySampler;
class RunController;
class WeightStates;

class Session : public QObject {
  Q_OBJECT
 public:
  explicit Session(std::unique_ptr<RunStore> store, QObject* parent = nullptr);
  ~Session() override;

  RunStore& store();
  Jobs& jobs();
  RunController& runs();              // the run in progress
  LaneRuns& laneRuns();               // the queue's beside it
  WeightStates& weights();
  MemorySampler& memory();            // once somebody has started it
  MemoryProfiles& memoryProfiles();
  MemoryForecast& forecast();         // of the recipe; once somebody has started it
  // <workspace>/window.ini: window state, page, sizes, filters, last recipe. Keys begin with the page's id: "data/tile_size".
  QSettings& settings();

  // --- Data set. openDataset scans in a job; datasetChanged when it is there, then a census job, then censusChanged.
  // The recipe's data section follows (as one undo step), and the data set follows when the recipe's data source changes.
  void openDataset(const QString& folderOrCsv);
  bool opening() const;                             // a scan is under way
  std::shared_ptr<const Dataset> dataset() const;   // null until one is open
  std::shared_ptr<const Census> census() const;     // null until it is taken
  QStringList recent() const;                       // data sets opened before, newest first
  Photo photo(const Item& item) const;              // of the open data set; its further targets only for an item in it, not a copy

  // --- Recipe. Every page edits it; Start freezes a copy.
  const RunSpec& recipe() const;
  void setRecipe(const RunSpec& spec, const QString& what);  // `what` names the undo step: "Change epochs"
  // Sets one field by its dotted path; returns "" or what is wrong (the recipe is then left as it was).
  QString setRecipeField(const QString& path, const Json& value);
  // Another recipe instead of the draft, such as one that comes with Panicle: what was typed and refused goes with the old one.
  void replaceRecipe(const RunSpec& spec, const QString& what);
  // What keeps it from starting, the draft problems first, each beginning with the dotted path of its field where it has one.
  QStringList recipeProblems() const;
  // Freezes it into a run, with what is being typed into a field; false where it cannot start, and the first time where it does not fit into
  // the memory (forecast().refused()).
  bool start();
  // A run of the queue (laneRuns()) is on this device of a RunSpec.
  bool deviceIsBusy(const std::string& device) const;
  // What was typed into the form and refused, as "path: reason": the recipe has none of it, and must not start as if it had.
  // The form keeps the list; undo, redo and whoever puts another recipe in place empty it, and the form takes the texts back.
  void setDraftProblems(const QStringList& problems);
  const QStringList& draftProblems() const;
  bool canUndo() const;
  bool canRedo() const;
  QString undoText() const;                         // what undo() takes back: "Change epochs"; "" when there is nothing
  QString redoText() const;
  void undo();
  void redo();

  // --- Selection. The current photo shows in the inspector; arrow keys walk it.
  const std::vector<Photo>& selection() const;
  int currentIndex() const;                         // -1: none
  const Photo* currentPhoto() const;
  void select(std::vector<Photo> photos, int current);
  void setCurrent(int index);

  // Leads to the field of the recipe on the Train page, with the keyboard in it.
  void showField(const QString& path);
  // Leads to the run on the Inspect page.
  void inspectRun(const QString& run);

  // Problems show in a bar at the top of the page area: what happened, what to do.
  void report(const QString& problem);
  // The same for what can be mended: it stands as long as its cause, which it names by a word of the caller's. A later text for the same cause
  // replaces it, "" ends it.
  enum class Weight { Error, Notice };
  void tell(const QString& cause, const QString& text, Weight weight);

 Q_SIGNALS:
  void datasetChanged();
  void datasetFailed(const QString& message);
  void censusChanged();
  void recipeChanged();
  void recipeReplaced();                            // after recipeChanged
  void draftProblemsChanged();                      // recipeProblems() says something else, though the recipe is the same
  void selectionChanged();
  void currentPhotoChanged();
  void runsChanged();                               // a run began, ended or changed in the store
  void problemReported(const QString& problem);
  void told(const QString& cause, const QString& text, panicle::ui::Session::Weight weight);
  void pageRequested(const QString& page);          // "train": a chip or a link leads there
  void fieldRequested(const QString& path);         // after pageRequested
  void inspectRequested(const QString& run);        // likewise

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
