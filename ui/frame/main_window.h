// The window: recipe strip on top, side bar, page, inspector, status strip below.
#pragma once

#include <QMainWindow>
#include <QVector>

#include "ui/frame/recipe_strip.h"
#include "ui/frame/run_line.h"

class QActionGroup;
class QMenu;
class QMessageBox;
class QSplitter;
class QStackedWidget;

namespace panicle::ui {

class CommandPalette;
class AboutSheet;
class Inspector;
class Page;
class ProblemLog;
class ProblemSheet;
class RecipeSheet;
class Session;
class ShortcutSheet;
class SideBar;
class StartPage;
class StatusStrip;

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  explicit MainWindow(Session& session, QWidget* parent = nullptr);
  ~MainWindow() override;

  // Opens a folder or CSV; `page` is shown when it is there ("" leaves the page).
  void open(const QString& folderOrCsv, const QString& page = QStringLiteral("data"));
  void showPage(const QString& id);
  QString currentPage() const;     // its id
  QString rememberedPage() const;  // of the last time, for this workspace; "data" at first

 protected:
  void showEvent(QShowEvent* event) override;
  void closeEvent(QCloseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragLeaveEvent(QDragLeaveEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  // main_window.cpp
  void build();
  QWidget* makePageArea();
  void connectSession();
  void showPageAt(int index);
  bool isStart(const QKeyEvent& event) const;
  void showTitle();
  void showRun();
  void warnOfSlowAlgebra();
  void openSample();
  void askBeforeClosing();
  void remember();
  void restore();

  // menus.cpp
  QAction* addAction(QMenu* menu, const QString& text, const QString& icon, const QKeySequence& keys, const QString& help);
  void makeRunActions();
  void makeFileMenu();
  void makeViewMenu();
  void makePageActions(QMenu* menu);
  void makeThemeMenu(QMenu* menu);
  void makeRecipesMenu();
  void makeRunMenu();
  void makeHelpMenu();
  void fillRecentMenu();
  void updateRunActions();
  void updateUndo();
  void chooseFolder();
  void chooseCsv();

  Session& session_;
  RunActions runActions_;
  RunLine line_;
  ProblemLog* log_ = nullptr;
  RecipeStrip* strip_ = nullptr;
  SideBar* side_ = nullptr;
  QSplitter* splitter_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  StartPage* start_ = nullptr;
  QVector<Page*> pages_;
  Inspector* inspector_ = nullptr;
  StatusStrip* status_ = nullptr;
  CommandPalette* palette_ = nullptr;
  RecipeSheet* recipes_ = nullptr;
  ShortcutSheet* shortcuts_ = nullptr;
  ProblemSheet* problems_ = nullptr;
  AboutSheet* about_ = nullptr;
  QMenu* recentMenu_ = nullptr;
  QAction* undo_ = nullptr;
  QAction* redo_ = nullptr;
  QAction* inspectorAction_ = nullptr;
  int page_ = 0;
  QString pageAfterOpen_;
  bool closeWhenEnded_ = false;
  bool algebraAsked_ = false;
};

}  // namespace panicle::ui
