#include "ui/data/data_page.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <unordered_set>

#include "core/data/split.h"
#include "ui/data/census_tables.h"
#include "ui/data/filter_panel.h"
#include "ui/data/header_line.h"
#include "ui/data/photo_facts.h"
#include "ui/data/photo_filter.h"
#include "ui/data/photo_view.h"
#include "ui/data/shared_selection.h"
#include "ui/shared/jobs.h"
#include "ui/shared/page.h"
#include "ui/shared/photo_grid.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/thumbnails.h"

namespace panicle::ui {
namespace {

constexpr int kTileStep = 16;
constexpr int kDefaultTile = 160;
constexpr int kSearchDelayMs = 120;
constexpr int kShareDelayMs = 150;
constexpr std::uint32_t kEagerFacts = 50'000;  // up to so many headers are read unasked

const QString kTileSetting = QStringLiteral("data/tile_size");
const QString kSplitterSetting = QStringLiteral("data/splitter");

bool sameSplit(const SplitOptions& a, const SplitOptions& b) {
  return a.kind == b.kind && a.valid_pct == b.valid_pct && a.seed == b.seed && a.column == b.column &&
         a.group_column == b.group_column && a.groups == b.groups;
}

class DataPage : public Page {
 public:
  DataPage(Session& session, QWidget* parent);

  QWidget* filterWidget() override { return search_; }
  bool leaveDrillDown() override;

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* makeCentre();
  QWidget* makeToolbar();
  QToolButton* makeStep(const QString& icon, const QString& tip, int by);
  QWidget* makePhotos();
  void connectAll();

  void takeDataset();
  void takeCensus();
  void takeRecipe();
  void takeSplit();
  void readAllFacts();
  void refilter();
  void showResult(const PhotoFilter& filter);
  void clearFilter();
  PhotoFilter filter() const;

  QString emptyText(bool filtered) const;
  Photo photoAt(int index) const;
  int find(std::uint32_t photo) const;
  void walkTo(int index);
  void showLarge(int index);
  void leaveLarge();

  Session& session_;
  PhotoIndex index_;
  SplitOptions split_;
  std::vector<std::uint32_t> shown_;  // photos of index_
  QString failure_;                   // why the last data set did not open
  bool reading_facts_ = false;

  QSplitter* splitter_;
  FilterPanel* panel_;
  HeaderLine* header_ = nullptr;
  QPushButton* clear_ = nullptr;
  QLineEdit* search_ = nullptr;
  QSlider* slider_ = nullptr;
  QTabWidget* tabs_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  PhotoGrid* grid_ = nullptr;
  PhotoView* large_ = nullptr;
  SizesTable* sizes_ = nullptr;
  ProblemsTable* problems_ = nullptr;
  SharedSelection* selection_;
  QTimer search_delay_;
  QTimer share_delay_;
};

DataPage::DataPage(Session& session, QWidget* parent)
    : Page(parent),
      session_(session),
      splitter_(new QSplitter(Qt::Horizontal)),
      panel_(new FilterPanel),
      selection_(new SharedSelection(session, this)) {
  splitter_->setChildrenCollapsible(false);
  splitter_->addWidget(panel_);
  splitter_->addWidget(makeCentre());
  splitter_->setStretchFactor(0, 0);
  splitter_->setStretchFactor(1, 1);
  splitter_->setSizes({30 * kGrid, 100 * kGrid});
  splitter_->restoreState(session_.settings().value(kSplitterSetting).toByteArray());
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, kGrid);
  layout->addWidget(splitter_);
  search_delay_.setSingleShot(true);
  search_delay_.setInterval(kSearchDelayMs);
  share_delay_.setSingleShot(true);
  share_delay_.setInterval(kShareDelayMs);
  connectAll();
  takeDataset();
  takeCensus();
}

QWidget* DataPage::makeCentre() {
  auto* centre = new QWidget;
  header_ = new HeaderLine;
  clear_ = new QPushButton(lineIcon(QStringLiteral("close")), tr("Clear filters"));
  clear_->setToolTip(tr("Shows all photos again (Esc)"));
  clear_->setFlat(true);
  QSizePolicy keeps_place = clear_->sizePolicy();
  keeps_place.setRetainSizeWhenHidden(true);
  clear_->setSizePolicy(keeps_place);
  auto* top = new QHBoxLayout;
  top->addWidget(header_, 1);
  top->addWidget(clear_);

  tabs_ = new QTabWidget;
  tabs_->setDocumentMode(true);
  sizes_ = new SizesTable;
  problems_ = new ProblemsTable;
  tabs_->addTab(makePhotos(), tr("Photos"));
  tabs_->addTab(sizes_, tr("Sizes"));
  tabs_->addTab(problems_, tr("Problems"));
  tabs_->setTabToolTip(1, tr("How many files there are of each width and height"));
  tabs_->setTabToolTip(2, tr("Files that cannot be read, and what the scan passed over"));

  auto* column = new QVBoxLayout(centre);
  column->setContentsMargins(kGrid, 0, 0, 0);
  column->setSpacing(kGrid);
  column->addLayout(top);
  column->addWidget(makeToolbar());
  column->addWidget(tabs_, 1);
  setTabOrder(clear_, search_);
  setTabOrder(search_, slider_);
  setTabOrder(slider_, tabs_);
  setTabOrder(tabs_, grid_);
  return centre;
}

QWidget* DataPage::makeToolbar() {
  auto* bar = new QWidget;
  search_ = new QLineEdit;
  search_->setPlaceholderText(tr("Search by name"));
  search_->setClearButtonEnabled(true);
  search_->addAction(lineIcon(QStringLiteral("search")), QLineEdit::LeadingPosition);
  search_->setAccessibleName(tr("Search photos by name"));
  search_->setToolTip(
      tr("Photos whose path contains all these words, such as \u201chispa 1004\u201d. The key / leads here, "
         "Return to "
         "the photos."));
  search_->setMaximumWidth(50 * kGrid);
  slider_ = new QSlider(Qt::Horizontal);
  slider_->setRange(PhotoGrid::kMinTile / kTileStep, PhotoGrid::kMaxTile / kTileStep);
  slider_->setPageStep(2);
  slider_->setFixedWidth(18 * kGrid);
  slider_->setAccessibleName(tr("Tile size"));
  slider_->setToolTip(tr("Size of the tiles; Ctrl and the wheel over the photos do the same"));
  slider_->setValue(grid_->tileSize() / kTileStep);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid / 2);
  row->addWidget(search_, 1);
  row->addStretch();
  row->addWidget(makeStep(QStringLiteral("minus"), tr("Smaller tiles (Ctrl+\u2212)"), -1));
  row->addWidget(slider_);
  row->addWidget(makeStep(QStringLiteral("plus"), tr("Larger tiles (Ctrl++)"), 1));
  return bar;
}

QToolButton* DataPage::makeStep(const QString& icon, const QString& tip, int by) {
  auto* button = new QToolButton;
  button->setIcon(lineIcon(icon));
  button->setAutoRaise(true);
  button->setToolTip(tip);
  button->setAccessibleName(tip);
  button->setFocusPolicy(Qt::NoFocus);  // the slider beside it has the keyboard
  connect(button, &QToolButton::clicked, this, [this, by] { slider_->setValue(slider_->value() + by); });
  return button;
}

QWidget* DataPage::makePhotos() {
  grid_ = new PhotoGrid(PhotoGrid::Strip::Label);
  grid_->setTileSize(session_.settings().value(kTileSetting, kDefaultTile).toInt());
  large_ = new PhotoView;
  stack_ = new QStackedWidget;
  stack_->addWidget(grid_);
  stack_->addWidget(large_);
  return stack_;
}

void DataPage::connectAll() {
  connect(&session_, &Session::datasetChanged, this, &DataPage::takeDataset);
  connect(&session_, &Session::datasetFailed, this, [this](const QString& message) {
    failure_ = message;
    if (!index_.dataset) grid_->setEmptyText(emptyText(false));
  });
  connect(&session_, &Session::censusChanged, this, &DataPage::takeCensus);
  connect(&session_, &Session::recipeChanged, this, &DataPage::takeRecipe);
  connect(splitter_, &QSplitter::splitterMoved, this,
          [this] { session_.settings().setValue(kSplitterSetting, splitter_->saveState()); });
  connect(panel_, &FilterPanel::changed, this, &DataPage::refilter);
  connect(search_, &QLineEdit::textChanged, &search_delay_, qOverload<>(&QTimer::start));
  connect(search_, &QLineEdit::returnPressed, this, [this] { grid_->setFocus(Qt::OtherFocusReason); });
  connect(&search_delay_, &QTimer::timeout, this, &DataPage::refilter);
  connect(clear_, &QPushButton::clicked, this, &DataPage::clearFilter);
  connect(slider_, &QSlider::valueChanged, this, [this](int value) {
    grid_->setTileSize(value * kTileStep);
    session_.settings().setValue(kTileSetting, grid_->tileSize());
  });
  connect(grid_, &PhotoGrid::tileSizeChanged, this,
          [this](int pixels) { slider_->setValue(pixels / kTileStep); });
  connect(grid_, &PhotoGrid::currentChanged, selection_, &SharedSelection::share);
  connect(grid_, &PhotoGrid::activated, this, &DataPage::showLarge);
  connect(large_, &PhotoView::moveRequested, this, [this](int by) { walkTo(grid_->current() + by); });
  connect(large_, &PhotoView::jumpRequested, this,
          [this](bool last) { walkTo(last ? grid_->count() - 1 : 0); });
  connect(large_, &PhotoView::closed, this, &DataPage::leaveLarge);
  connect(sizes_, &SizesTable::sizeChosen, this, [this](int width, int height) {
    PhotoFilter wanted = panel_->filter();
    wanted.sizes.clear();
    wanted.sizes.emplace(width, height);
    panel_->setFilter(wanted);
    tabs_->setCurrentIndex(0);
    refilter();
  });
  connect(selection_, &SharedSelection::currentChanged, this, [this](int index) {
    grid_->setCurrent(index);
    if (stack_->currentWidget() == large_) showLarge(index);
  });
  connect(&share_delay_, &QTimer::timeout, this, [this] {
    if (isVisible() && index_.dataset) selection_->share(grid_->current());
  });
}

// --- What is open

void DataPage::takeDataset() {
  leaveLarge();
  index_ = PhotoIndex{session_.dataset(), {}, {}, {}};
  reading_facts_ = false;
  failure_.clear();
  shown_.clear();
  grid_->setSource(0, {});
  Thumbnails::instance().setExif(session_.recipe().data.exif);
  Thumbnails::instance().clear();
  search_->clear();
  search_delay_.stop();
  panel_->setDataset(index_.dataset);
  problems_->setDataset(index_.dataset);
  sizes_->setCensus(nullptr);
  for (QWidget* part : std::initializer_list<QWidget*>{search_, slider_})
    part->setEnabled(index_.dataset != nullptr);
  if (!index_.dataset) {
    header_->setText(tr("No data set is open"));
    clear_->hide();
    grid_->setEmptyText(emptyText(false));
    return;
  }
  grid_->setTargets(!index_.dataset->further_targets.empty());
  takeSplit();
  refilter();
}

void DataPage::takeCensus() {
  const std::shared_ptr<const Census> census = session_.census();
  panel_->setCensus(census);
  sizes_->setCensus(census);
  problems_->setCensus(census);
  tabs_->setTabText(1, census ? tr("Sizes (%1)").arg(formatCount(census->sizes.size())) : tr("Sizes"));
  const int problems = problems_->count();
  tabs_->setTabText(2, problems > 0 ? tr("Problems (%1)").arg(formatCount(static_cast<quint64>(problems)))
                                    : tr("Problems"));
  if (!census || !index_.dataset) return;
  std::unordered_set<std::string> bad;
  for (const BadFile& file : census->bad) bad.insert(file.path);
  index_.bad.assign(index_.all(), false);
  for (std::uint32_t photo = 0; photo < index_.all() && !bad.empty(); ++photo) {
    index_.bad[photo] = bad.contains(index_.item(photo).path);
  }
  if (index_.all() <= kEagerFacts) readAllFacts();
  refilter();
}

void DataPage::takeRecipe() {
  Thumbnails::instance().setExif(session_.recipe().data.exif);
  if (!index_.dataset || sameSplit(split_, session_.recipe().data.split)) return;
  takeSplit();
  refilter();
}

void DataPage::takeSplit() {
  split_ = session_.recipe().data.split;
  index_.parts.assign(index_.labelled(), Part::Train);
  std::array<std::uint32_t, kParts> totals{index_.labelled(), 0, index_.all() - index_.labelled()};
  QString problem;
  try {
    for (const std::uint32_t item : splitDataset(*index_.dataset, split_).valid) {
      index_.parts[item] = Part::Valid;
      --totals[0];
      ++totals[1];
    }
  } catch (const std::exception& error) {
    problem = QString::fromUtf8(error.what());
  }
  panel_->setParts(totals, problem);
}

void DataPage::readAllFacts() {
  if (reading_facts_ || !index_.facts.empty()) return;
  reading_facts_ = true;
  const std::shared_ptr<const Dataset> dataset = index_.dataset;
  const auto work = [dataset](std::stop_token stop, const Progress& progress) {
    return readFacts(*dataset, 0, stop, progress);
  };
  const auto done = [this, dataset](std::vector<FileFacts> facts) {
    if (dataset != index_.dataset) return;
    reading_facts_ = false;
    index_.facts = std::move(facts);
    refilter();
  };
  const auto failed = [this, dataset](const QString& message) {
    if (dataset == index_.dataset) reading_facts_ = false;
    session_.report(message);
  };
  session_.jobs().start(this, tr("Reading photo sizes"), work, done, failed);
}

// --- Filter

PhotoFilter DataPage::filter() const {
  PhotoFilter filter = panel_->filter();
  filter.words = search_->text().simplified().toStdString();
  return filter;
}

void DataPage::refilter() {
  if (!index_.dataset) return;
  const PhotoFilter wanted = filter();
  if (wanted.needsFacts() && index_.facts.empty()) {
    readAllFacts();
    header_->setText(tr("Reading the sizes of %1 files\u2026").arg(formatCount(index_.all())));
    clear_->show();
    return;  // comes back when they are there
  }
  const int current = grid_->current();
  const bool had_current = current >= 0 && current < static_cast<int>(shown_.size());
  const std::uint32_t kept = had_current ? shown_[static_cast<std::size_t>(current)] : 0;
  FilterResult result = applyFilter(index_, wanted);
  panel_->setCounts(result.counts, !index_.facts.empty());
  const bool same = grid_->count() > 0 && result.photos == shown_;
  shown_ = std::move(result.photos);
  showResult(wanted);
  if (same) return;
  const auto source = [this](int index) { return photoAt(index); };
  grid_->setSource(static_cast<int>(shown_.size()), source);
  grid_->setEmptyText(emptyText(!wanted.empty()));
  selection_->setSource(static_cast<int>(shown_.size()), source);
  grid_->setCurrent(had_current ? std::max(0, find(kept)) : 0);
  if (stack_->currentWidget() == large_) leaveLarge();
  share_delay_.start();
}

void DataPage::showResult(const PhotoFilter& filter) {
  const QString text = describeView(shown_.size(), index_, filter, session_.census().get());
  header_->setText(text);
  header_->setToolTip(text);
  clear_->setVisible(!filter.empty());
}

void DataPage::clearFilter() {
  search_->clear();
  search_delay_.stop();
  panel_->setFilter({});
  refilter();
  grid_->setFocus(Qt::OtherFocusReason);
}

QString DataPage::emptyText(bool filtered) const {
  if (filtered)
    return tr("No photo matches.\n\nPress Esc or \u201cClear filters\u201d to see all of them again.");
  if (index_.dataset)
    return tr(
        "This data set has no labelled photos.\n\nOpen a folder with one folder of photos for each class.");
  if (session_.opening()) return tr("Reading the data set\u2026");
  const QString what_to_do = tr(
      "Open a folder with one folder of photos for each class, or a CSV that names photos and labels: menu "
      "File, or drop it on the window.");
  return failure_.isEmpty() ? what_to_do : failure_ + QStringLiteral("\n\n") + what_to_do;
}

// --- Photos

Photo DataPage::photoAt(int index) const {
  return session_.photo(index_.item(shown_[static_cast<std::size_t>(index)]));
}

int DataPage::find(std::uint32_t photo) const {
  const auto found = std::lower_bound(shown_.begin(), shown_.end(), photo);
  return found != shown_.end() && *found == photo ? static_cast<int>(found - shown_.begin()) : -1;
}

void DataPage::walkTo(int index) {
  if (index < 0 || index >= grid_->count() || index == grid_->current()) return;
  grid_->setCurrent(index);
  selection_->share(index);
  if (stack_->currentWidget() == large_) showLarge(index);
}

void DataPage::showLarge(int index) {
  if (index < 0 || index >= grid_->count()) return;
  const int last = grid_->count() - 1;
  stack_->setCurrentWidget(large_);
  large_->show(photoAt(index), index, grid_->count(), index < last ? photoAt(index + 1).file : QString(),
               index > 0 ? photoAt(index - 1).file : QString());
  large_->setFocus(Qt::OtherFocusReason);
}

void DataPage::leaveLarge() {
  if (stack_->currentWidget() != large_) return;
  stack_->setCurrentWidget(grid_);
  grid_->setFocus(Qt::OtherFocusReason);
}

bool DataPage::leaveDrillDown() {
  if (stack_->currentWidget() == large_) {
    leaveLarge();
    return true;
  }
  if (!index_.dataset || filter().empty()) return false;
  clearFilter();
  return true;
}

void DataPage::showEvent(QShowEvent* event) {
  Page::showEvent(event);
  if (index_.dataset && session_.currentIndex() < 0) share_delay_.start();
}

}  // namespace

Page* makeDataPage(Session& session, QWidget* parent) {
  return new DataPage(session, parent);
}

}  // namespace panicle::ui
