// The recipes that come with Panicle, in the menu and the sheet.
#include "ui/frame/recipe_choice.h"

#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>

#include "core/data/sample_data.h"
#include "ui/frame/recipe_sheet.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {

class RecipeChoiceTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    session_ = std::make_unique<Session>(std::make_unique<RunStore>(folder_->path().toStdString()));
    RunSpec mine = session_->recipe();
    mine.device = "cpu";
    mine.seed = 7;
    session_->setRecipe(mine, QStringLiteral("Begin"));
  }

  void cleanup() {
    session_.reset();
    folder_.reset();
  }

  void applyingOneIsOneStepThatUndoTakesBack() {
    const RunSpec before = session_->recipe();
    QSignalSpy pages(session_.get(), &Session::pageRequested);
    applyRecipe(*session_, recipe("progressive-resizing").runs.front());
    QCOMPARE(session_->recipe().stages.size(), std::size_t{2});
    QCOMPARE(session_->recipe().model.arch, std::string("resnet50"));
    QCOMPARE(session_->recipe().seed, std::uint64_t{7});
    QCOMPARE(session_->recipe().device, std::string("cpu"));
    QCOMPARE(session_->undoText(), QStringLiteral("Recipe Progressive resizing"));
    QCOMPARE(pages.value(0).value(0).toString(), QStringLiteral("train"));
    session_->undo();
    QVERIFY(toJson(session_->recipe()) == toJson(before));
  }

  void columnsThatTheDataDoesNotHaveAreLeftOutAndToldOf() {
    openSample();
    QSignalSpy told(session_.get(), &Session::told);
    const auto said = [&] { return told.isEmpty() ? QString() : told.last()[1].toString(); };
    applyRecipe(*session_, recipe("first-baseline").runs.front());
    applyRecipe(*session_, recipe("disease-and-variety").runs.front());
    QCOMPARE(session_->recipe().data.label_columns, (std::vector<std::string>{"label", "variety"}));
    QVERIFY(said().isEmpty());
    applyRecipe(*session_, recipe("progressive-resizing").runs.front());
    QVERIFY(session_->recipe().data.split.kind == SplitKind::Random);
    QCOMPARE(session_->recipe().data.root, (folder_->path() + QStringLiteral("/data")).toStdString());
    QVERIFY(said().contains(QStringLiteral("is_val")));
    QVERIFY(told.last()[2].value<Session::Weight>() == Session::Weight::Notice);
    applyRecipe(*session_, recipe("first-baseline").runs.front());  // it was about the other
    QVERIFY(said().isEmpty());
  }

  void aColumnOfMineThatValidatesStays() {
    openSample();
    RunSpec mine = session_->recipe();
    mine.data.split.kind = SplitKind::Column;
    mine.data.split.column = "age";
    session_->setRecipe(mine, QStringLiteral("Split"));
    applyRecipe(*session_, recipe("progressive-resizing").runs.front());  // by is_val, which is not there
    QCOMPARE(session_->recipe().data.split.column, std::string("age"));
    applyRecipe(*session_, recipe("large-ensemble").runs[2]);
    QVERIFY(session_->recipe().data.split.kind == SplitKind::Random);
    QCOMPARE(session_->recipe().data.split.seed, std::uint64_t{3});
    applyRecipe(*session_, recipe("first-baseline").runs.front());
    QCOMPARE(session_->recipe().data.split.seed, SplitOptions{}.seed);
  }

  void theSheetsButtonsHaveRoomForTheirText() {
    QWidget window;
    window.resize(1280, 800);
    RecipeSheet sheet(*session_, &window);
    window.show();
    sheet.open();
    for (const QPushButton* button : sheet.findChildren<QPushButton*>()) {
      QVERIFY2(button->width() >= button->fontMetrics().horizontalAdvance(button->text()) + 2 * kGrid, qPrintable(button->text()));
      QVERIFY(sheet.rect().contains(QRect(button->mapTo(&sheet, QPoint()), button->size())));
    }
  }

  void theMenuListsThemAllAndTheMembersSingly() {
    QMenu menu;
    fillRecipeMenu(menu, *session_);
    const QList<QAction*> actions = menu.actions();
    QCOMPARE(static_cast<std::size_t>(actions.size()), recipes().size());
    for (int i = 0; i < actions.size(); ++i) {
      const Recipe& each = recipes()[static_cast<std::size_t>(i)];
      QCOMPARE(actions[i]->text(), QString::fromStdString(each.title));
      const QMenu* members = actions[i]->menu();
      QCOMPARE(members != nullptr, each.runs.size() > 1);
      if (members) {
        QCOMPARE(static_cast<std::size_t>(members->actions().size()), each.runs.size());
        members->actions().last()->trigger();
        QCOMPARE(session_->recipe().name, each.runs.back().name);
      } else {
        QVERIFY(actions[i]->toolTip().contains(QString::fromStdString(each.purpose).toHtmlEscaped()));
        actions[i]->trigger();
        QCOMPARE(session_->recipe().name, each.runs.front().name);
      }
    }
  }

  void theSheetIsUsedWithTheKeyboardAlone() {
    QWidget window;
    window.resize(1000, 700);
    RecipeSheet sheet(*session_, &window);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    sheet.open();
    auto* tree = sheet.findChild<QTreeWidget*>();
    QVERIFY(tree->hasFocus());
    QCOMPARE(tree->topLevelItemCount(), static_cast<int>(recipes().size()));
    for (int i = 0; i < 4; ++i) QTest::keyClick(tree, Qt::Key_Down);
    QCOMPARE(tree->currentItem()->text(0), QStringLiteral("Small models, ways to resize"));
    QVERIFY(!primary(sheet)->isEnabled());
    QTest::keyClick(tree, Qt::Key_Return);
    QVERIFY(tree->currentItem()->isExpanded());
    QTest::keyClick(tree, Qt::Key_Down);
    QVERIFY(primary(sheet)->isEnabled());
    QTest::keyClick(tree, Qt::Key_Return);
    QVERIFY(!sheet.isOpen());
    QCOMPARE(session_->recipe().name, recipe("small-models").runs.front().name);
  }

  void theSheetSaysWhatEachIsFor() {
    QWidget window;
    RecipeSheet sheet(*session_, &window);
    auto* tree = sheet.findChild<QTreeWidget*>();
    for (int i = 0; i < tree->topLevelItemCount(); ++i) {
      tree->setCurrentItem(tree->topLevelItem(i));
      QString shown;
      for (auto* label : sheet.findChildren<QLabel*>()) shown += label->text();
      const Recipe& each = recipes()[static_cast<std::size_t>(i)];
      QVERIFY(shown.contains(QString::fromStdString(each.purpose).toHtmlEscaped()));
      if (each.runs.size() == 1) QVERIFY(shown.contains(QString::fromStdString(each.runs.front().model.arch)));
      if (!each.weights.empty()) QVERIFY(shown.contains(QString::fromStdString(each.runs.back().name)));
    }
  }

 private:
  void openSample() {
    const QString data = folder_->path() + QStringLiteral("/data");
    writeSampleData(data.toStdString(), {.per_class = 1, .size = {64, 48}});
    QSignalSpy opened(session_.get(), &Session::datasetChanged);
    session_->openDataset(data);
    QVERIFY(opened.wait(20000));
  }

  static QPushButton* primary(const RecipeSheet& sheet) {
    for (auto* button : sheet.findChildren<QPushButton*>()) {
      if (button->text() == QStringLiteral("Use this recipe")) return button;
    }
    return nullptr;
  }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
};

}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::RecipeChoiceTest)
#include "recipe_choice_test.moc"
