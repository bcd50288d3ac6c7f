// The menus and actions of the main window.
#include <QAction>
#include <QActionGroup>
#include <QClipboard>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QMenu>
#include <QMenuBar>
#include <QStackedWidget>

#include "ui/frame/cache_action.h"
#include "ui/frame/command_palette.h"
#include "ui/frame/inspector.h"
#include "ui/frame/main_window.h"
#include "ui/frame/pages.h"
#include "ui/frame/recipe_choice.h"
#include "ui/frame/recipe_sheet.h"
#include "ui/frame/sheets.h"
#include "ui/frame/side_bar.h"
#include "ui/frame/start_page.h"
#include "ui/shared/field_editor.h"
#include "ui/shared/field_rules.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/page.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/training_start.h"
#include "ui/shared/weight_states.h"

namespace panicle::ui {
namespace {

QString icon(const char* name) {
  return QString::fromLatin1(name);
}

}  // namespace

QAction* MainWindow::addAction(QMenu* menu, const QString& text, const QString& iconName, const QKeySequence& keys,
                               const QString& help) {
  auto* action = new QAction(text, this);
  if (!iconName.isEmpty()) action->setIcon(lineIcon(iconName));
  action->setShortcut(keys);
  action->setToolTip(help);
  if (menu) menu->addAction(action);
  return action;
}

void MainWindow::makeRunActions() {
  runActions_.recipes = addAction(nullptr, tr("Choose a recipe…"), icon("recipe"), QKeySequence(Qt::CTRL | Qt::Key_R),
                                  tr("Shows the recipes that come with Panicle, and what each is for"));
  connect(runActions_.recipes, &QAction::triggered, this, [this] { recipes_->toggle(); });
  runActions_.start = addAction(nullptr, tr("Start run"), icon("play"), QKeySequence(Qt::CTRL | Qt::Key_Return), {});
  runActions_.start->setIconText(tr("Start"));
  runActions_.pause = addAction(nullptr, tr("Pause"), icon("pause"), QKeySequence(Qt::Key_Space),
                                tr("<p>Holds the run after the batch in work, and lets it go on from there. (Space)</p>"));
  // Only shown: Space presses buttons and types blanks, so eventFilter() decides what it means.
  runActions_.pause->setShortcutContext(Qt::WidgetShortcut);
  runActions_.freeDevice =
      addAction(nullptr, tr("Pause and free the device"), icon("memory"), QKeySequence(Qt::SHIFT | Qt::Key_Space),
                tr("<p>Saves the run and gives its memory back to other programs, until you resume it: then it goes on as if nothing had been. "
                   "(Shift+Space)</p>"));
  runActions_.stopAfterEpoch =
      addAction(nullptr, tr("Stop after this epoch"), icon("stop-epoch"), QKeySequence(),
                tr("<p>Ends the run when the epoch in work is validated. Model, metrics and predictions are kept.</p>"));
  runActions_.stopNow =
      addAction(nullptr, tr("Stop now"), icon("stop"), QKeySequence(Qt::CTRL | Qt::Key_Period),
                tr("<p>Ends the run after the batch in work. The model as it is then, and all metrics so far, are kept.</p>"));
  RunController& runs = session_.runs();
  connect(runActions_.start, &QAction::triggered, this, [this] {
    if (!session_.start() && session_.forecast().refused()) return;
    showPage(QStringLiteral("train"));  // where it trains, or where what was just typed stands in red
  });
  connect(runActions_.pause, &QAction::triggered, this, [&runs] {
    if (runs.state() == RunController::State::Paused) {
      runs.resume();
    } else {
      runs.pause();
    }
  });
  connect(runActions_.freeDevice, &QAction::triggered, &runs, &RunController::pauseAndFreeDevice);
  connect(runActions_.stopAfterEpoch, &QAction::triggered, &runs, &RunController::stopAfterEpoch);
  connect(runActions_.stopNow, &QAction::triggered, &runs, &RunController::stopNow);
  connect(&runs, &RunController::stateChanged, this, &MainWindow::updateRunActions);
  connect(&session_, &Session::recipeChanged, this, &MainWindow::updateRunActions);
  connect(&session_, &Session::draftProblemsChanged, this, &MainWindow::updateRunActions);
  connect(&session_, &Session::datasetChanged, this, &MainWindow::updateRunActions);
  connect(&session_.weights(), &WeightStates::changed, this, &MainWindow::updateRunActions);
  connect(&session_.forecast(), &MemoryForecast::changed, this, &MainWindow::updateRunActions);
  updateRunActions();
}

void MainWindow::updateRunActions() {
  const RunController::State state = session_.runs().state();
  const bool active = state != RunController::State::Idle;
  const bool paused = state == RunController::State::Paused;
  QStringList problems = session_.recipeProblems();
  const FieldLabels labels = fieldLabels(session_.recipe());
  for (QString& problem : problems) problem = inLabels(problem, labels);
  runActions_.start->setEnabled(!active && problems.isEmpty());
  runActions_.start->setIconText(session_.forecast().refused() ? tr("Start anyway") : tr("Start"));
  const QString from = trainingStart(session_.recipe().model, session_.weights()).sentence;
  runActions_.start->setToolTip(
      problems.isEmpty()
          ? tr("<p>Freezes a copy of the recipe into a run and trains it. (%1)</p><p>%2</p>")
                .arg(runActions_.start->shortcut().toString(QKeySequence::NativeText), from.toHtmlEscaped())
          : tr("<p>Cannot start yet:<br>%1</p>").arg(problems.join(u'\n').toHtmlEscaped().replace(u'\n', QStringLiteral("<br>"))));
  runActions_.pause->setText(paused ? tr("Resume") : tr("Pause"));
  runActions_.pause->setIconText(runActions_.pause->text());
  runActions_.pause->setIcon(lineIcon(paused ? icon("play") : icon("pause")));
  runActions_.pause->setEnabled(state == RunController::State::Running || paused);
  runActions_.freeDevice->setEnabled(runActions_.pause->isEnabled());
  runActions_.stopAfterEpoch->setEnabled(active);
  runActions_.stopNow->setEnabled(active);
}

void MainWindow::makeFileMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&File"));
  menu->setToolTipsVisible(true);
  QAction* folder = addAction(menu, tr("Open folder…"), icon("folder"), QKeySequence(Qt::CTRL | Qt::Key_O),
                              tr("Opens a folder of labelled photos"));
  QAction* csv = addAction(menu, tr("Open CSV…"), icon("csv"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O),
                           tr("Opens a table of photos and labels"));
  QAction* sample = addAction(menu, tr("Open sample data"), icon("sample"), QKeySequence(),
                              tr("Draws 720 photos of rice leaves in ten classes into the workspace, and opens them"));
  recentMenu_ = menu->addMenu(tr("Open recent"));
  menu->addSeparator();
  addCacheAction(menu, session_, this);
  menu->addSeparator();
  QAction* quit = addAction(menu, tr("Quit"), {}, QKeySequence(Qt::CTRL | Qt::Key_Q), tr("Closes Panicle"));
  connect(folder, &QAction::triggered, this, &MainWindow::chooseFolder);
  connect(csv, &QAction::triggered, this, &MainWindow::chooseCsv);
  connect(sample, &QAction::triggered, this, &MainWindow::openSample);
  connect(quit, &QAction::triggered, this, &MainWindow::close);
  connect(&session_, &Session::datasetChanged, this, &MainWindow::fillRecentMenu);
  fillRecentMenu();
}

void MainWindow::fillRecentMenu() {
  recentMenu_->clear();
  const QStringList recent = session_.recent();
  for (const QString& path : recent) {
    QString text = path;
    QAction* action = recentMenu_->addAction(text.replace(u'&', QStringLiteral("&&")));
    connect(action, &QAction::triggered, this, [this, path] { open(path); });
  }
  recentMenu_->setEnabled(!recent.isEmpty());
}

void MainWindow::makePageActions(QMenu* menu) {
  int number = 0;
  for (const PageEntry& page : pageEntries()) {
    ++number;
    const QKeySequence keys = number <= 9 ? QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_0 + number)) : QKeySequence();
    QAction* action = addAction(menu, page.title, page.icon, keys, page.help);
    connect(action, &QAction::triggered, this, [this, index = number - 1] { showPageAt(index); });
  }
}

void MainWindow::makeThemeMenu(QMenu* menu) {
  QMenu* themes = menu->addMenu(tr("Theme"));
  auto* group = new QActionGroup(this);
  const auto add = [&](const QString& text, ThemeChoice choice, const QString& help) {
    QAction* action = addAction(themes, text, {}, {}, help);
    action->setCheckable(true);
    action->setActionGroup(group);
    connect(action, &QAction::triggered, this, [choice] { Theme::instance().set(choice); });
    const auto follow = [action, choice] { action->setChecked(Theme::instance().choice() == choice); };
    connect(&Theme::instance(), &Theme::changed, action, follow);
    follow();
  };
  add(tr("As the system"), ThemeChoice::System, tr("Light or dark, as the desktop is"));
  add(tr("Light"), ThemeChoice::Light, tr("Dark text on light"));
  add(tr("Dark"), ThemeChoice::Dark, tr("Light text on dark"));
}

void MainWindow::makeViewMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&View"));
  menu->setToolTipsVisible(true);
  makePageActions(menu);
  menu->addSeparator();
  QAction* filter = addAction(menu, tr("Find"), icon("search"), QKeySequence(Qt::Key_Slash), tr("Goes to the page's filter"));
  QAction* side = addAction(menu, tr("Side bar"), icon("sidebar"), QKeySequence(Qt::CTRL | Qt::Key_B),
                            tr("Shows or hides the names of the pages"));
  side->setCheckable(true);
  side->setChecked(!side_->collapsed());
  inspectorAction_ = addAction(menu, tr("Inspector"), icon("inspector"), QKeySequence(Qt::CTRL | Qt::Key_I),
                               tr("Shows or hides the current photo at the right"));
  inspectorAction_->setCheckable(true);
  inspectorAction_->setChecked(true);
  makeThemeMenu(menu);
  menu->addSeparator();
  QAction* problems = addAction(menu, tr("Problems"), icon("warning"), {}, tr("Lists errors and warnings so far"));
  QAction* palette = addAction(menu, tr("Command palette"), icon("list"), QKeySequence(Qt::CTRL | Qt::Key_K),
                               tr("Finds any action by a few letters of its name"));

  connect(filter, &QAction::triggered, this, [this] {
    QWidget* widget = stack_->currentWidget() == start_ ? nullptr : pages_[page_]->filterWidget();
    if (widget) widget->setFocus(Qt::ShortcutFocusReason);
  });
  connect(side, &QAction::toggled, this, [this](bool shown) { side_->setCollapsed(!shown); });
  connect(side_, &SideBar::collapsedChanged, side, [side](bool collapsed) { side->setChecked(!collapsed); });
  connect(inspectorAction_, &QAction::toggled, this, [this](bool shown) { inspector_->setVisible(shown); });
  connect(problems, &QAction::triggered, this, [this] { problems_->toggle(); });
  connect(palette, &QAction::triggered, this, [this] { palette_->toggle(); });
}

void MainWindow::makeRecipesMenu() {
  QMenu* menu = menuBar()->addMenu(tr("Re&cipes"));
  menu->addAction(runActions_.recipes);
  menu->addSeparator();
  fillRecipeMenu(*menu, session_);
}

void MainWindow::makeRunMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Run"));
  connect(menu, &QMenu::aboutToShow, this, &commitFocusedField);  // its entries are of the recipe with what is typed
  menu->setToolTipsVisible(true);
  menu->addActions({runActions_.start, runActions_.pause, runActions_.freeDevice, runActions_.stopAfterEpoch, runActions_.stopNow});
  menu->addSeparator();
  undo_ = addAction(menu, tr("Undo"), icon("undo"), QKeySequence(Qt::CTRL | Qt::Key_Z), tr("Takes back the last change of the recipe"));
  redo_ = addAction(menu, tr("Redo"), icon("redo"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z),
                    tr("Makes the change of the recipe again that was taken back"));
  QAction* reset = addAction(menu, tr("Reset recipe"), icon("reset"), {}, tr("Back to the defaults, on the same data. Can be undone."));
  QAction* copy = addAction(menu, tr("Copy recipe as JSON"), icon("copy"), {},
                            tr("Copies the recipe for a file that panicle-cli train runs"));
  connect(undo_, &QAction::triggered, &session_, &Session::undo);
  connect(redo_, &QAction::triggered, &session_, &Session::redo);
  connect(reset, &QAction::triggered, this, [this] {
    RunSpec spec;
    spec.data.root = session_.recipe().data.root;
    session_.replaceRecipe(spec, tr("Reset recipe"));
  });
  connect(copy, &QAction::triggered, this,
          [this] { QGuiApplication::clipboard()->setText(QString::fromStdString(specToJson(session_.recipe()).dump(2))); });
  connect(&session_, &Session::recipeChanged, this, &MainWindow::updateUndo);
  updateUndo();
}

void MainWindow::updateUndo() {
  const QString undone = session_.undoText();
  const QString redone = session_.redoText();
  undo_->setEnabled(session_.canUndo());
  redo_->setEnabled(session_.canRedo());
  undo_->setText(undone.isEmpty() ? tr("Undo") : tr("Undo: %1").arg(undone));
  redo_->setText(redone.isEmpty() ? tr("Redo") : tr("Redo: %1").arg(redone));
}

void MainWindow::makeHelpMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Help"));
  menu->setToolTipsVisible(true);
  QAction* keys = addAction(menu, tr("Keyboard shortcuts"), icon("keyboard"), {}, tr("Lists all shortcuts"));
  keys->setShortcuts({QKeySequence(Qt::Key_Question), QKeySequence(Qt::Key_F1)});
  QAction* about = addAction(menu, tr("About Panicle"), icon("info"), {}, tr("Version, licence and libraries"));
  connect(keys, &QAction::triggered, this, [this] { shortcuts_->toggle(); });
  connect(about, &QAction::triggered, this, [this] { about_->toggle(); });
}

void MainWindow::chooseFolder() {
  auto* dialog = new QFileDialog(this, tr("Open a folder of photos"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::Directory);
  dialog->setOption(QFileDialog::ShowDirsOnly);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) { open(path); });
  dialog->open();
}

void MainWindow::chooseCsv() {
  auto* dialog = new QFileDialog(this, tr("Open a table of photos and labels"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  dialog->setNameFilters({tr("Tables (*.csv)"), tr("All files (*)")});
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) { open(path); });
  dialog->open();
}

}  // namespace panicle::ui
