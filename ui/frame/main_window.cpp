#include "ui/frame/main_window.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAction>
#include <QApplication>
#include <QCloseEvent>
#include <QComboBox>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QKeyEvent>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "core/data/sample_data.h"
#include "core/models/kernels.h"
#include "ui/frame/command_palette.h"
#include "ui/frame/inspector.h"
#include "ui/frame/memory_view.h"
#include "ui/frame/pages.h"
#include "ui/frame/problem_bar.h"
#include "ui/frame/problem_log.h"
#include "ui/frame/recipe_sheet.h"
#include "ui/frame/sheets.h"
#include "ui/frame/side_bar.h"
#include "ui/frame/start_page.h"
#include "ui/frame/status_strip.h"
#include "ui/shared/field_editor.h"
#include "ui/shared/jobs.h"
#include "ui/shared/lane_runs.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/memory_sampler.h"
#include "ui/shared/page.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr QSize kFirstSize(1280, 800);
constexpr int kInspectorWidth = 264;

QString homely(const QString& path) {
  const QString home = QDir::homePath();
  return path.startsWith(home + u'/') ? u'~' + path.mid(home.size()) : path;
}

// The folder or CSV that is being dragged, or "".
QString droppedPath(const QMimeData* data) {
  const QList<QUrl> urls = data->urls();
  if (urls.size() != 1 || !urls.front().isLocalFile()) return {};
  const QString path = urls.front().toLocalFile();
  const QFileInfo info(path);
  const bool csv = info.isFile() && info.suffix().compare(QStringLiteral("csv"), Qt::CaseInsensitive) == 0;
  return info.isDir() || csv ? path : QString();
}

// Whether the widget has a use of its own for the space bar: it types, presses, or ticks.
bool wantsSpace(const QWidget* widget) {
  if (!widget) return false;
  if (widget->testAttribute(Qt::WA_InputMethodEnabled)) return true;
  if (qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QComboBox*>(widget)) return true;
  const auto* view = qobject_cast<const QAbstractItemView*>(widget);
  const QModelIndex index = view ? view->currentIndex() : QModelIndex();
  return (index.flags() & Qt::ItemIsUserCheckable) && index.data(Qt::CheckStateRole).isValid();
}

}  // namespace

MainWindow::MainWindow(Session& session, QWidget* parent) : QMainWindow(parent), session_(session) {
  setAcceptDrops(true);
  log_ = new ProblemLog(session, this);
  makeRunActions();
  build();
  makeFileMenu();
  makeViewMenu();
  makeRecipesMenu();
  makeRunMenu();
  makeHelpMenu();
  palette_ = new CommandPalette(*menuBar(), this);
  recipes_ = new RecipeSheet(session, this);
  shortcuts_ = new ShortcutSheet(*menuBar(), this);
  problems_ = new ProblemSheet(*log_, this);
  about_ = new AboutSheet(session, this);
  connectSession();
  restore();
  showTitle();
  showPageAt(0);
  side_->setFocus();
  qApp->installEventFilter(this);
}

MainWindow::~MainWindow() {
  qApp->removeEventFilter(this);
}

void MainWindow::build() {
  auto* center = new QWidget(this);
  auto* column = new QVBoxLayout(center);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  strip_ = new RecipeStrip(session_, runActions_, center);
  column->addWidget(strip_);
  auto* row = new QHBoxLayout;
  row->setSpacing(0);
  side_ = new SideBar(center);
  row->addWidget(side_);
  splitter_ = new QSplitter(Qt::Horizontal, center);
  splitter_->setHandleWidth(kGrid / 2);
  splitter_->addWidget(makePageArea());
  inspector_ = new Inspector(session_, splitter_);
  splitter_->addWidget(inspector_);
  splitter_->setStretchFactor(0, 1);
  splitter_->setStretchFactor(1, 0);
  splitter_->setCollapsible(0, false);
  splitter_->setCollapsible(1, false);
  row->addWidget(splitter_, 1);
  column->addLayout(row, 1);
  status_ = new StatusStrip(session_, *log_, center);
  column->addWidget(status_);
  setCentralWidget(center);
}

QWidget* MainWindow::makePageArea() {
  auto* area = new QWidget(splitter_);
  auto* column = new QVBoxLayout(area);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(new ProblemBar(*log_, area));
  stack_ = new QStackedWidget(area);
  start_ = new StartPage(session_, stack_);
  stack_->addWidget(start_);
  for (const PageEntry& entry : pageEntries()) {
    Page* page = entry.make(session_, stack_);
    page->setObjectName(entry.id);
    page->setAccessibleName(entry.title);
    stack_->addWidget(page);
    pages_.push_back(page);
  }
  column->addWidget(stack_, 1);
  connect(start_, &StartPage::folderRequested, this, &MainWindow::chooseFolder);
  connect(start_, &StartPage::csvRequested, this, &MainWindow::chooseCsv);
  connect(start_, &StartPage::sampleRequested, this, &MainWindow::openSample);
  return area;
}

void MainWindow::connectSession() {
  connect(side_, &SideBar::pageChosen, this, &MainWindow::showPageAt);
  connect(&session_, &Session::pageRequested, this, &MainWindow::showPage);
  connect(&session_, &Session::datasetChanged, this, [this] {
    showTitle();
    showPage(pageAfterOpen_.isEmpty() ? currentPage() : pageAfterOpen_);
    pageAfterOpen_.clear();
  });
  RunController& runs = session_.runs();
  connect(&runs, &RunController::stateChanged, this, [this, &runs] {
    // The state changes to Running on a start and on a resume; only a start comes with nothing heard yet.
    if (runs.active() && runs.run().isEmpty()) line_.begin();
    showRun();
  });
  connect(&runs, &RunController::events, this, [this](const std::vector<TrainEvent>& events) {
    for (const TrainEvent& event : events) line_.apply(event);
    showRun();
  });
  connect(&runs, &RunController::ended, this, [this](const QString& run, RunStatus status, const QString& message) {
    line_.end(run, status, message);
    showRun();
    if (closeWhenEnded_) close();
  });
  connect(&session_.laneRuns(), &LaneRuns::changed, this, &MainWindow::showRun);
  connect(&session_.laneRuns(), &LaneRuns::ended, this, [this] {
    if (closeWhenEnded_) close();
  });
  connect(&session_.memory(), &MemorySampler::sampled, this, [this](const MemoryReading& reading) { status_->memory().add(reading); });
  connect(&session_.forecast(), &MemoryForecast::changed, this, [this] { status_->memory().setExpected(session_.forecast().expected()); });
  connect(&status_->memory(), &MemoryView::clicked, this, [this] { showPage(QStringLiteral("memory")); });
  connect(status_, &StatusStrip::problemsRequested, this, [this] { problems_->toggle(); });
  connect(status_, &StatusStrip::runRequested, this, [this] { showPage(QStringLiteral("train")); });
}

void MainWindow::showRun() {
  const RunController::State state = session_.runs().state();
  const bool paused = state == RunController::State::Paused;
  const bool stopping = state == RunController::State::Stopping;
  const QString text = line_.text(paused, stopping);
  const auto beside = session_.laneRuns().running().size();
  status_->showRun(beside == 0 ? text : tr("%1; %2 more in the queue").arg(text).arg(beside));
  strip_->showRun(line_.brief(paused, stopping), text, line_.share());
}

void MainWindow::open(const QString& folderOrCsv, const QString& page) {
  pageAfterOpen_ = page;
  session_.openDataset(folderOrCsv);
}

void MainWindow::openSample() {
  const std::filesystem::path folder = session_.store().workspace() / "sample-data";
  const QString path = QString::fromStdString(folder.string());
  if (QFileInfo::exists(path + QStringLiteral("/train.csv"))) {
    open(path);
    return;
  }
  session_.jobs().start(
      this, tr("Drawing the sample photos"),
      [folder](std::stop_token stop, const Progress& progress) {
        writeSampleData(folder, {}, stop, progress);
        return true;
      },
      [this, path](bool) { open(path); });
}

void MainWindow::showPage(const QString& id) {
  const auto& entries = pageEntries();
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const PageEntry& entry) { return entry.id == id; });
  if (found != entries.end()) showPageAt(static_cast<int>(found - entries.begin()));
}

void MainWindow::showPageAt(int index) {
  if (index < 0 || index >= pages_.size()) return;
  page_ = index;
  side_->setCurrent(index);
  const bool nothingOpen = !session_.dataset() && pageEntries()[static_cast<std::size_t>(index)].id == QStringLiteral("data");
  stack_->setCurrentWidget(nothingOpen ? static_cast<QWidget*>(start_) : pages_[index]);
}

QString MainWindow::currentPage() const {
  return pageEntries()[static_cast<std::size_t>(page_)].id;
}

QString MainWindow::rememberedPage() const {
  return session_.settings().value(QStringLiteral("window/page"), QStringLiteral("data")).toString();
}

void MainWindow::showTitle() {
  const QString workspace = homely(QString::fromStdString(session_.store().workspace().string()));
  QString title = tr("workspace %1 - Panicle").arg(workspace);
  if (session_.dataset()) {
    const QString root = QString::fromStdString(session_.dataset()->root.string());
    title = QFileInfo(root).fileName() + QStringLiteral(" - ") + title;
  }
  setWindowTitle(title);
}

void MainWindow::restore() {
  QSettings& settings = session_.settings();
  if (!restoreGeometry(settings.value(QStringLiteral("window/geometry")).toByteArray())) resize(kFirstSize);
  side_->setCollapsed(settings.value(QStringLiteral("window/side_collapsed"), false).toBool());
  inspectorAction_->setChecked(settings.value(QStringLiteral("window/inspector"), true).toBool());
  if (!splitter_->restoreState(settings.value(QStringLiteral("window/splitter")).toByteArray())) {
    splitter_->setSizes({kFirstSize.width() - kInspectorWidth, kInspectorWidth});
  }
}

void MainWindow::remember() {
  QSettings& settings = session_.settings();
  settings.setValue(QStringLiteral("window/geometry"), saveGeometry());
  settings.setValue(QStringLiteral("window/side_collapsed"), side_->collapsed());
  settings.setValue(QStringLiteral("window/inspector"), inspectorAction_->isChecked());
  settings.setValue(QStringLiteral("window/splitter"), splitter_->saveState());
  settings.setValue(QStringLiteral("window/page"), currentPage());
}

void MainWindow::showEvent(QShowEvent* event) {
  QMainWindow::showEvent(event);
  // The meter asks libraries that take their time to load; the window comes first.
  QTimer::singleShot(0, this, [this] { session_.memory().start(); });
  if (!std::exchange(algebraAsked_, true)) warnOfSlowAlgebra();
}

void MainWindow::warnOfSlowAlgebra() {
  session_.jobs().start(
      this, tr("Looking at the linear algebra"), [](std::stop_token, const Progress&) { return describeLinearAlgebra().warning; },
      [this](const std::string& warning) {
        if (!warning.empty()) log_->add(Problem::Kind::Notice, QString::fromStdString(warning));
      });
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (session_.runs().active() || session_.laneRuns().active()) {
    event->ignore();
    if (!closeWhenEnded_) askBeforeClosing();
    return;
  }
  remember();
  event->accept();
}

void MainWindow::askBeforeClosing() {
  auto* box = new QMessageBox(QMessageBox::Question, tr("A run is in progress"),
                              tr("Closing ends the run. What it has learned and measured so far is kept."), QMessageBox::NoButton, this);
  box->setAttribute(Qt::WA_DeleteOnClose);
  QPushButton* keep = box->addButton(tr("Keep training"), QMessageBox::RejectRole);
  QPushButton* epoch = box->addButton(tr("Stop after this epoch and close"), QMessageBox::AcceptRole);
  QPushButton* now = box->addButton(tr("Stop now and close"), QMessageBox::AcceptRole);
  keep->setToolTip(tr("Leaves the window open and the run going"));
  epoch->setToolTip(tr("Closes the window when the epoch in work is validated and saved"));
  now->setToolTip(tr("Saves the run as it is after the batch in work, then closes the window"));
  box->setDefaultButton(keep);
  box->setEscapeButton(keep);
  connect(epoch, &QPushButton::clicked, this, [this] {
    closeWhenEnded_ = true;
    session_.runs().stopAfterEpoch();
    session_.laneRuns().stopAfterEpoch();
  });
  connect(now, &QPushButton::clicked, this, [this] {
    closeWhenEnded_ = true;
    session_.runs().stopNow();
    session_.laneRuns().stopNow();
  });
  // The runs may end by themselves while the question stands.
  const auto over = [this, box] {
    if (!session_.runs().active() && !session_.laneRuns().active()) box->close();
  };
  connect(&session_.runs(), &RunController::ended, box, over);
  connect(&session_.laneRuns(), &LaneRuns::ended, box, over);
  box->open();
}

void MainWindow::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Escape:
      if (stack_->currentWidget() == start_ || !pages_[page_]->leaveDrillDown()) QMainWindow::keyPressEvent(event);
      break;
    case Qt::Key_Left: session_.setCurrent(session_.currentIndex() - 1); break;
    case Qt::Key_Right: session_.setCurrent(session_.currentIndex() + 1); break;
    default: QMainWindow::keyPressEvent(event);
  }
}

bool MainWindow::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride && isActiveWindow() && watched->isWidgetType()) {
    // Before the key is taken for the action, which what is being typed enables or disables.
    if (isStart(*static_cast<QKeyEvent*>(event))) commitFocusedField();
  }
  if (event->type() == QEvent::KeyPress && session_.runs().active() && isActiveWindow() && watched->isWidgetType()) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const auto* widget = static_cast<QWidget*>(watched);
    const bool plain = key->key() == Qt::Key_Space && key->modifiers() == Qt::NoModifier && !key->isAutoRepeat();
    if (plain && widget->window() == this && !wantsSpace(widget)) {
      runActions_.pause->trigger();
      return true;
    }
  }
  return QMainWindow::eventFilter(watched, event);
}

bool MainWindow::isStart(const QKeyEvent& event) const {
  return runActions_.start->shortcuts().contains(QKeySequence(event.keyCombination()));
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (droppedPath(event->mimeData()).isEmpty()) return;
  event->acceptProposedAction();
  start_->setDropping(true);
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent* event) {
  start_->setDropping(false);
  QMainWindow::dragLeaveEvent(event);
}

void MainWindow::dropEvent(QDropEvent* event) {
  start_->setDropping(false);
  const QString path = droppedPath(event->mimeData());
  if (path.isEmpty()) return;
  event->acceptProposedAction();
  open(path);
}

}  // namespace panicle::ui
