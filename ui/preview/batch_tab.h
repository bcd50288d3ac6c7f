// What the trainer will really be fed: the tiles of a batch, or one photo as it will look in epoch after
// epoch, by the trainer's own code and seed; with controls to try other transforms and to put them into the
// recipe.
#pragma once

#include <QWidget>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ui/preview/batch_renderer.h"
#include "ui/preview/transform_draft.h"

class QLabel;
class QScrollArea;
class QSplitter;
class QStackedWidget;

namespace panicle::ui {

class BatchBar;
class BatchGrid;
class EmptyState;
class LatestJob;
class Session;
struct Photo;
class TransformPanel;

class BatchTab : public QWidget {
  Q_OBJECT
 public:
  BatchTab(Session& session, QWidget* parent);
  ~BatchTab() override;

  bool leaveDrillDown();  // back from one photo to the batch; false when a batch was shown

  const TransformDraft& draft() const { return draft_; }
  const BatchPicture& picture() const { return picture_; }  // as shown
  bool rendering() const;                                   // what is shown is not up to date yet
  std::size_t loads() const;                                // files read so far; while not rendering()

 Q_SIGNALS:
  void rendered();  // picture() is another one

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* makeLeft();
  void connectBar();
  void connectPanel();
  void connectSession();

  void takeRecipe();
  void showDraft();  // in the panel and in the tiles
  void edit(const std::string& path, const Json& value);

  std::size_t stage() const;  // that trains the chosen epoch; after the run's end, the last
  std::uint64_t firstEpochOf(std::size_t stage) const;
  std::optional<std::string> chosenPhoto() const;
  BatchRequest wanted() const;

  void request();
  void start(BatchRequest request);
  void take(BatchPicture picture);
  void fail(const QString& message);
  void say(const QString& title, const QString& text, const QString& button);
  Photo photoOf(const BatchTile& tile) const;
  void showTiles();

  void redraw();
  void selectTile(int index);
  void openTile(int index);

  Session& session_;
  TransformDraft draft_;
  std::vector<int> stageEpochs_;  // of the recipe's stages
  BatchPicture picture_;
  BatchRequest shown_;  // what picture_ answers
  BatchRequest running_;
  bool pending_ = false;  // another request waits for the running one
  bool stale_ = true;     // something changed while the tab was hidden

  QSplitter* splitter_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  QScrollArea* content_ = nullptr;
  EmptyState* empty_ = nullptr;
  BatchGrid* grid_ = nullptr;
  QLabel* caption_ = nullptr;
  QLabel* values_ = nullptr;
  TransformPanel* panel_ = nullptr;
  BatchBar* bar_ = nullptr;
  LatestJob* job_ = nullptr;
  std::shared_ptr<BatchRenderer> renderer_;
};

}  // namespace panicle::ui
