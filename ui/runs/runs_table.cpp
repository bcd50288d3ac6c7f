#include "ui/runs/runs_table.h"

#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QSettings>
#include <QSignalBlocker>
#include <QStyle>
#include <algorithm>
#include <utility>

#include "ui/runs/run_delegate.h"
#include "ui/runs/runs_model.h"
#include "ui/shared/session.h"
#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kFewest = 60;                // rows that are looked at for the columns' widths
constexpr int kCurveWidth = 11 * kGrid;
constexpr int kStarWidth = 4 * kGrid;
constexpr int kMostCharacters = 34;        // of a column of words
constexpr int kCheck = 24;                 // the tick beside the number
constexpr int kIcon = 22;                  // beside the status
constexpr int kArrow = 14;                 // the mark of the column that is sorted by
// With the number of columns, which a newer version may add to.
QString headerKey() { return QStringLiteral("runs/header%1").arg(static_cast<int>(RunColumn::Count)); }

int section(RunColumn column) { return static_cast<int>(column); }

int lastShown(const QHeaderView& header) {
  int at = header.count() - 1;
  while (at > 0 && header.isSectionHidden(header.logicalIndex(at))) --at;
  return header.logicalIndex(at);
}

}  // namespace

// While it lives, columns change their widths by the table's own hand.
class RunsTable::Arranging {
 public:
  explicit Arranging(RunsTable& table) : table_(table), before_(std::exchange(table.arranging_, true)) {}
  ~Arranging() { table_.arranging_ = before_; }
  Arranging(const Arranging&) = delete;
  Arranging& operator=(const Arranging&) = delete;

 private:
  RunsTable& table_;
  bool before_;
};

RunsTable::RunsTable(Session& session, RunsModel& model, QWidget* parent) : QTableView(parent), session_(session), model_(model) {
  setModel(&model_);
  auto* delegate = new RunDelegate(this);
  setItemDelegate(delegate);
  setAccessibleName(tr("Runs"));
  setTableLook(*this);
  setSelectionMode(QAbstractItemView::ExtendedSelection);
  setEditTriggers(QAbstractItemView::DoubleClicked);
  setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  arrangeHeader();
  connect(selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunsTable::selectedRunsChanged);
  connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this, &RunsTable::selectedRunsChanged);
  connect(delegate, &RunDelegate::starClicked, this, [this](const QModelIndex& index) {
    if (const RunSummary* run = model_.run(index)) Q_EMIT starClicked(QString::fromStdString(run->id), !run->starred);
  });
  connect(this, &QTableView::clicked, this, [this](const QModelIndex& index) {
    const QVariant folded = index.data(RunsModel::kFoldedRole);
    if (folded.isValid()) model_.setFolded(index, !folded.toBool());
  });
  connect(&model_, &RunsModel::arranged, this, [this] {
    if (!fitted_ && isVisible()) fitColumns();
  });
}

void RunsTable::arrangeHeader() {
  QHeaderView* header = horizontalHeader();
  header->setSectionsMovable(true);
  header->setFirstSectionMovable(false);
  header->setMinimumSectionSize(3 * kGrid);
  header->setContextMenuPolicy(Qt::CustomContextMenu);
  resetColumns();
  restored_ = header->restoreState(session_.settings().value(headerKey()).toByteArray());
  setSortingEnabled(true);
  if (!restored_) sortByColumn(section(RunColumn::Run), Qt::DescendingOrder);
  connect(header, &QHeaderView::customContextMenuRequested, this, [this, header](const QPoint& at) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    fillColumnMenu(menu);
    menu->popup(header->mapToGlobal(at));
  });
  connect(header, &QHeaderView::sectionMoved, this, &RunsTable::remember);
  connect(header, &QHeaderView::sortIndicatorChanged, this, &RunsTable::remember);
  connect(header, &QHeaderView::sectionResized, this, [this, header](int section) {
    if (!fitted_ || arranging_ || (header->stretchLastSection() && section == lastShown(*header))) return;
    restored_ = true;  // by hand
    remember();
  });
}

void RunsTable::resetColumns() {
  for (const ColumnWords& words : runColumns()) {
    horizontalHeader()->moveSection(horizontalHeader()->visualIndex(section(words.column)), section(words.column));
    setColumnHidden(section(words.column), !words.atFirst);
  }
}

void RunsTable::remember() { session_.settings().setValue(headerKey(), horizontalHeader()->saveState()); }

void RunsTable::fillColumnMenu(QMenu* menu) {
  for (const ColumnWords& words : runColumns()) {
    if (words.column == RunColumn::Run) continue;  // or nothing would say which run it is
    QAction* action = menu->addAction(words.column == RunColumn::Star ? tr("Star") : words.title);
    action->setCheckable(true);
    action->setChecked(!isColumnHidden(section(words.column)));
    action->setToolTip(words.help);
    connect(action, &QAction::toggled, this, [this, column = section(words.column)](bool shown) {
      setColumnHidden(column, !shown);
      if (shown && !restored_) fitColumns();
      if (shown && columnWidth(column) < 4 * kGrid) resizeColumnToContents(column);
      remember();
    });
  }
  menu->setToolTipsVisible(true);
  menu->addSeparator();
  connect(menu->addAction(tr("The columns as at first")), &QAction::triggered, this, [this] {
    resetColumns();
    restored_ = false;
    fitColumns();
    remember();
  });
}

int RunsTable::widthOf(const ColumnWords& words) const {
  if (words.column == RunColumn::Curve) return kCurveWidth;
  if (words.column == RunColumn::Star) return kStarWidth;
  QFont bold = font();
  bold.setBold(true);
  const QFontMetrics plain(font()), strong(bold);
  const int column = section(words.column);
  int width = plain.horizontalAdvance(words.title) + (column == horizontalHeader()->sortIndicatorSection() ? kArrow : 0);
  for (int row = 0; row < std::min(model_.rowCount(), kFewest); ++row) {
    const QModelIndex cell = model_.index(row, column);
    const bool group = !model_.run(cell);
    width = std::max(width, (group ? strong : plain).horizontalAdvance(cell.data().toString()) + (group && words.column == RunColumn::Architecture ? kIcon : 0));
  }
  if (words.column == RunColumn::Run) width += kCheck;
  if (words.column == RunColumn::Status) width += kIcon;
  return width + 2 * (style()->pixelMetric(QStyle::PM_FocusFrameHMargin, nullptr, this) + 1) + kGrid;
}

// Long words are cut where they would push figures out of sight, and have what room is left.
void RunsTable::fitColumns() {
  if (model_.rowCount() == 0) return;
  const Arranging arranging(*this);
  const int most = kMostCharacters * fontMetrics().averageCharWidth();
  int room = viewport()->width();
  std::vector<std::pair<int, int>> widths;  // as shown, and as the words want
  for (const ColumnWords& words : runColumns()) {
    const bool shown = !isColumnHidden(section(words.column));
    const int wanted = shown ? widthOf(words) : 0;
    widths.emplace_back(words.figures ? wanted : std::min(wanted, most), wanted);
    room -= widths.back().first;
  }
  for (const ColumnWords& words : runColumns()) {
    auto& [width, wanted] = widths[static_cast<std::size_t>(section(words.column))];
    if (isColumnHidden(section(words.column))) continue;
    const int more = std::clamp(room, 0, wanted - width);
    room -= more;
    horizontalHeader()->resizeSection(section(words.column), width + more);
  }
  stretchLast();
  fitted_ = true;
}

// Not always, or it would shrink to nothing where the columns need more than there is.
void RunsTable::stretchLast() {
  const Arranging arranging(*this);
  horizontalHeader()->setStretchLastSection(false);
  horizontalHeader()->setStretchLastSection(horizontalHeader()->length() < viewport()->width());
}

std::vector<std::string> RunsTable::selectedRuns() const {
  QModelIndexList rows = selectionModel()->selectedRows();
  std::sort(rows.begin(), rows.end(), [](const QModelIndex& a, const QModelIndex& b) { return a.row() < b.row(); });
  if (rows.isEmpty() && currentIndex().isValid()) rows << currentIndex();
  std::vector<std::string> ids;
  for (const QModelIndex& row : rows) {
    if (const RunSummary* run = model_.run(row)) ids.push_back(run->id);
  }
  return ids;
}

void RunsTable::selectRun(const std::string& run) {
  const QModelIndex index = model_.indexOf(run);
  if (!index.isValid()) return;
  setCurrentIndex(index);
  scrollTo(index);
}

void RunsTable::editCell(RunColumn column) {
  const int at = section(column);
  const QModelIndex cell = currentIndex().siblingAtColumn(at);
  if (!cell.isValid() || !model_.run(cell)) return;
  if (isColumnHidden(at)) {
    setColumnHidden(at, false);
    remember();
  }
  scrollTo(cell);
  edit(cell);
}

bool RunsTable::foldCurrent(int key) {
  const QVariant folded = currentIndex().data(RunsModel::kFoldedRole);
  if (!folded.isValid()) return false;
  const bool toggles = key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Space;
  if (!toggles && key != Qt::Key_Left && key != Qt::Key_Right) return false;
  model_.setFolded(currentIndex(), toggles ? !folded.toBool() : key == Qt::Key_Left);
  return true;
}

void RunsTable::keyPressEvent(QKeyEvent* event) {
  if (event->modifiers() == Qt::NoModifier && foldCurrent(event->key())) return;
  QTableView::keyPressEvent(event);
}

void RunsTable::contextMenuEvent(QContextMenuEvent* event) {
  if (event->reason() == QContextMenuEvent::Keyboard) {
    Q_EMIT menuRequested(viewport()->mapToGlobal(visualRect(currentIndex()).bottomLeft()));
  } else {
    Q_EMIT menuRequested(event->globalPos());
  }
}

// In the font that the page has by now.
void RunsTable::showEvent(QShowEvent* event) {
  QTableView::showEvent(event);
  if (restored_) fitted_ = true;
  if (!fitted_) fitColumns();
  stretchLast();
}

void RunsTable::resizeEvent(QResizeEvent* event) {
  const Arranging arranging(*this);
  QTableView::resizeEvent(event);
  if (restored_ || !isVisible()) return stretchLast();
  fitColumns();
}

}  // namespace panicle::ui
