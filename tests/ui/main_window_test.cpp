// The window as a whole: pages and keys, opening, starting, closing while a run is active.
#include "ui/frame/main_window.h"

#include <QApplication>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QUrl>

#include "tests/ui/painted_photos.h"
#include "ui/frame/chip.h"
#include "ui/frame/command_palette.h"
#include "ui/frame/inspector.h"
#include "ui/frame/memory_view.h"
#include "ui/frame/pages.h"
#include "ui/frame/photo_frame.h"
#include "ui/frame/problem_bar.h"
#include "ui/frame/start_page.h"
#include "ui/frame/status_strip.h"
#include "ui/shared/field_editor.h"
#include "ui/shared/jobs.h"
#include "ui/shared/page.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/train/recipe_form.h"

namespace panicle::ui {
namespace {

constexpr int kTrainingMs = 120'000;  // patience, not a measure

class MainWindowTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    QVERIFY(paintPhotos(data(), {QStringLiteral("blast"), QStringLiteral("normal")}, 10));
    reopen();
  }

  void cleanup() {
    window_.reset();
    session_.reset();
    folder_.reset();
  }

  void startPageUntilSomethingIsOpen() {
    QVERIFY(window_->findChild<StartPage*>()->isVisible());
    openData();
    QVERIFY(!window_->findChild<StartPage*>()->isVisible());
    QCOMPARE(window_->currentPage(), QStringLiteral("data"));
    QVERIFY(window_->windowTitle().startsWith(QStringLiteral("rice - ")));
  }

  void everyPageByItsNumber() {
    const auto& pages = pageEntries();
    for (std::size_t i = 0; i < pages.size(); ++i) {
      QTest::keyClick(window_.get(), static_cast<Qt::Key>(Qt::Key_1 + static_cast<int>(i)), Qt::ControlModifier);
      QCOMPARE(window_->currentPage(), pages[i].id);
    }
  }

  void slashFocusesTheFilter() {
    openData();
    QWidget* filter = window_->findChild<Page*>(QStringLiteral("data"))->filterWidget();
    QVERIFY(filter);
    QTest::keyClick(window_.get(), Qt::Key_Slash);
    QVERIFY(filter == QApplication::focusWidget() || filter->isAncestorOf(QApplication::focusWidget()));
  }

  void chipLeadsToItsPageAndShowsProblems() {
    session_->setRecipeField(QStringLiteral("model.arch"), "resnet999");
    const QList<Chip*> chips = window_->findChildren<Chip*>();
    QVERIFY(!chips[1]->valid());
    QVERIFY(chips[1]->toolTip().contains(QStringLiteral("resnet999")));
    QVERIFY(!chips[1]->toolTip().contains(QStringLiteral("model.arch")));
    QVERIFY(chips[0]->valid());
    QTest::mouseClick(chips[1], Qt::LeftButton);
    QCOMPARE(window_->currentPage(), QStringLiteral("models"));
  }

  void droppedFolderOpens() {
    QMimeData mime;
    mime.setUrls({QUrl::fromLocalFile(data())});
    QDragEnterEvent enter(QPoint(400, 300), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window_.get(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop(QPointF(400, 300), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window_.get(), &drop);
    QTRY_VERIFY(session_->dataset());
  }

  void problemsStandInTheBar() {
    auto* bar = window_->findChild<ProblemBar*>();
    QTRY_VERIFY(session_->jobs().running().isEmpty());
    bar->dismiss();  // what this machine's linear algebra may have given cause to say
    window_->open(folder_->filePath(QStringLiteral("nowhere")));
    QTRY_VERIFY(bar->isVisible());
    QVERIFY(bar->findChild<QLabel*>()->text().contains(QStringLiteral("nowhere")));
    QTest::mouseClick(bar->findChild<QPushButton*>(), Qt::LeftButton);
    QVERIFY(!bar->isVisible());
  }

  void theBarAndTheCountGoWhenTheCauseIsMended() {
    openData();
    auto* bar = window_->findChild<ProblemBar*>();
    QTRY_VERIFY(session_->jobs().running().isEmpty());
    bar->dismiss();
    const auto errors = [this] {
      for (const auto* button : window_->findChild<StatusStrip*>()->findChildren<QToolButton*>()) {
        if (button->isVisible() && button->text().contains(QStringLiteral("error"))) return true;
      }
      return false;
    };
    const RunSpec good = session_->recipe();
    session_->setRecipeField(QStringLiteral("data.images"), "nowhere");
    QTRY_VERIFY(bar->isVisible());
    QVERIFY(errors());
    const QString said = bar->findChild<QLabel*>()->text();
    QVERIFY2(said.startsWith(QStringLiteral("Image folder: ")), qPrintable(said));
    session_->undo();
    QTRY_VERIFY(!bar->isVisible());
    QVERIFY(!errors());
    QVERIFY(toJson(session_->recipe()) == toJson(good));
  }

  void aNoticeIsAmberAndNoError() {
    auto* bar = window_->findChild<ProblemBar*>();
    QTRY_VERIFY(session_->jobs().running().isEmpty());
    const auto edge = [&] { return bar->grab().toImage().pixelColor(1, bar->height() / 2); };
    session_->tell(QStringLiteral("recipe"), QStringLiteral("The split stays."), Session::Weight::Notice);
    QVERIFY(bar->isVisible());
    QCOMPARE(edge(), Theme::instance().colors().warning);
    session_->report(QStringLiteral("It is broken."));
    QCOMPARE(edge(), Theme::instance().colors().error);
  }

  // The keys and the menu leave the keyboard where it is.
  void startTakesWhatIsBeingTyped() {
    openData();
    window_->showPage(QStringLiteral("train"));
    auto* form = window_->findChild<RecipeForm*>();
    const auto type = [form](const char* path, const QString& text) {
      auto* line = qobject_cast<QLineEdit*>(form->editor(path)->input());
      line->setFocus();
      line->selectAll();
      QTest::keyClicks(line, text);
      return line;
    };
    RunController& runs = session_->runs();
    QLineEdit* share = type("data.split.valid_pct", QStringLiteral("7"));
    QTest::keyClick(share, Qt::Key_Return, Qt::ControlModifier);
    QVERIFY(!runs.active());
    QVERIFY(!form->problem("data.split.valid_pct").isEmpty());
    QVERIFY(share->hasFocus());
    // Mended but not yet left: the same key starts.
    type("data.split.valid_pct", QStringLiteral("0.3"));
    QSignalSpy ended(&runs, &RunController::ended);
    QTest::keyClick(share, Qt::Key_Return, Qt::ControlModifier);
    QVERIFY(runs.active());
    QCOMPARE(runs.spec().data.split.valid_pct, 0.3);
    runs.stopNow();
    QTRY_COMPARE_WITH_TIMEOUT(ended.size(), 1, kTrainingMs);
    auto* epochs = qobject_cast<QSpinBox*>(form->editor("stages.0.schedule.epochs")->input());
    epochs->setFocus(Qt::TabFocusReason);
    QTest::keyClicks(epochs, QStringLiteral("23"));
    QTest::keyClick(epochs, Qt::Key_Return, Qt::ControlModifier);
    QCOMPARE(runs.spec().stages[0].schedule.epochs, 23);
    runs.stopNow();
    QTRY_COMPARE_WITH_TIMEOUT(ended.size(), 2, kTrainingMs);
  }

  void paletteRunsAnAction() {
    QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
    auto* palette = window_->findChild<CommandPalette*>();
    QVERIFY(palette->isOpen());
    auto* query = palette->findChild<QLineEdit*>();
    QTest::keyClicks(query, QStringLiteral("submit"));
    QTest::keyClick(query, Qt::Key_Return);
    QVERIFY(!palette->isOpen());
    QTRY_COMPARE(window_->currentPage(), QStringLiteral("submit"));
  }

  void undoByKey() {
    const int size = session_->recipe().batch.size;
    session_->setRecipeField(QStringLiteral("batch.size"), size + 1);
    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(session_->recipe().batch.size, size);
    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(session_->recipe().batch.size, size + 1);
  }

  void inspectorShowsTheCurrentPhotoAndArrowsWalk() {
    openData();
    std::vector<Photo> photos;
    for (const Item& item : session_->dataset()->items) photos.push_back(session_->photo(item));
    session_->select(photos, 0);
    auto* inspector = window_->findChild<Inspector*>();
    const auto says = [inspector](const QString& text) {
      for (const QLabel* label : inspector->findChildren<QLabel*>()) {
        if (label->isVisible() && label->text().contains(text)) return true;
      }
      return false;
    };
    QTRY_VERIFY(says(QStringLiteral("40 × 48")));
    QVERIFY(says(QStringLiteral("blast")));
    QVERIFY(says(QStringLiteral("1 of 20")));
    window_->findChild<QStackedWidget*>()->setFocus();
    QTest::keyClick(window_.get(), Qt::Key_Right);
    QCOMPARE(session_->currentIndex(), 1);
    QTest::keyClick(window_.get(), Qt::Key_Left);
    QCOMPARE(session_->currentIndex(), 0);
  }

  void memoryIsSampled() {
    auto* meter = window_->findChild<MemoryView*>();
    QTRY_VERIFY_WITH_TIMEOUT(!meter->history().empty(), 20'000);
    QVERIFY(meter->history().back().used_by_process > 0);
    QVERIFY(meter->history().back().total > meter->history().back().used_by_process);
  }

  void stateIsRemembered() {
    openData();
    window_->showPage(QStringLiteral("inspect"));
    window_->resize(1111, 700);
    window_->close();
    window_.reset();
    reopen();
    QCOMPARE(window_->rememberedPage(), QStringLiteral("inspect"));
    QCOMPARE(window_->height(), 700);  // of the width, Qt from 6.5 on takes what the screen of the test has not
  }

  void spacePausesAndClosingAsks() {
    openData();
    RunSpec spec = session_->recipe();
    spec.stages[0].schedule.epochs = 500;
    spec.stages[0].resize.size = {32, 32};
    spec.batch.size = 4;
    session_->setRecipe(spec, QStringLiteral("Train long"));
    RunController& runs = session_->runs();
    QSignalSpy ended(&runs, &RunController::ended);
    QTest::keyClick(window_.get(), Qt::Key_Return, Qt::ControlModifier);
    QCOMPARE(runs.state(), RunController::State::Running);
    QCOMPARE(window_->currentPage(), QStringLiteral("train"));
    QTRY_VERIFY_WITH_TIMEOUT(!runs.run().isEmpty(), kTrainingMs);

    window_->setFocus();
    QTest::keyClick(window_.get(), Qt::Key_Space);
    QCOMPARE(runs.state(), RunController::State::Paused);
    QTest::keyClick(window_.get(), Qt::Key_Space);
    QCOMPARE(runs.state(), RunController::State::Running);

    window_->close();
    QVERIFY(window_->isVisible());
    clickInQuestion(QStringLiteral("Keep training"));
    QVERIFY(runs.active());

    window_->close();
    clickInQuestion(QStringLiteral("Stop now and close"));
    QTRY_COMPARE_WITH_TIMEOUT(ended.size(), 1, kTrainingMs);
    QTRY_VERIFY(!window_->isVisible());
    QCOMPARE(session_->store().get(ended.front().front().toString().toStdString()).status, RunStatus::Stopped);
  }

 private:
  void reopen() {
    session_.reset();
    session_ = std::make_unique<Session>(std::make_unique<RunStore>(folder_->filePath(QStringLiteral("workspace")).toStdString()));
    window_ = std::make_unique<MainWindow>(*session_);
    window_->show();
    window_->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
  }

  void openData() {
    window_->open(data());
    QTRY_VERIFY(session_->dataset());
  }

  void clickInQuestion(const QString& text) {
    QMessageBox* box = nullptr;
    QTRY_VERIFY((box = window_->findChild<QMessageBox*>()) && box->isVisible());
    for (QAbstractButton* button : box->buttons()) {
      if (button->text() == text) QTest::mouseClick(button, Qt::LeftButton);
    }
    QTRY_VERIFY(!window_->findChild<QMessageBox*>());
  }

  QString data() const { return folder_->filePath(QStringLiteral("rice")); }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<MainWindow> window_;
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::MainWindowTest)
#include "main_window_test.moc"
