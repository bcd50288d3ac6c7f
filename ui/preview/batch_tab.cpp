#include "ui/preview/batch_tab.h"

#include <QEvent>
#include <QLabel>
#include <QScrollArea>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "core/train/schedule.h"
#include "ui/preview/batch_bar.h"
#include "ui/preview/batch_grid.h"
#include "ui/preview/batch_words.h"
#include "ui/preview/latest_job.h"
#include "ui/preview/transform_panel.h"
#include "ui/preview/transform_presets.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/photo_targets.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

const QLatin1StringView kSplitterKey("preview/batch_splitter");

// Of each stage; frozen and unfrozen together.
std::vector<int> epochsOf(const RunSpec& spec) {
  std::vector<int> epochs;
  for (const StageOptions& stage : spec.stages) {
    int sum = 0;
    for (const FitPhase& phase : planPhases(stage.schedule, 1)) sum += phase.epochs;
    epochs.push_back(sum);
  }
  return epochs;
}

// As tall as its layout needs at the width that it has: the splitter around it asks for no more than the
// plain minimum.
class Column : public QWidget {
 public:
  using QWidget::QWidget;

 protected:
  bool event(QEvent* event) override {
    const bool handled = QWidget::event(event);
    if (event->type() == QEvent::Resize || event->type() == QEvent::LayoutRequest) {
      setMinimumHeight(layout()->minimumHeightForWidth(width()));
    }
    return handled;
  }
};

QString reasonOf(QString problem, const QString& file) {
  if (problem.startsWith(file)) problem = problem.mid(file.size());
  while (problem.startsWith(QLatin1Char(':')) || problem.startsWith(QLatin1Char(' ')))
    problem = problem.mid(1);
  return problem;
}

// "Not up to date. Smallest zoom: must not be above max_zoom".
QString notUpToDateWords(const TransformDraft& draft, std::size_t stage,
                         const TransformDraft::Problem& problem) {
  for (const FieldDescription& field : transformFields(draft.spec(), stage)) {
    if (field.path != problem.path) continue;
    QString reason = problem.reason;
    if (!reason.isEmpty()) reason[0] = reason[0].toLower();
    return BatchTab::tr("Not up to date. %1: %2").arg(QString::fromUtf8(field.info.label), reason);
  }
  return BatchTab::tr("Not up to date: %1").arg(problem.reason);
}

}  // namespace

BatchTab::BatchTab(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      draft_(session.recipe()),
      stageEpochs_(epochsOf(session.recipe())),
      splitter_(new QSplitter(Qt::Horizontal, this)),
      stack_(new QStackedWidget(this)),
      content_(new QScrollArea(stack_)),
      empty_(new EmptyState(stack_)),
      panel_(new TransformPanel),
      job_(new LatestJob(this)),
      renderer_(std::make_shared<BatchRenderer>()) {
  splitter_->addWidget(makeLeft());
  splitter_->addWidget(panel_);
  splitter_->setStretchFactor(0, 1);
  splitter_->setStretchFactor(1, 0);
  splitter_->setChildrenCollapsible(false);
  splitter_->setHandleWidth(kGrid);
  splitter_->setSizes({80 * kGrid, 42 * kGrid});
  splitter_->restoreState(session.settings().value(kSplitterKey).toByteArray());
  // Where letters are large or the window is small, everything stays in reach.
  content_->setWidget(splitter_);
  content_->setWidgetResizable(true);
  content_->setFrameShape(QFrame::NoFrame);
  content_->setFocusPolicy(Qt::NoFocus);
  stack_->addWidget(content_);
  stack_->addWidget(empty_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, kGrid, 0, 0);
  layout->addWidget(stack_);
  connectBar();
  connectPanel();
  connectSession();
  takeRecipe();
}

BatchTab::~BatchTab() = default;

QWidget* BatchTab::makeLeft() {
  auto* left = new Column(this);
  bar_ = new BatchBar(session_.settings(), left);
  grid_ = new BatchGrid(left);
  caption_ = new QLabel(left);
  values_ = new QLabel(left);
  for (QLabel* label : {caption_, values_}) {
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  }
  caption_->setToolTip(
      tr("<p>Sizes are height\u00d7width. With a smallest crop below 1, the fastai engine cuts the same box "
         "out of all "
         "photos of a batch, as fastai does; the fused engine draws one for each photo.</p>"));
  values_->setForegroundRole(QPalette::PlaceholderText);
  values_->setToolTip(
      tr("<p>Of the numbers that the network gets from these tiles: each channel, less ImageNet's mean, over "
         "ImageNet's "
         "standard deviation. Photos like ImageNet's give means near 0 and standard deviations near 1.</p>"));
  auto* column = new QVBoxLayout(left);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kGrid / 2);
  column->addWidget(bar_);
  column->addWidget(grid_, 1);
  column->addWidget(caption_);
  column->addWidget(values_);
  return left;
}

void BatchTab::connectBar() {
  connect(bar_, &BatchBar::changed, this, &BatchTab::showDraft);  // another epoch may be another stage's
  connect(bar_, &BatchBar::redrawRequested, this, &BatchTab::redraw);
  connect(grid_, &BatchGrid::currentChanged, this, &BatchTab::selectTile);
  connect(grid_, &BatchGrid::activated, this, &BatchTab::openTile);
  connect(splitter_, &QSplitter::splitterMoved, this,
          [this] { session_.settings().setValue(kSplitterKey, splitter_->saveState()); });
  connect(empty_, &EmptyState::clicked, this, [this] {
    Q_EMIT session_.pageRequested(session_.dataset() ? QStringLiteral("train") : QStringLiteral("data"));
  });
}

void BatchTab::connectPanel() {
  connect(panel_, &TransformPanel::edited, this, &BatchTab::edit);
  connect(panel_, &TransformPanel::presetChosen, this, [this](int index) {
    const TransformPreset& preset = transformPresets().at(static_cast<std::size_t>(index));
    draft_.setStage(stage(), preset.resize, preset.augment);
    showDraft();
  });
  connect(panel_, &TransformPanel::stageChosen, this, [this](int index) {
    bar_->setEpoch(firstEpochOf(static_cast<std::size_t>(index)));
    showDraft();
  });
  connect(panel_, &TransformPanel::applyRequested, this,
          [this] { session_.setRecipe(draft_.spec(), tr("Apply transforms")); });
  connect(panel_, &TransformPanel::revertRequested, this, [this] {
    draft_.revert();
    showDraft();
  });
}

void BatchTab::connectSession() {
  connect(&session_, &Session::recipeChanged, this, &BatchTab::takeRecipe);
  connect(&session_, &Session::datasetChanged, this, [this] {
    picture_ = {};
    showTiles();
    bar_->setEpoch(0);
    bar_->setBatch(0);
    showDraft();
  });
  connect(&session_, &Session::datasetFailed, this, &BatchTab::request);
  connect(&session_, &Session::currentPhotoChanged, this, [this] {
    if (bar_->onePhoto()) request();
  });
}

// --- What is to be shown

std::size_t BatchTab::stage() const {
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < stageEpochs_.size(); ++i) {
    end += static_cast<std::uint64_t>(stageEpochs_[i]);
    if (bar_->epoch() < end) return i;
  }
  return stageEpochs_.size() - 1;
}

std::uint64_t BatchTab::firstEpochOf(std::size_t stage) const {
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < stage; ++i) first += static_cast<std::uint64_t>(stageEpochs_[i]);
  return first;
}

void BatchTab::takeRecipe() {
  const RunSpec& recipe = session_.recipe();
  draft_.follow(recipe);
  stageEpochs_ = epochsOf(recipe);
  bar_->setRun(recipe.seed, firstEpochOf(stageEpochs_.size()));
  showDraft();
}

void BatchTab::showDraft() {
  panel_->show(draft_, stage());
  request();
}

void BatchTab::edit(const std::string& path, const Json& value) {
  const QString problem = draft_.set(path, value);
  if (problem.isEmpty()) {
    showDraft();
  } else {
    panel_->setProblem(path, problem);
  }
}

std::optional<std::string> BatchTab::chosenPhoto() const {
  if (!bar_->onePhoto()) return {};
  if (const Photo* photo = session_.currentPhoto()) return photo->path.toStdString();
  if (!picture_.tiles.empty()) return picture_.tiles.front().photo.path;
  const auto& items = session_.dataset()->items;
  return items.empty() ? std::string() : items.front().path;
}

BatchRequest BatchTab::wanted() const {
  BatchRequest request;
  request.dataset = session_.dataset();
  request.spec = draft_.spec();
  request.spec.seed = bar_->seed();
  request.stage = stage();
  request.mode = bar_->mode();
  request.epoch = bar_->epoch();
  request.batch = bar_->batch();
  request.photo = chosenPhoto();
  request.tiles = bar_->tiles();
  request.normalized = bar_->normalized();
  return request;
}

// --- Rendering

void BatchTab::request() {
  if (!isVisible()) {
    stale_ = true;
    return;
  }
  stale_ = false;
  if (!session_.dataset()) {
    job_->cancel();
    pending_ = false;
    say(session_.opening() ? tr("Reading the data set\u2026") : tr("No data set is open"),
        tr("Here you will see the photos of a batch just as the network gets them: resized, turned, warped "
           "and relit."),
        session_.opening() ? QString() : tr("Open a data set"));
    return;
  }
  if (const auto problems = draft_.problems(stage()); !problems.empty()) {
    job_->cancel();
    pending_ = false;
    caption_->setText(notUpToDateWords(draft_, stage(), problems.front()));
    return;
  }
  // Under a slider, requests come faster than answers. The running one has its photos at hand and is soon
  // done, so that the picture follows the hand; of those that wait only the newest is served.
  BatchRequest next = wanted();
  if (job_->busy() && sameItems(next, running_)) {
    pending_ = true;
    return;
  }
  start(std::move(next));
}

void BatchTab::start(BatchRequest request) {
  pending_ = false;
  running_ = std::move(request);
  job_->start([renderer = renderer_,
               request = running_](std::stop_token stop) { return renderer->render(request, stop); },
              [this](BatchPicture picture) { take(std::move(picture)); },
              [this](const QString& message) { fail(message); });
  if (!picture_.tiles.empty()) return;
  grid_->setEmptyText(tr("Reading the photos\u2026"));
  stack_->setCurrentWidget(content_);
}

void BatchTab::take(BatchPicture picture) {
  picture_ = std::move(picture);
  shown_ = running_;
  bar_->setBatches(picture_.mode, picture_.batches);
  if (picture_.batches == 0) {
    say(picture_.mode == Mode::Valid ? tr("No photo validates") : tr("No photo trains"),
        tr("The recipe's split leaves nothing here. It is set on the Train page, under Data."),
        tr("Show the split"));
  } else {
    stack_->setCurrentWidget(content_);
    showTiles();
  }
  Q_EMIT rendered();
  if (pending_ || (picture_.tiles.empty() && picture_.batches > 0)) start(wanted());
}

void BatchTab::fail(const QString& message) {
  picture_ = {};
  shown_ = running_;
  showTiles();
  if (shown_.photo) {
    // The controls stay in reach: another photo, or a batch, may do.
    grid_->setEmptyText(message);
    stack_->setCurrentWidget(content_);
  } else {
    say(tr("No batch can be made"), message, tr("Show the recipe"));
  }
  Q_EMIT rendered();
  if (pending_) start(wanted());
}

void BatchTab::say(const QString& title, const QString& text, const QString& button) {
  empty_->say(title, text, button);
  stack_->setCurrentWidget(empty_);
}

Photo BatchTab::photoOf(const BatchTile& tile) const {
  // The vocab of a subset is smaller; the colours are those of the whole data set.
  Photo photo = session_.photo(tile.photo);
  const Vocab& vocab = session_.dataset()->vocab;
  const auto found = std::lower_bound(vocab.begin(), vocab.end(), tile.label.toStdString());
  photo.label = tile.label;
  photo.targets = tile.targets;
  photo.target = found == vocab.end() ? -1 : static_cast<int>(found - vocab.begin());
  return photo;
}

void BatchTab::showTiles() {
  std::vector<GridTile> tiles;
  const bool one = shown_.photo.has_value();
  grid_->leaveSidewaysKeys(one);
  for (const BatchTile& from : picture_.tiles) {
    GridTile tile{from.image, photoOf(from), {}, {}, {}};
    if (one && picture_.mode == Mode::Train)
      tile.note = tr("epoch %1, batch %2").arg(from.epoch + 1).arg(from.batch + 1);
    tile.problem = reasonOf(from.problem, tile.photo.file);
    if (!from.in_epoch)
      tile.problem =
          tr("Epoch %1 does without this photo: its last batch would not be full.").arg(from.epoch + 1);
    QStringList lines{tile.photo.label, tile.photo.path};
    if (!tile.photo.targets.isEmpty()) lines.insert(1, targetsText(tile.photo.targets));
    lines << (from.problem.isEmpty() ? tr("epoch %1, batch %2").arg(from.epoch + 1).arg(from.batch + 1)
                                     : from.problem);
    lines << drawWords(from, picture_.mode, shown_.spec.stages[shown_.stage].augment);
    tile.tip = lines.join(QLatin1Char('\n'));
    tiles.push_back(std::move(tile));
  }
  grid_->setTiles(std::move(tiles));
  caption_->setText(picture_.tiles.empty() ? QString() : captionWords(shown_, picture_));
  QString values = picture_.values ? valueWords(*picture_.values) : QString();
  if (picture_.values && shown_.normalized) values += tr(". Black is \u22122.7, grey 0, white 2.7");
  values_->setText(values);
}

bool BatchTab::rendering() const {
  return job_->busy() || stale_;
}

std::size_t BatchTab::loads() const {
  return renderer_->loads();
}

// --- Actions

// The next epoch is what training draws next; with one photo shown, the epochs that follow those on show.
void BatchTab::redraw() {
  const std::uint64_t step = bar_->onePhoto() ? std::max<std::uint64_t>(1, picture_.tiles.size()) : 1;
  bar_->setEpoch(bar_->epoch() + step);
  showDraft();
}

void BatchTab::selectTile(int index) {
  if (shown_.photo) return;  // all tiles are of the current photo
  std::vector<Photo> photos;
  for (const GridTile& tile : grid_->tiles()) photos.push_back(tile.photo);
  session_.select(std::move(photos), index);
}

void BatchTab::openTile(int index) {
  const BatchTile& tile = picture_.tiles.at(static_cast<std::size_t>(index));
  if (!shown_.photo) {
    selectTile(index);
    bar_->setOnePhoto(true);
  } else if (tile.in_epoch) {
    bar_->setOnePhoto(false);
    bar_->setMode(picture_.mode);
    bar_->setEpoch(tile.epoch);
    bar_->setBatch(tile.batch);
  }
  showDraft();
}

bool BatchTab::leaveDrillDown() {
  if (!bar_->onePhoto()) return false;
  bar_->setOnePhoto(false);
  showDraft();
  return true;
}

void BatchTab::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (stale_) request();
}

}  // namespace panicle::ui
