#include "ui/data/filter_panel.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <numeric>

#include "ui/data/facet_list.h"
#include "ui/data/header_line.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMaxFacetRows = 5;
constexpr std::size_t kMaxSizes = 40;  // listed in the facet; the table has them all

qint64 sizeKey(const PhotoSize& size) {
  return (qint64{size.first} << 32) | size.second;
}
PhotoSize sizeOf(qint64 key) {
  return {static_cast<int>(key >> 32), static_cast<int>(key & 0xffffffff)};
}

QLabel* makeTitle(const QString& text, const QString& help, QWidget* parent) {
  auto* title = new QLabel(text, parent);
  QFont font = title->font();
  font.setBold(true);
  title->setFont(font);
  title->setToolTip(help);
  title->setContentsMargins(kGrid, kGrid / 2, kGrid, kGrid / 2);
  return title;
}

// As tall as what it holds, or less with a scroll bar.
class FittingScrollArea : public QScrollArea {
 public:
  explicit FittingScrollArea(QWidget* content) {
    setWidget(content);
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
  }

  QSize sizeHint() const override { return widget()->sizeHint(); }
  QSize minimumSizeHint() const override { return {12 * kGrid, 12 * kGrid}; }

 protected:
  bool event(QEvent* event) override {
    if (event->type() == QEvent::LayoutRequest) updateGeometry();
    return QScrollArea::event(event);
  }
};

template <typename Map, typename Key>
std::uint32_t valueOf(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? 0 : found->second;
}

}  // namespace

FilterPanel::FilterPanel(QWidget* parent) : QWidget(parent) {
  auto* facets = new QWidget;
  auto* column = new QVBoxLayout(facets);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(2);
  parts_ = addFacet(
      column, tr("Split"),
      tr("Which photos train the network and which only judge it, by the recipe's split. Judging on photos "
         "that trained it would flatter the network."),
      kParts);
  sizes_ =
      addFacet(column, tr("Size"),
               tr("Width \u00d7 height of the files, in pixels. The recipe's resize brings all to one size."),
               kMaxFacetRows);
  orientations_ =
      addFacet(column, tr("EXIF orientation"),
               tr("How the camera says the photo is to be turned. fastai ignores it, and so does Panicle "
                  "unless the recipe's option exif says \u201capply\u201d."),
               kMaxFacetRows);
  problems_ = addFacet(
      column, tr("Problems"),
      tr("Files that cannot be read. A run leaves them out or refuses them, as the recipe says."), 2);
  column->addStretch();

  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  addClasses(layout);
  facets_ = new FittingScrollArea(facets);
  layout->addWidget(facets_);
  layout->addStretch();
  connect(&Theme::instance(), &Theme::changed, this,
          &FilterPanel::showProblems);  // whose rows hold a colour of the theme
  setDataset(nullptr);
}

void FilterPanel::addClasses(QVBoxLayout* layout) {
  auto* row = new QHBoxLayout;
  class_title_ = makeTitle(
      tr("Classes"),
      tr("Click a class to see only its photos; Ctrl-click adds another, a second click lets go. With the "
         "keyboard: arrow keys, Ctrl+Space adds."),
      this);
  sort_ = new QToolButton;
  sort_->setText(tr("By count"));
  sort_->setCheckable(true);
  sort_->setAutoRaise(true);
  sort_->setToolTip(tr("Sort the classes by their number of photos instead of by name"));
  sort_->setAccessibleName(tr("Sort classes by count"));
  connect(sort_, &QToolButton::toggled, this, &FilterPanel::showClasses);
  row->addWidget(class_title_);
  row->addStretch();
  row->addWidget(sort_);
  layout->addLayout(row);
  classes_.note = new QLabel;
  classes_.note->setWordWrap(true);
  classes_.note->setContentsMargins(kGrid, 0, kGrid, kGrid);
  classes_.list = new FacetList(tr("Classes"));
  classes_.list->setMaxRows(0);
  connect(classes_.list, &FacetList::chosenChanged, this, &FilterPanel::changed);
  layout->addWidget(classes_.note);
  layout->addWidget(classes_.list, 1);
}

FilterPanel::Facet FilterPanel::addFacet(QVBoxLayout* layout, const QString& title, const QString& help,
                                         int max_rows) {
  Facet facet;
  facet.note = new QLabel;
  facet.note->setWordWrap(true);
  facet.note->setContentsMargins(kGrid, 0, kGrid, kGrid);
  facet.note->setForegroundRole(QPalette::PlaceholderText);
  facet.list = new FacetList(title);
  facet.list->setMaxRows(max_rows);
  connect(facet.list, &FacetList::chosenChanged, this, &FilterPanel::changed);
  layout->addWidget(makeTitle(title, help, this));
  layout->addWidget(facet.list);
  layout->addWidget(facet.note);
  return facet;
}

void FilterPanel::note(const Facet& facet, const QString& text) {
  facet.note->setText(text);
  facet.note->setVisible(!text.isEmpty());
  facet.list->setVisible(!facet.list->rows().empty());
}

void FilterPanel::setDataset(std::shared_ptr<const Dataset> dataset) {
  dataset_ = std::move(dataset);
  census_.reset();
  class_totals_ = dataset_ ? classCounts(*dataset_) : std::vector<std::size_t>();
  part_totals_ = {};
  split_problem_.clear();
  facets_->setVisible(dataset_ != nullptr);
  counts_ = {};
  have_counts_ = have_facts_ = false;
  setFilter({});
  showClasses();
  showParts();
  showSizes();
  showOrientations();
  showProblems();
}

void FilterPanel::setParts(const std::array<std::uint32_t, kParts>& totals, const QString& problem) {
  part_totals_ = totals;
  split_problem_ = problem;
  showParts();
}

void FilterPanel::setCensus(std::shared_ptr<const Census> census) {
  census_ = std::move(census);
  showSizes();
  showOrientations();
  showProblems();
}

void FilterPanel::setCounts(const FacetCounts& counts, bool facts) {
  counts_ = counts;
  have_counts_ = true;
  have_facts_ = facts;
  showClasses();
  showParts();
  showSizes();
  showOrientations();
  showProblems();
}

// --- Rows

void FilterPanel::showClasses() {
  std::vector<std::size_t> order(class_totals_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (sort_->isChecked()) {
    std::stable_sort(order.begin(), order.end(),
                     [this](std::size_t a, std::size_t b) { return class_totals_[a] > class_totals_[b]; });
  }
  const double all = static_cast<double>(std::max<std::size_t>(1, dataset_ ? dataset_->items.size() : 0));
  std::vector<FacetRow> rows;
  rows.reserve(order.size());
  for (const std::size_t target : order) {
    const QString label = QString::fromStdString(dataset_->vocab[target]);
    const quint64 total = class_totals_[target];
    rows.push_back(
        {.key = static_cast<qint64>(target),
         .label = label,
         .total = total,
         .count = have_counts_ ? counts_.classes[target] : total,
         .color = classColor(static_cast<int>(target)),
         .tip = tr("%1\n%2 photos, %3 of the data set")
                    .arg(label, formatCount(total), formatPercent(static_cast<double>(total) / all))});
  }
  class_title_->setText(rows.empty() ? tr("Classes") : tr("Classes (%1)").arg(formatCount(rows.size())));
  sort_->setVisible(rows.size() > 1);
  classes_.list->setRows(std::move(rows));
  note(classes_, dataset_ ? QString() : tr("The classes of a data set appear here."));
}

void FilterPanel::showParts() {
  if (!dataset_ || !split_problem_.isEmpty()) {
    parts_.list->setRows({});
    note(parts_, split_problem_);
    return;
  }
  const std::array<QString, kParts> labels{tr("training"), tr("validation"), tr("test, unlabelled")};
  const std::array<QString, kParts> tips{
      tr("The network learns from these."), tr("Only used to judge the network, after each epoch."),
      tr("Photos without labels: what a submission predicts. Shown only when chosen here.")};
  std::vector<FacetRow> rows;
  for (std::size_t part = 0; part < kParts; ++part) {
    if (part_totals_[part] == 0) continue;
    rows.push_back({.key = static_cast<qint64>(part),
                    .label = labels[part],
                    .total = part_totals_[part],
                    .count = have_counts_ ? counts_.parts[part] : part_totals_[part],
                    .color = {},
                    .tip = tips[part]});
  }
  parts_.list->setRows(std::move(rows));
  note(parts_, {});
}

void FilterPanel::showSizes() {
  std::vector<std::pair<PhotoSize, std::size_t>> sizes;
  if (census_) {
    for (const auto& [size, files] : census_->sizes) sizes.push_back({{size.second, size.first}, files});
  }
  std::stable_sort(sizes.begin(), sizes.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  const std::size_t all = sizes.size();
  if (all > kMaxSizes) {
    const auto rare =
        std::stable_partition(sizes.begin() + kMaxSizes, sizes.end(),
                              [this](const auto& entry) { return chosen_sizes_.contains(entry.first); });
    sizes.erase(rare, sizes.end());
  }
  std::vector<FacetRow> rows;
  for (const auto& [size, files] : sizes) {
    rows.push_back({.key = sizeKey(size),
                    .label = sizeText(size.first, size.second),
                    .total = files,
                    .count = have_facts_ ? valueOf(counts_.sizes, size) : files,
                    .color = {},
                    .tip = tr("%1 files are %2 pixels wide and %3 high")
                               .arg(formatCount(files))
                               .arg(size.first)
                               .arg(size.second)});
  }
  sizes_.list->setRows(std::move(rows));
  QString text;
  if (dataset_ && !census_) text = tr("Reading the files\u2026");
  if (const std::size_t listed = sizes.size(); all > listed)
    text = tr("%1 more in the tab Sizes").arg(formatCount(all - listed));
  note(sizes_, text);
}

void FilterPanel::showOrientations() {
  std::vector<FacetRow> rows;
  if (census_) {
    for (const auto& [orientation, files] : census_->orientations) {
      rows.push_back(
          {.key = orientation,
           .label = orientationText(orientation),
           .total = files,
           .count = have_facts_ ? valueOf(counts_.orientations, orientation) : files,
           .color = {},
           .tip = orientation == 1
                      ? tr("Stored as seen, or without an orientation tag")
                      : tr("Stored turned or mirrored; other programs may show them differently")});
    }
  }
  orientations_.list->setRows(std::move(rows));
  note(orientations_, dataset_ && !census_ ? tr("Reading the files\u2026") : QString());
}

void FilterPanel::showProblems() {
  std::vector<FacetRow> rows;
  if (census_ && !census_->bad.empty()) {
    const quint64 bad = census_->bad.size();
    const quint64 all = census_->images + census_->test_images;
    rows.push_back({.key = 1,
                    .label = tr("cannot be read"),
                    .total = bad,
                    .count = have_counts_ ? counts_.bad[1] : bad,
                    .color = Theme::instance().colors().error,
                    .tip = tr("The tab Problems gives the reason for each.")});
    rows.push_back({.key = 0,
                    .label = tr("readable"),
                    .total = all - std::min(all, bad),
                    .count = have_counts_ ? counts_.bad[0] : all - std::min(all, bad),
                    .color = {},
                    .tip = tr("Files whose header can be read")});
  }
  const bool none = census_ && rows.empty();
  problems_.list->setRows(std::move(rows));
  if (!dataset_) return note(problems_, {});
  note(problems_, none ? tr("Every file can be read.") : census_ ? QString() : tr("Reading the files\u2026"));
}

// --- Filter

PhotoFilter FilterPanel::filter() const {
  PhotoFilter filter;
  for (const qint64 key : classes_.list->chosen()) filter.classes.insert(static_cast<int>(key));
  for (const qint64 key : parts_.list->chosen()) filter.parts.insert(static_cast<Part>(key));
  for (const qint64 key : sizes_.list->chosen()) filter.sizes.insert(sizeOf(key));
  for (const qint64 key : orientations_.list->chosen()) filter.orientations.insert(static_cast<int>(key));
  for (const qint64 key : problems_.list->chosen()) filter.bad.insert(key != 0);
  return filter;
}

void FilterPanel::setFilter(const PhotoFilter& filter) {
  const auto choose = [](const Facet& facet, const auto& values, auto key) {
    QVector<qint64> keys;
    for (const auto& value : values) keys << key(value);
    facet.list->setChosen(keys);
  };
  const auto number = [](auto value) { return static_cast<qint64>(value); };
  choose(classes_, filter.classes, number);
  choose(parts_, filter.parts, number);
  chosen_sizes_ = filter.sizes;
  showSizes();
  choose(sizes_, filter.sizes, sizeKey);
  choose(orientations_, filter.orientations, number);
  choose(problems_, filter.bad, number);
}

}  // namespace panicle::ui
