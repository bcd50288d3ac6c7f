#include "ui/models/models_page.h"

#include <QDesktopServices>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QScrollArea>
#include <QSettings>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/models/import_panel.h"
#include "ui/models/measured_costs.h"
#include "ui/models/model_details.h"
#include "ui/models/model_table.h"
#include "ui/models/weight_downloads.h"
#include "ui/shared/architecture_words.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/page.h"
#include "ui/shared/session.h"
#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"
#include "ui/shared/weight_states.h"
#include "ui/shared/word_filter.h"

namespace panicle::ui {
namespace {

constexpr int kWide = 1500;                 // from here on the details stand beside the table
constexpr int kDetailsHeight = 28 * kGrid;  // under the table
constexpr double kMostDetails = 0.5;        // of the page's height
constexpr int kDetailsWidth = 56 * kGrid;   // beside it
constexpr int kRows = 5;                    // that stay in sight however large the font
constexpr int kLineOfDetails = 110;         // characters that the details need to stand beside each other
constexpr int kArrow = 14;                  // the mark of the column that is sorted by
const QLatin1StringView kSortKey("models/sort");
const QLatin1StringView kDescendingKey("models/descending");

class ModelsPage : public Page {
 public:
  ModelsPage(Session& session, QWidget* parent);

  QWidget* filterWidget() override { return filter_; }
  bool leaveDrillDown() override;

 protected:
  void showEvent(QShowEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragLeaveEvent(QDragLeaveEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  QWidget* makeBar();
  void makeTable();
  void fitColumns();
  void fitFindings();
  int cellMargins() const;
  void summarise();
  void follow();
  void refresh();
  void filter(const QString& text);
  void select(const Architecture& architecture);
  void showSelected();
  void chooseFile();
  void openFolder();

  Session& session_;
  WeightDownloads* downloads_;
  MeasuredCosts* costs_;
  ModelTable* table_;
  WordFilter* sorted_;
  QLineEdit* filter_;
  QLabel* summary_;
  ImportPanel* import_;
  QTableView* view_;
  QStackedWidget* stack_;
  EmptyState* nothing_;
  ModelDetails* details_;
  QSplitter* splitter_;
  int found_ = 0;  // architectures with weights on this machine
  bool arranged_ = false;
};

ModelsPage::ModelsPage(Session& session, QWidget* parent)
    : Page(parent),
      session_(session),
      downloads_(new WeightDownloads(session, this)),
      costs_(new MeasuredCosts(session, this)),
      table_(new ModelTable(session, *downloads_, *costs_, this)),
      sorted_(new WordFilter(ModelTable::kSearchRole, ModelTable::kSortRole, this)),
      filter_(new QLineEdit(this)),
      summary_(new QLabel(this)),
      import_(new ImportPanel(session, this)),
      view_(new QTableView(this)),
      stack_(new QStackedWidget(this)),
      nothing_(new EmptyState(this)),
      details_(new ModelDetails(session, *downloads_, *costs_)),
      splitter_(new QSplitter(Qt::Vertical, this)) {
  setAcceptDrops(true);
  makeTable();
  stack_->addWidget(view_);
  stack_->addWidget(nothing_);
  auto* scroll = new QScrollArea(splitter_);
  scroll->setWidget(details_);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->setMinimumWidth(36 * kGrid);
  scroll->setAccessibleName(tr("The selected architecture"));
  splitter_->addWidget(stack_);
  splitter_->addWidget(scroll);
  splitter_->setChildrenCollapsible(false);
  splitter_->setHandleWidth(2 * kGrid);
  splitter_->setStretchFactor(0, 1);
  splitter_->setStretchFactor(1, 0);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, 2 * kGrid);
  layout->setSpacing(kGrid);
  layout->addWidget(makeBar());
  layout->addWidget(import_);
  layout->addWidget(splitter_, 1);
  follow();
  refresh();
  if (const Architecture* used = recipeArchitecture(session.recipe().model)) select(*used);
}

QWidget* ModelsPage::makeBar() {
  filter_->setPlaceholderText(tr("Name, family, weights …"));
  filter_->setClearButtonEnabled(true);
  filter_->addAction(lineIcon(QStringLiteral("search")), QLineEdit::LeadingPosition);
  filter_->setAccessibleName(tr("Filter the architectures"));
  filter_->setToolTip(
      tr("<p>Shows the rows that have all of these words in name, family, weights or findings. (/)</p>"));
  filter_->setMinimumWidth(36 * filter_->fontMetrics().averageCharWidth());
  filter_->installEventFilter(this);
  summary_->setForegroundRole(QPalette::PlaceholderText);
  const auto button = [this](const QString& text, const char* icon, const QString& tip) {
    auto* made = new QPushButton(lineIcon(QLatin1StringView(icon)), text, this);
    made->setToolTip(QStringLiteral("<p>%1</p>").arg(tip));
    made->setAccessibleDescription(tip);
    return made;
  };
  auto* import = button(tr("&Import file …"), "plus",
                        tr("Brings a weight file (safetensors, pth, bin, npz) into the workspace. It says "
                           "first what the file is. "
                           "Files can also be dropped anywhere on this page."));
  auto* folder =
      button(tr("&Open folder"), "folder", tr("Shows the workspace's weights in the file manager"));
  auto* again = button(tr("&Look again"), "reset", tr("Looks for weights on the disk again (F5)"));
  connect(import, &QPushButton::clicked, this, &ModelsPage::chooseFile);
  connect(folder, &QPushButton::clicked, this, &ModelsPage::openFolder);
  connect(again, &QPushButton::clicked, &session_.weights(), &WeightStates::refresh);
  auto* refreshKey = new QShortcut(QKeySequence(Qt::Key_F5), this);
  refreshKey->setContext(Qt::WidgetWithChildrenShortcut);
  connect(refreshKey, &QShortcut::activated, &session_.weights(), &WeightStates::refresh);
  auto* bar = new QWidget(this);
  auto* flow = new FlowLayout(bar);
  for (QWidget* one : std::initializer_list<QWidget*>{filter_, import, folder, again, summary_})
    flow->addWidget(one);
  return bar;
}

void ModelsPage::makeTable() {
  sorted_->setSourceModel(table_);
  view_->setModel(sorted_);
  view_->setSortingEnabled(true);
  QSettings& settings = session_.settings();
  const int column = std::clamp(settings.value(kSortKey, static_cast<int>(ModelTable::Family)).toInt(), 0,
                                ModelTable::Columns - 1);
  view_->sortByColumn(
      column, settings.value(kDescendingKey, false).toBool() ? Qt::DescendingOrder : Qt::AscendingOrder);
  view_->setAccessibleName(tr("Architectures"));
  view_->setToolTip(
      tr("<p>A click or Enter puts an architecture into the recipe; the arrow keys only look. The columns' "
         "titles sort.</p>"));
  setTableLook(*view_);
  view_->setSelectionMode(QAbstractItemView::SingleSelection);
  view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  stack_->setMinimumHeight((kRows + 1) * view_->verticalHeader()->defaultSectionSize());
  QHeaderView* header = view_->horizontalHeader();
  view_->viewport()->installEventFilter(this);
  connect(header, &QHeaderView::sortIndicatorChanged, this, [this](int section, Qt::SortOrder order) {
    session_.settings().setValue(kSortKey, section);
    session_.settings().setValue(kDescendingKey, order == Qt::DescendingOrder);
    fitColumns();
  });
}

// As wide as what they hold. The header's own way keeps room for the sort mark in every column, which ten
// have not.
void ModelsPage::fitColumns() {
  QHeaderView* header = view_->horizontalHeader();
  QFont bold = view_->font();
  bold.setBold(true);  // as the recipe's row is, whichever that will be
  const QFontMetrics plain(view_->font()), strong(bold);
  const int margins = cellMargins();
  for (int column = 0; column < ModelTable::Finding; ++column) {
    int width =
        plain.horizontalAdvance(table_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString());
    if (column == header->sortIndicatorSection()) width += kArrow;
    for (int row = 0; row < table_->rowCount(); ++row) {
      const QModelIndex cell = table_->index(row, column);
      width = std::max(width, strong.horizontalAdvance(cell.data().toString()));
    }
    header->resizeSection(column, width + margins);
  }
  fitFindings();
}

int ModelsPage::cellMargins() const {
  const int cell = style()->pixelMetric(QStyle::PM_FocusFrameHMargin, nullptr, view_) + 1;
  const int title = style()->pixelMetric(QStyle::PM_HeaderMargin, nullptr, view_->horizontalHeader());
  return 2 * std::max(cell, title) + 2;
}

// Findings are sentences: they take what is left.
void ModelsPage::fitFindings() {
  QHeaderView* header = view_->horizontalHeader();
  const QString title = table_->headerData(ModelTable::Finding, Qt::Horizontal, Qt::DisplayRole).toString();
  const int least = view_->fontMetrics().horizontalAdvance(title) + cellMargins();
  const int left = view_->viewport()->width() - header->sectionPosition(ModelTable::Finding);
  header->resizeSection(ModelTable::Finding, std::max(least, left));
}

void ModelsPage::follow() {
  connect(filter_, &QLineEdit::textChanged, this, &ModelsPage::filter);
  connect(nothing_, &EmptyState::clicked, filter_, &QLineEdit::clear);
  connect(view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &ModelsPage::showSelected);
  connect(view_, &QTableView::clicked, details_, &ModelDetails::use);
  connect(view_, &QTableView::activated, details_, &ModelDetails::use);
  connect(details_, &ModelDetails::finished, this, [this] { view_->setFocus(); });
  connect(downloads_, &WeightDownloads::changed, this, &ModelsPage::refresh);
  connect(costs_, &MeasuredCosts::changed, this, &ModelsPage::refresh);
  connect(&session_, &Session::recipeChanged, this, &ModelsPage::refresh);
  connect(&session_.weights(), &WeightStates::changed, this, &ModelsPage::refresh);
  connect(import_, &ImportPanel::imported, this, [this](const QString& arch) {
    if (const Architecture* known = findArchitecture(arch.toStdString()).architecture) select(*known);
  });
}

void ModelsPage::refresh() {
  table_->refresh();
  fitColumns();
  int found = 0;
  for (const Architecture& known : architectures()) {
    const WeightWords words = weightWords(known, known.pretrained.front(), session_, *downloads_);
    found += words.rank == WeightWords::Rank::Found ? 1 : 0;
  }
  found_ = found;
  summarise();
}

void ModelsPage::summarise() {
  const auto all = architectures().size();
  summary_->setText(filter_->text().trimmed().isEmpty()
                        ? tr("%1 architectures, weights of %2 here").arg(all).arg(found_)
                        : tr("%1 of %2 architectures").arg(sorted_->rowCount()).arg(all));
}

void ModelsPage::filter(const QString& text) {
  sorted_->setText(text);
  summarise();
  const bool none = sorted_->rowCount() == 0;
  if (none) {
    nothing_->say(tr("No architecture matches \"%1\"").arg(text.trimmed()),
                  tr("Names are timm's: resnet, convnext, vit, swin, swinv2."), tr("Clear the filter"));
  }
  stack_->setCurrentWidget(none ? static_cast<QWidget*>(nothing_) : view_);
}

void ModelsPage::select(const Architecture& architecture) {
  const QModelIndex index = sorted_->mapFromSource(table_->index(table_->rowOf(architecture), 0));
  if (!index.isValid()) return;
  view_->setCurrentIndex(index);
  view_->scrollTo(index);
}

void ModelsPage::showSelected() {
  const QModelIndex index = sorted_->mapToSource(view_->currentIndex());
  details_->setArchitecture(index.isValid() ? &table_->at(index.row()) : nullptr);
}

void ModelsPage::chooseFile() {
  auto* dialog = new QFileDialog(this, tr("Import a weight file"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  dialog->setNameFilters({tr("Weights (*.safetensors *.pth *.pt *.bin *.npz)"), tr("All files (*)")});
  connect(dialog, &QFileDialog::fileSelected, import_, &ImportPanel::inspect);
  dialog->open();
}

void ModelsPage::openFolder() {
  const QString folder = QString::fromStdString((session_.store().workspace() / "weights").string());
  QDir().mkpath(folder);
  QDesktopServices::openUrl(QUrl::fromLocalFile(folder));
}

bool ModelsPage::leaveDrillDown() {
  if (import_->open()) {
    import_->dismiss();
    return true;
  }
  if (filter_->text().isEmpty()) return false;
  filter_->clear();
  return true;
}

// The disk may have changed since the page was last in sight.
void ModelsPage::showEvent(QShowEvent* event) {
  Page::showEvent(event);
  fitColumns();  // in the font that the page has by now
  session_.weights().refresh();
}

void ModelsPage::resizeEvent(QResizeEvent* event) {
  Page::resizeEvent(event);
  const bool wide = width() >= kWide;
  details_->setDirection(
      wide || width() < kLineOfDetails * fontMetrics().averageCharWidth() ? Qt::Vertical : Qt::Horizontal);
  if (arranged_ && wide == (splitter_->orientation() == Qt::Horizontal)) return;
  arranged_ = true;
  splitter_->setOrientation(wide ? Qt::Horizontal : Qt::Vertical);
  const int high = std::min(std::max(kDetailsHeight, 15 * fontMetrics().height()),
                            static_cast<int>(kMostDetails * height()));
  const int share = wide ? kDetailsWidth : high;
  splitter_->setSizes({(wide ? width() : height()) - share, share});
}

// From the filter the arrows and Enter lead into the table.
bool ModelsPage::eventFilter(QObject* watched, QEvent* event) {
  if (watched == filter_ && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if ((key == Qt::Key_Down || key == Qt::Key_Return || key == Qt::Key_Enter) && sorted_->rowCount() > 0) {
      if (!view_->currentIndex().isValid()) view_->setCurrentIndex(sorted_->index(0, 0));
      view_->setFocus();
      return true;
    }
  }
  if (watched == view_->viewport() && event->type() == QEvent::Resize) fitFindings();
  return Page::eventFilter(watched, event);
}

void ModelsPage::dragEnterEvent(QDragEnterEvent* event) {
  if (draggedWeights(event->mimeData()).isEmpty()) {
    event->ignore();
    return;
  }
  event->acceptProposedAction();
  import_->invite();
}

void ModelsPage::dragLeaveEvent(QDragLeaveEvent*) {
  if (import_->invited()) import_->dismiss();
}

void ModelsPage::dropEvent(QDropEvent* event) {
  const QString file = draggedWeights(event->mimeData());
  if (file.isEmpty()) return;
  event->acceptProposedAction();
  import_->inspect(file);
}

}  // namespace

Page* makeModelsPage(Session& session, QWidget* parent) {
  return new ModelsPage(session, parent);
}

}  // namespace panicle::ui
