#include "ui/inspect/inspect_page.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "ui/inspect/confusion_view.h"
#include "ui/inspect/inspection.h"
#include "ui/inspect/inspection_tables.h"
#include "ui/inspect/matrix_export.h"
#include "ui/inspect/photo_panel.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/jobs.h"
#include "ui/shared/page.h"
#include "ui/shared/run_chooser.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr std::size_t kCacheBytes = std::size_t{256} << 20;
constexpr int kShares = 100;  // splitters scale what they are given
const QLatin1StringView kSplitKey("inspect/split");
const QLatin1StringView kSideSplitKey("inspect/side_split");

QString titleOf(const RunChoice& run, const KeptPredictions& shown) {
  const QString checkpoint = run.epochs > 0 ? QObject::tr("last epoch (%1)").arg(run.epochs) : QObject::tr("last epoch");
  QStringList parts{run.title(), run.arch, QObject::tr("checkpoint: %1").arg(checkpoint), QObject::tr("split: valid"),
                    shown.tta ? QObject::tr("TTA") : QObject::tr("no TTA")};
  if (shown != run.kept.front()) parts << QObject::tr("target: %1").arg(shown.target);
  return parts.join(QStringLiteral(" · "));
}

// What can be inspected of a run: its targets of classes, each as predicted plainly and with TTA.
QString entryText(const KeptPredictions& kept) {
  return kept.tta ? QObject::tr("%1, with TTA").arg(kept.target) : kept.target;
}

QString errorOf(const Inspection& inspection) {
  if (inspection.photos() == 0) return QObject::tr("no labelled validation photos");
  return QObject::tr("error %1 (%2 of %3)")
      .arg(formatPercent(static_cast<double>(inspection.wrong) / static_cast<double>(inspection.photos())),
           formatCount(inspection.wrong), formatCount(inspection.photos()));
}

class InspectPage : public Page {
 public:
  InspectPage(Session& session, QWidget* parent);

  QWidget* filterWidget() override { return tables_->find(); }
  bool leaveDrillDown() override;

 private:
  QWidget* makeHeader();
  QWidget* makeMatrixBar();
  QWidget* makeSides();
  QToolButton* makeButton(const QString& icon, const QString& name, const QString& help);
  void connectParts();

  void runChosen();
  void listKept(const RunChoice& run);
  const KeptPredictions& wanted(const RunChoice& run) const;
  void showChosen();
  void load(const RunChoice& run, const KeptPredictions& shown);
  void showInspection(std::shared_ptr<const Inspection> inspection);
  void showEmpty();
  void remember(const std::shared_ptr<const Inspection>& inspection);
  void exported(const QString& file);

  Session& session_;
  std::shared_ptr<const Inspection> inspection_;
  std::vector<std::shared_ptr<const Inspection>> cache_;  // last used last
  quint64 loading_ = 0;                                   // job; 0: none

  RunChooser* chooser_;
  QComboBox* kept_;
  QLabel* title_;
  QLabel* error_;
  QLabel* notice_;
  // In the order of the eye, which is the order of the Tab key.
  QComboBox* scale_;
  QToolButton* zoomOut_;
  QToolButton* zoomIn_;
  QToolButton* fit_;
  QPushButton* export_;
  ConfusionView* matrix_;
  InspectionTables* tables_;
  PhotoPanel* photos_;
  EmptyState* empty_;
  QStackedWidget* stack_;
  QWidget* header_;
  QWidget* content_;
};

InspectPage::InspectPage(Session& session, QWidget* parent)
    : Page(parent),
      session_(session),
      chooser_(new RunChooser(session, "valid", this)),
      kept_(new QComboBox(this)),
      title_(new QLabel(this)),
      error_(new QLabel(this)),
      notice_(new QLabel(this)),
      scale_(new QComboBox(this)),
      zoomOut_(makeButton(QStringLiteral("minus"), tr("Zoom out"), tr("Smaller cells (Ctrl and wheel over the matrix)"))),
      zoomIn_(makeButton(QStringLiteral("plus"), tr("Zoom in"), tr("Larger cells (Ctrl and wheel over the matrix)"))),
      fit_(makeButton(QStringLiteral("reset"), tr("Fit the matrix"), tr("All of the matrix in the window (0)"))),
      export_(new QPushButton(this)),
      matrix_(new ConfusionView(this)),
      tables_(new InspectionTables(this)),
      photos_(new PhotoPanel(session, this)),
      empty_(new EmptyState(this)),
      stack_(new QStackedWidget(this)),
      header_(makeHeader()),
      content_(new QWidget(this)) {
  auto* content = new QVBoxLayout(content_);
  content->setContentsMargins(0, 0, 0, 0);
  content->setSpacing(kGrid);
  content->addWidget(makeSides(), 1);
  stack_->addWidget(empty_);
  stack_->addWidget(content_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, 2 * kGrid);
  layout->setSpacing(kGrid);
  layout->addWidget(header_);
  layout->addWidget(stack_, 1);
  connectParts();
  runChosen();
}

QWidget* InspectPage::makeHeader() {
  auto* header = new QWidget(this);
  QFont strong = font();
  strong.setWeight(QFont::DemiBold);
  error_->setFont(strong);
  error_->setObjectName(QStringLiteral("error"));
  title_->setObjectName(QStringLiteral("title"));
  error_->setToolTip(tr("Validation photos whose most probable class is not the true one"));
  error_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  title_->setForegroundRole(QPalette::PlaceholderText);
  title_->setTextFormat(Qt::PlainText);
  title_->setWordWrap(true);
  title_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  title_->setToolTip(tr("Which run, which of its checkpoints, which photos, and whether predictions were averaged over\n"
                        "augmented copies (TTA): everything on this page is about these."));
  notice_->setForegroundRole(QPalette::PlaceholderText);
  notice_->setTextFormat(Qt::PlainText);
  notice_->setWordWrap(true);
  notice_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  notice_->hide();

  chooser_->setMaximumWidth(64 * kGrid);
  auto* first = new QHBoxLayout;
  first->setSpacing(2 * kGrid);
  kept_->setObjectName(QStringLiteral("kept"));
  kept_->setAccessibleName(tr("Target"));
  kept_->setToolTip(tr("Which of the run's targets this page is about, predicted plainly or with test-time augmentation (TTA)"));
  kept_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  first->addWidget(chooser_, 1);
  first->addWidget(kept_);
  first->addWidget(error_);
  first->addStretch(1);
  auto* layout = new QVBoxLayout(header);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addLayout(first);
  layout->addWidget(title_);
  layout->addWidget(notice_);
  return header;
}

QToolButton* InspectPage::makeButton(const QString& icon, const QString& name, const QString& help) {
  auto* button = new QToolButton(this);
  button->setIcon(lineIcon(icon));
  button->setAutoRaise(true);
  button->setAccessibleName(name);
  button->setToolTip(help);
  return button;
}

QWidget* InspectPage::makeMatrixBar() {
  auto* bar = new QWidget(this);
  scale_->addItem(tr("Counts"), static_cast<int>(MatrixScale::Counts));
  scale_->addItem(tr("% of row"), static_cast<int>(MatrixScale::Shares));
  scale_->setAccessibleName(tr("What the cells show"));
  scale_->setToolTip(tr("Counts: how many photos. % of row: of all photos of the true class, so that rare classes\n"
                        "weigh as much as common ones."));
  connect(zoomOut_, &QToolButton::clicked, matrix_, [this] { matrix_->zoom(0.8); });
  connect(zoomIn_, &QToolButton::clicked, matrix_, [this] { matrix_->zoom(1.25); });
  connect(fit_, &QToolButton::clicked, matrix_, &ConfusionView::zoomToFit);

  auto* menu = new QMenu(export_);
  menu->addAction(tr("Table as CSV..."), this, [this] {
    exportCsv(session_, this, inspection_, [this](const QString& file) { exported(file); });
  });
  menu->addAction(tr("Picture as PNG..."), this, [this] {
    const QString title = titleOf(inspection_->run, inspection_->shown) + QStringLiteral(" · ") + errorOf(*inspection_);
    exportPng(session_, this, *inspection_, matrix_->picture(title), [this](const QString& file) { exported(file); });
  });
  export_->setText(tr("Export"));
  export_->setIcon(lineIcon(QStringLiteral("save")));
  export_->setFlat(true);
  export_->setMenu(menu);
  export_->setAccessibleName(tr("Export the matrix"));
  export_->setToolTip(tr("Save the confusion matrix as a table (CSV) or as a picture (PNG)"));

  auto* layout = new QHBoxLayout(bar);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(scale_);
  layout->addWidget(zoomOut_);
  layout->addWidget(zoomIn_);
  layout->addWidget(fit_);
  layout->addStretch(1);
  layout->addWidget(export_);
  return bar;
}

QWidget* InspectPage::makeSides() {
  auto* upper = new QWidget(this);
  auto* upperLayout = new QVBoxLayout(upper);
  upperLayout->setContentsMargins(0, 0, 0, 0);
  upperLayout->setSpacing(kGrid);
  upperLayout->addWidget(makeMatrixBar());
  upperLayout->addWidget(matrix_, 1);

  auto* left = new QSplitter(Qt::Vertical, this);
  left->addWidget(upper);
  left->addWidget(tables_);
  left->setSizes({18 * kShares, 7 * kShares});
  auto* sides = new QSplitter(Qt::Horizontal, this);
  sides->addWidget(left);
  sides->addWidget(photos_);
  sides->setSizes({11 * kShares, 9 * kShares});
  const std::pair<QSplitter*, QLatin1StringView> splitters[]{{left, kSplitKey}, {sides, kSideSplitKey}};
  for (const auto& [splitter, key] : splitters) {
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(kGrid);
    splitter->restoreState(session_.settings().value(key).toByteArray());
    connect(splitter, &QSplitter::splitterMoved, this, [this, splitter = splitter, key = key] {
      session_.settings().setValue(key, splitter->saveState());
    });
  }
  return sides;
}

void InspectPage::connectParts() {
  connect(chooser_, &RunChooser::runChanged, this, &InspectPage::runChosen);
  connect(&session_, &Session::inspectRequested, this, [this](const QString& run) {
    if (chooser_->choose(run)) return;
    session_.report(tr("Run %1 cannot be inspected: it has kept no predictions of validation photos. Runs that ended, or were stopped, have them.").arg(run));
  });
  connect(kept_, &QComboBox::currentIndexChanged, this, &InspectPage::showChosen);
  connect(scale_, &QComboBox::currentIndexChanged, this,
          [this] { matrix_->setScale(static_cast<MatrixScale>(scale_->currentData().toInt())); });
  connect(matrix_, &ConfusionView::selectionChanged, photos_, [this] {
    if (inspection_) photos_->showBehind(matrix_->selected());
  });
  connect(tables_, &InspectionTables::chosen, matrix_, [this](MatrixCell cell) { matrix_->select({cell}); });
  connect(photos_, &PhotoPanel::allRequested, matrix_, [this] { matrix_->select({}); });
  connect(empty_, &EmptyState::clicked, this, [this] { Q_EMIT session_.pageRequested(QStringLiteral("train")); });
}

bool InspectPage::leaveDrillDown() {
  if (!matrix_->selected().empty()) {
    matrix_->select({});
    return true;
  }
  if (!tables_->find()->text().isEmpty()) {
    tables_->find()->clear();
    return true;
  }
  return false;
}

void InspectPage::runChosen() {
  const RunChoice* run = chooser_->current();
  header_->setVisible(run);
  if (run) listKept(*run);
  showChosen();
}

// The target of the run before stays chosen where this run has it too.
void InspectPage::listKept(const RunChoice& run) {
  const QString before = kept_->currentText();
  const QSignalBlocker quiet(kept_);
  kept_->clear();
  for (std::size_t i = 0; i < run.kept.size(); ++i) {
    if (!run.kept[i].number) kept_->addItem(entryText(run.kept[i]), static_cast<int>(i));
  }
  kept_->setCurrentIndex(std::max(0, kept_->findText(before)));
  kept_->setVisible(kept_->count() > 1);
}

const KeptPredictions& InspectPage::wanted(const RunChoice& run) const {
  return run.kept[static_cast<std::size_t>(kept_->currentData().toInt())];
}

void InspectPage::showChosen() {
  if (loading_ != 0) session_.jobs().cancel(std::exchange(loading_, 0));
  notice_->hide();
  const RunChoice* run = chooser_->current();
  if (!run) {
    showEmpty();
    return;
  }
  const KeptPredictions& shown = wanted(*run);
  const auto cached = std::find_if(cache_.begin(), cache_.end(),
                                   [&](const auto& made) { return made->run == *run && made->shown == shown; });
  if (cached != cache_.end()) {
    const auto inspection = *cached;
    remember(inspection);
    showInspection(inspection);
    return;
  }
  load(*run, shown);
}

void InspectPage::load(const RunChoice& run, const KeptPredictions& shown) {
  title_->setText(titleOf(run, shown));
  error_->setText(tr("reading..."));
  empty_->say(tr("Reading the predictions of %1").arg(run.title()), {});
  stack_->setCurrentWidget(empty_);
  loading_ = session_.jobs().start(
      this, tr("Reading the predictions of %1").arg(run.title()),
      [run, shown](std::stop_token stop, const Progress& progress) { return inspectRun(run, shown, stop, progress); },
      [this](std::shared_ptr<const Inspection> inspection) {
        loading_ = 0;
        remember(inspection);
        showInspection(std::move(inspection));
      },
      [this, run](const QString& message) {
        loading_ = 0;
        error_->clear();
        empty_->say(tr("The predictions of %1 cannot be read").arg(run.title()), message);
      });
}

void InspectPage::remember(const std::shared_ptr<const Inspection>& inspection) {
  std::erase(cache_, inspection);
  cache_.push_back(inspection);
  std::size_t bytes = 0;
  for (const auto& made : cache_) bytes += made->bytes();
  while (cache_.size() > 1 && bytes > kCacheBytes) {
    bytes -= cache_.front()->bytes();
    cache_.erase(cache_.begin());
  }
}

void InspectPage::showInspection(std::shared_ptr<const Inspection> inspection) {
  inspection_ = std::move(inspection);
  title_->setText(titleOf(inspection_->run, inspection_->shown));
  error_->setText(errorOf(*inspection_));
  photos_->setInspection(inspection_);
  tables_->setInspection(inspection_);
  matrix_->setMatrix(inspection_->matrix);
  stack_->setCurrentWidget(content_);
}

void InspectPage::showEmpty() {
  title_->clear();
  error_->clear();
  inspection_.reset();
  photos_->setInspection(nullptr);
  tables_->setInspection(nullptr);
  matrix_->setMatrix(nullptr);
  if (chooser_->listed()) {
    empty_->say(tr("No run to inspect yet"),
                tr("When a run ends, or is stopped, it keeps its predictions on the validation photos. Here you then see "
                   "which classes it confuses, and the photos behind every number."),
                tr("Go to Train"));
  } else {
    empty_->say(tr("Looking for runs"), {});
  }
  stack_->setCurrentWidget(empty_);
}

void InspectPage::exported(const QString& file) {
  notice_->setText(tr("Saved as %1").arg(file));
  notice_->show();
}

}  // namespace

Page* makeInspectPage(Session& session, QWidget* parent) {
  return new InspectPage(session, parent);
}

}  // namespace panicle::ui
