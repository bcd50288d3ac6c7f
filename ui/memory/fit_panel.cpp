#include "ui/memory/fit_panel.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

#include "core/base/error.h"
#include "core/base/file.h"
#include "ui/memory/fit_bar.h"
#include "ui/memory/fit_model.h"
#include "ui/memory/fit_recipe.h"
#include "ui/models/measured_costs.h"
#include "ui/shared/architecture_words.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/memory_profiles.h"
#include "ui/shared/memory_words.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/word_filter.h"

namespace panicle::ui {
namespace {

constexpr int kRows = 4;  // that stay in sight however large the font
constexpr int kMeasuredImages = 64;  // of MeasuredCost::seconds
constexpr int kArrow = 14;  // the mark of the column that is sorted by

// That an epoch trains on; 0 where a column of the data set says so, which would have to be read.
std::uint64_t trainingImages(const Session& session) {
  const DataOptions& data = session.recipe().data;
  if (!session.dataset() || data.split.kind == SplitKind::Column) return 0;
  const double share = data.split.kind != SplitKind::None ? 1 - data.split.valid_pct : 1;
  return static_cast<std::uint64_t>(share * data.subset.fraction * static_cast<double>(session.dataset()->items.size()));
}

// What the Models page measured on the profile's device, in the precision that the recipe means there.
std::vector<MeasuredStep> measuredSteps(Session& session, const DeviceProfile& profile) {
  if (session.memoryProfiles().isElsewhere(profile)) return {};
  const Precision asked = session.recipe().precision;
  const std::string precision = enumName(asked == Precision::Auto ? profile.precision : asked);
  const MeasuredCosts costs(session);
  std::vector<MeasuredStep> steps;
  for (const Architecture& known : architectures()) {
    for (const MeasuredCost* cost : costs.of(known.name)) {
      const bool cuda = cost->device.starts_with("cuda");
      if (cuda != (profile.kind == ComputeKind::Cuda) || cost->precision != precision) continue;
      steps.push_back({cost->arch, cost->size, cost->seconds / kMeasuredImages});
    }
  }
  return steps;
}

}  // namespace

FitPanel::FitPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      bar_(new FitBar(session.memoryProfiles(), session.settings(), this)),
      runner_(new FitRunner(session.jobs(), FitRunner::fitCells(), this)),
      model_(new FitModel(session, *runner_, this)),
      sorted_(new WordFilter(FitModel::kSearchRole, FitModel::kSortRole, this)),
      view_(new QTableView(this)),
      nothing_(new EmptyState(this)) {
  makeTable();
  nothing_->hide();
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, kGrid, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(bar_);
  layout->addWidget(view_, 1);
  layout->addWidget(nothing_, 1);
  layout->addWidget(makeDetails());
  follow();
  refresh();
  showCurrent();
}

void FitPanel::makeTable() {
  sorted_->setSourceModel(model_);
  sorted_->setDynamicSortFilter(false);  // a row that is being filled should not run away
  view_->setModel(sorted_);
  view_->setObjectName(QStringLiteral("fitTable"));
  view_->setAccessibleName(tr("What fits: architectures and sizes"));
  view_->setToolTip(tr("<p>A click or Enter puts a cell into the recipe; the arrow keys only look. The columns' titles sort.</p>"));
  view_->setSortingEnabled(true);
  view_->sortByColumn(0, Qt::AscendingOrder);
  view_->setSelectionMode(QAbstractItemView::SingleSelection);
  view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  view_->setFrameShape(QFrame::NoFrame);
  view_->setWordWrap(false);
  view_->setTextElideMode(Qt::ElideMiddle);  // of names that begin alike
  view_->setTabKeyNavigation(false);
  view_->verticalHeader()->hide();
  view_->verticalHeader()->setDefaultSectionSize(view_->fontMetrics().height() + kGrid);
  view_->horizontalHeader()->setHighlightSections(false);
  view_->setMinimumHeight((kRows + 1) * view_->verticalHeader()->defaultSectionSize());
}

QWidget* FitPanel::makeDetails() {
  auto* area = new QWidget(this);
  auto* row = new QHBoxLayout(area);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(2 * kGrid);
  details_ = new QLabel(area);
  details_->setObjectName(QStringLiteral("fitDetails"));
  details_->setWordWrap(true);
  details_->setTextFormat(Qt::RichText);
  details_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  details_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  details_->setMinimumHeight(2 * details_->fontMetrics().lineSpacing());  // of a cell: the table stays where it is
  use_ = new QPushButton(lineIcon(QStringLiteral("recipe")), tr("&Use in recipe"), area);
  use_->setObjectName(QStringLiteral("useCell"));
  use_->setToolTip(tr("<p>Puts architecture, size, batch and accum into the recipe. Can be undone. (Enter in the table)</p>"));
  row->addWidget(details_, 1);
  row->addWidget(use_, 0, Qt::AlignTop);
  return area;
}

void FitPanel::follow() {
  connect(bar_, &FitBar::changed, this, [this] {
    stopped_ = false;
    plan();
  });
  connect(bar_, &FitBar::goOnRequested, this, [this] {
    stopped_ = false;
    plan();
  });
  connect(bar_, &FitBar::stopRequested, this, [this] {
    stopped_ = true;
    runner_->pause();
  });
  connect(bar_, &FitBar::exportRequested, this, &FitPanel::chooseFile);
  connect(bar_->filter(), &QLineEdit::textChanged, this, &FitPanel::filter);
  bar_->filter()->installEventFilter(this);
  view_->viewport()->installEventFilter(this);
  connect(nothing_, &EmptyState::clicked, bar_->filter(), &QLineEdit::clear);
  connect(runner_, &FitRunner::changed, this, &FitPanel::refresh);
  connect(runner_, &FitRunner::failed, &session_, &Session::report);
  connect(view_->selectionModel(), &QItemSelectionModel::currentChanged, this, &FitPanel::showCurrent);
  connect(view_, &QTableView::clicked, this, &FitPanel::useCurrent);
  connect(view_, &QTableView::activated, this, &FitPanel::useCurrent);
  connect(use_, &QPushButton::clicked, this, &FitPanel::useCurrent);
  connect(&session_, &Session::recipeChanged, this, [this] {
    plan();
    refresh();
  });
  connect(&session_, &Session::datasetChanged, this, &FitPanel::plan);
  connect(&Theme::instance(), &Theme::changed, this, &FitPanel::refresh);
}

// What the recipe says but for what the table varies.
FitRequest FitPanel::request() const {
  FitRequest request;
  const RunSpec& recipe = session_.recipe();
  request.base = memorySpec(recipe);
  request.outputs = headOutputs(session_.dataset().get(), recipe);
  request.profile = *bar_->profile();
  request.sizes = bar_->sizes();
  request.batches = bar_->batches();
  request.effective = bar_->effective();
  request.images = trainingImages(session_);
  request.measured = measuredSteps(session_, request.profile);
  const MemoryForecast& forecast = session_.forecast();
  if (forecast.profile().name == request.profile.name) request.others = forecast.others();
  const Architecture* used = recipeArchitecture(recipe.model);
  if (used) request.architectures.push_back(used->name);
  for (const Architecture& known : architectures()) {
    if (&known != used) request.architectures.push_back(known.name);
  }
  // The table is of the first stage, and varies these: what the recipe says of them changes no cell.
  request.base.stages.resize(1);
  const RunSpec standard;
  request.base.model.arch = architectures().front().name;
  request.base.batch = standard.batch;
  StageOptions& stage = request.base.stages.front();
  stage.batch.reset();
  setNetworkSize(stage, architectures().front().input_size);
  return request;
}

void FitPanel::plan() {
  model_->setSizes(bar_->sizes());
  fitColumns();
  if (!isVisible() || stopped_ || !bar_->profile() || session_.recipe().stages.empty()) return refresh();
  runner_->start(request());
  refresh();
}

void FitPanel::refresh() {
  model_->refresh();
  showCurrent();
  const std::size_t total = bar_->profile() ? architectures().size() * bar_->sizes().size() : 0;
  bar_->showProgress(runner_->running(), runner_->done(), total);
}

// As wide as what they hold, with room for the largest figure before it is there. Where that is too much the names are cut, where
// there is more the figures share it.
void FitPanel::fitColumns() {
  QHeaderView* header = view_->horizontalHeader();
  QFont bold = view_->font();
  bold.setBold(true);
  const QFontMetrics strong(bold), plain(view_->font());
  const int margin = style()->pixelMetric(QStyle::PM_FocusFrameHMargin, nullptr, view_) + 1;  // on each side of an item's icon and text
  const int icon = style()->pixelMetric(QStyle::PM_SmallIconSize) + 2 * margin;
  const int rest = 2 * margin + 1;  // with the grid's line
  const Architecture* used = recipeArchitecture(session_.recipe().model);
  int names = used ? strong.horizontalAdvance(QString::fromStdString(used->name)) : 0;
  for (const Architecture& known : architectures()) names = std::max(names, plain.horizontalAdvance(QString::fromStdString(known.name)));
  names += rest;
  const int figures = strong.horizontalAdvance(QStringLiteral("88,888 · 64×8")) + icon;
  std::vector<int> widths;
  int room = view_->viewport()->width() - names;
  for (int column = 1; column < model_->columnCount(); ++column) {
    const QString title = model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
    widths.push_back(std::max(figures, strong.horizontalAdvance(title) + kArrow) + rest);
    room -= widths.back();
  }
  header->resizeSection(0, room < 0 ? std::max(names + room, names / 2) : names);
  const int share = room > 0 && !widths.empty() ? room / static_cast<int>(widths.size()) : 0;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    header->resizeSection(static_cast<int>(i) + 1, widths[i] + std::min(share, widths[i] / 2));
  }
}

void FitPanel::filter(const QString& text) {
  sorted_->setText(text);
  const bool none = sorted_->rowCount() == 0;
  if (none) {
    nothing_->say(tr("No architecture matches \"%1\"").arg(text.trimmed()), tr("Names are timm's: resnet, convnext, vit, swin, swinv2."),
                  tr("Clear the filter"));
  }
  view_->setVisible(!none);
  nothing_->setVisible(none);
}

const FitCell* FitPanel::current() const {
  return model_->cell(sorted_->mapToSource(view_->currentIndex()));
}

void FitPanel::showCurrent() {
  const FitCell* cell = current();
  const DeviceProfile* profile = bar_->profile();
  use_->setEnabled(cell && cell->parts && !isOfRecipe(session_.recipe(), *cell));
  if (!cell || !profile) {
    details_->setText(tr("Choose a cell to see what it would take. MiB at the peak · images at once × batches added up for a step.").toHtmlEscaped());
    return;
  }
  const QString head = QStringLiteral("<b>%1</b>&ensp;")
                           .arg(tr("%1 at %2, %3 × %4")
                                    .arg(QString::fromStdString(cell->architecture), pixelWords(cell->size))
                                    .arg(cell->batch)
                                    .arg(cell->accum)
                                    .toHtmlEscaped());
  if (!cell->parts) {
    details_->setText(head + QString::fromStdString(cell->problem).toHtmlEscaped());
    return;
  }
  QStringList parts;
  for (const PlannedPart& part : plannedParts(*cell->parts)) parts << part.name + u' ' + mib(part.bytes);
  const quint64 others = session_.forecast().profile().name == profile->name ? session_.forecast().others() : 0;
  QString words = head + QStringLiteral("<font color='%1'>%2</font><br>%3")
                             .arg(fitColor(cell->fit).name(), planSentence(*cell->parts, *profile, others, cell->fit).toHtmlEscaped(),
                                  parts.join(QStringLiteral(" · ")).toHtmlEscaped());
  if (cell->epoch_seconds) words += tr("; about %1 an epoch").arg(formatDuration(*cell->epoch_seconds));
  details_->setText(words);
}

void FitPanel::useCurrent() {
  const FitCell* cell = current();
  if (!cell || !cell->parts || isOfRecipe(session_.recipe(), *cell)) return;
  session_.setRecipe(withCell(session_.recipe(), *cell), cellWords(*cell));
  if (QWidget* focus = focusWidget(); !focus || focus == use_) view_->setFocus();
}

void FitPanel::chooseFile() {
  auto* dialog = new QFileDialog(this, tr("Export the fit table"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setNameFilters({tr("Tables (*.csv)"), tr("All files (*)")});
  dialog->setDefaultSuffix(QStringLiteral("csv"));
  dialog->selectFile(QStringLiteral("memory.csv"));
  connect(dialog, &QFileDialog::fileSelected, this, &FitPanel::writeCsv);
  dialog->open();
}

// In the registry's order, whatever order they were found in.
bool FitPanel::writeCsv(const QString& file) {
  std::vector<FitCell> cells;
  for (const Architecture& known : architectures()) {
    for (const Size& size : model_->sizes()) {
      if (const auto* tried = runner_->find(known.name, size)) cells.insert(cells.end(), tried->begin(), tried->end());
    }
  }
  try {
    writeAtomically(file.toStdString(), fitTableCsv(cells));
    return true;
  } catch (const std::exception& error) {
    session_.report(QString::fromUtf8(error.what()));
    return false;
  }
}

void FitPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  plan();
}

// Nobody looks: what is missing is planned when somebody does.
void FitPanel::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  runner_->pause();
}

// From the filter the arrows and Enter lead into the table.
bool FitPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == view_->viewport() && event->type() == QEvent::Resize) fitColumns();
  if (watched == bar_->filter() && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if ((key == Qt::Key_Down || key == Qt::Key_Return || key == Qt::Key_Enter) && sorted_->rowCount() > 0) {
      if (!view_->currentIndex().isValid()) view_->setCurrentIndex(sorted_->index(0, std::min(1, sorted_->columnCount() - 1)));
      view_->setFocus();
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace panicle::ui
