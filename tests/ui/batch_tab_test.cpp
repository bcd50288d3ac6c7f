// The Preview page's Batch tab: its tiles, the sliders, presets, Apply, the seed, one photo in many draws,
// and its manners.
#include "ui/preview/batch_tab.h"

#include <QAbstractButton>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include "core/runs/run_store.h"
#include "tests/ui/painted_photos.h"
#include "ui/preview/batch_bar.h"
#include "ui/preview/batch_grid.h"
#include "ui/preview/transform_panel.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/field_editor.h"
#include "ui/shared/session.h"

namespace panicle::ui {
namespace {

constexpr int kPatienceMs = 20'000;
const char* const kRotate = "stages.0.augment.max_rotate";

class BatchTabTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    QVERIFY(paintPhotos(folder_->path() + QStringLiteral("/data"),
                        {QStringLiteral("blast"), QStringLiteral("hispa")}, 12, QSize(48, 64)));
    session_ = std::make_unique<Session>(
        std::make_unique<RunStore>((folder_->path() + QStringLiteral("/work")).toStdString()));
    RunSpec spec = session_->recipe();
    spec.batch.size = 6;
    spec.stages[0].resize.size = {48, 48};
    spec.stages[0].augment->size = Size{32, 32};
    session_->setRecipe(spec, QStringLiteral("Test"));
    tab_ = std::make_unique<BatchTab>(*session_, nullptr);
    tab_->resize(900, 640);
    panel_ = tab_->findChild<TransformPanel*>();
    grid_ = tab_->findChild<BatchGrid*>();
  }

  void cleanup() {
    tab_.reset();
    session_.reset();
    folder_.reset();
  }

  void withoutADataSetItSaysWhatToDo() {
    tab_->show();
    auto* empty = tab_->findChild<EmptyState*>();
    QVERIFY(QTest::qWaitForWindowExposed(tab_.get()));
    QVERIFY(empty->isVisible());
    QSignalSpy pages(session_.get(), &Session::pageRequested);
    Q_EMIT empty->clicked();
    QCOMPARE(pages.at(0).at(0).toString(), QStringLiteral("data"));
    QVERIFY(tab_->picture().tiles.empty());
  }

  void tilesOfTheFirstBatchShowWithTheirLabels() {
    open();
    QCOMPARE(tab_->picture().tiles.size(), std::size_t{6});
    QCOMPARE(tab_->picture().batches, std::uint64_t{3});  // 20 of 24 photos train
    QCOMPARE(grid_->tiles().size(), std::size_t{6});
    for (std::size_t i = 0; i < 6; ++i) {
      const GridTile& tile = grid_->tiles()[i];
      QCOMPARE(tile.image.size(), QSize(32, 32));
      QVERIFY(tile.photo.path.contains(tile.photo.label));
      QCOMPARE(tile.photo.target, tile.photo.label == QStringLiteral("blast") ? 0 : 1);
      QVERIFY(tile.tip.contains(tile.photo.path));
    }
  }

  void aSliderChangesTheTilesAndReadsNothing() {
    open();
    const std::size_t loads = tab_->loads();
    const std::vector<QImage> before = images();
    QSlider* slider = panel_->editor(kRotate)->findChild<QSlider*>();
    QVERIFY(slider);
    slider->setValue(slider->maximum());
    QCOMPARE(tab_->draft().spec().stages[0].augment->max_rotate, 45.0);
    QCOMPARE(panel_->editor(kRotate)->findChild<QDoubleSpinBox*>()->value(), 45.0);
    settle();
    QCOMPARE(tab_->loads(), loads);
    QVERIFY(images() != before);
    QCOMPARE(session_->recipe().stages[0].augment->max_rotate, AugOptions{}.max_rotate);  // a draft
    slider->setValue(10);
    settle();
    QVERIFY(images() == before);
  }

  void onlyTheNewestOfManyRequestsIsServed() {
    open();
    QSignalSpy rendered(tab_.get(), &BatchTab::rendered);
    QSlider* slider = panel_->editor(kRotate)->findChild<QSlider*>();
    for (int i = 11; i <= 40; ++i) slider->setValue(i);
    settle();
    QVERIFY2(rendered.count() <= 2, qPrintable(QString::number(rendered.count())));
    const std::vector<QImage> after = images();
    slider->setValue(3);
    settle();
    slider->setValue(40);
    settle();
    QVERIFY(images() == after);
  }

  void applyIsOneStepOfUndo() {
    open();
    const Json before = specToJson(session_->recipe());
    QVERIFY(!panel_->apply()->isEnabled());
    QVERIFY(!panel_->revert()->isEnabled());
    choose(panel_->presets(), QStringLiteral("crop 640,480 → 288,224"));
    panel_->editor(kRotate)->findChild<QSlider*>()->setValue(20);
    QVERIFY(panel_->apply()->isEnabled());
    QVERIFY(panel_->differenceText().contains(QStringLiteral("changes")));
    QVERIFY(specToJson(session_->recipe()) == before);
    panel_->apply()->click();
    const StageOptions& stage = session_->recipe().stages[0];
    QVERIFY(stage.resize.size == (Size{640, 480}));
    QVERIFY(stage.augment->size == (Size{288, 224}));
    QCOMPARE(stage.augment->min_scale, 0.75);
    QCOMPARE(stage.augment->max_rotate, 20.0);
    QVERIFY(!panel_->apply()->isEnabled());
    QCOMPARE(session_->undoText(), QStringLiteral("Apply transforms"));
    session_->undo();
    QVERIFY(specToJson(session_->recipe()) == before);
    QVERIFY(!tab_->draft().differs());
  }

  void revertGoesBackToTheRecipe() {
    open();
    const std::vector<QImage> before = images();
    panel_->editor(kRotate)->findChild<QSlider*>()->setValue(44);
    panel_->revert()->click();
    settle();
    QVERIFY(!tab_->draft().differs());
    QVERIFY(images() == before);
  }

  void aPresetIsKnownAgain() {
    open();
    QCOMPARE(panel_->presets()->currentIndex(), -1);
    choose(panel_->presets(), QStringLiteral("squish 192 → 128"));
    QCOMPARE(panel_->presets()->currentText(), QStringLiteral("squish 192 → 128"));
    panel_->editor(kRotate)->findChild<QSlider*>()->setValue(20);
    QCOMPARE(panel_->presets()->currentIndex(), -1);
  }

  void whatCannotBeIsSaidAtItsRow() {
    open();
    QSlider* slider = panel_->editor("stages.0.augment.min_zoom")->findChild<QSlider*>();
    slider->setValue(slider->maximum());  // above max_zoom
    QVERIFY2(panel_->problem("stages.0.augment.min_zoom").contains(QStringLiteral("max_zoom")),
             qPrintable(panel_->problem("stages.0.augment.min_zoom")));
    QVERIFY(!panel_->apply()->isEnabled());
    QVERIFY(panel_->revert()->isEnabled());
    panel_->editor("stages.0.augment.max_zoom")->findChild<QSlider*>()->setValue(150);
    QVERIFY(panel_->problem("stages.0.augment.min_zoom").isEmpty());
    QVERIFY(panel_->apply()->isEnabled());
    settle();
  }

  void aRefusedTextKeepsApplyOff() {
    open();
    panel_->editor(kRotate)->findChild<QSlider*>()->setValue(20);
    QVERIFY(panel_->apply()->isEnabled());
    auto* size = panel_->editor("stages.0.augment.size")->findChild<QLineEdit*>();
    const auto type = [size](const char* text) {
      size->setFocus();
      size->selectAll();
      QTest::keyClicks(size, QLatin1String(text));
      QTest::keyClick(size, Qt::Key_Return);
    };
    type("abc");
    QVERIFY(!panel_->problem("stages.0.augment.size").isEmpty());
    QVERIFY(!panel_->apply()->isEnabled());
    type("100000");
    QVERIFY(!panel_->apply()->isEnabled());
    type("96");
    QVERIFY2(panel_->problem("stages.0.augment.size").isEmpty(), qPrintable(panel_->problem("stages.0.augment.size")));
    QVERIFY(panel_->apply()->isEnabled());
    settle();
  }

  void extrasAreFoldedAndSwitchOn() {
    open();
    const char* const hue = "stages.0.augment.hue";
    QVERIFY(!panel_->isShown(hue));
    panel_->setOpen(TransformGroup::Extras, true);
    QVERIFY(panel_->isShown(hue));
    QVERIFY(!panel_->editor("stages.0.augment.hue.max_hue"));
    const std::vector<QImage> before = images();
    panel_->editor(hue)->findChild<QCheckBox*>()->click();
    QSlider* slider = panel_->editor("stages.0.augment.hue.max_hue")->findChild<QSlider*>();
    slider->setValue(slider->maximum());
    QCOMPARE(tab_->draft().spec().stages[0].augment->hue->max_hue, 0.5);
    QVERIFY(panel_->differenceText().contains(QStringLiteral("Hue: off → on")));
    settle();
    panel_->editor("stages.0.augment")->findChild<QCheckBox*>()->click();
    QVERIFY(!panel_->editor(hue));
    settle();
    QVERIFY(tab_->picture().tiles[0].size == (Size{48, 48}));  // the item's
    panel_->apply()->click();
    QVERIFY(!session_->recipe().stages[0].augment);
  }

  void theSeedLookedAtStaysOutOfTheRecipe() {
    open();
    auto* seed = named<QLineEdit>(QStringLiteral("Seed"));
    QCOMPARE(seed->text(), QString::number(session_->recipe().seed));
    const std::vector<QImage> before = images();
    seed->setText(QStringLiteral("12345"));
    Q_EMIT seed->editingFinished();
    settle();
    QVERIFY(images() != before);
    QCOMPARE(session_->recipe().seed, RunSpec{}.seed);
    seed->setText(QStringLiteral("many"));
    Q_EMIT seed->editingFinished();
    QCOMPARE(seed->text(), QStringLiteral("12345"));
    named<QToolButton>(QStringLiteral("The run's seed"))->click();
    settle();
    QVERIFY(images() == before);
  }

  void redrawIsTheNextEpoch() {
    open();
    auto* epoch = named<QSpinBox>(QStringLiteral("Epoch"));
    button(QStringLiteral("Re-draw"))->click();
    settle();
    QCOMPARE(epoch->value(), 2);
    QCOMPARE(tab_->picture().tiles[0].epoch, std::uint64_t{1});
    choose(named<QComboBox>(QStringLiteral("Training or validation")), QStringLiteral("Validation"));
    settle();
    QCOMPARE(tab_->picture().mode, Mode::Valid);
    QCOMPARE(tab_->picture().tiles.size(), std::size_t{4});
    QVERIFY(!button(QStringLiteral("Re-draw"))->isEnabled());
  }

  void clickingATileSelectsItAndDoubleClickShowsItsDraws() {
    open();
    QTest::mouseClick(grid_->viewport(), Qt::LeftButton, {}, grid_->tileRect(2).center());
    QVERIFY(session_->currentPhoto());
    QCOMPARE(session_->currentPhoto()->path, grid_->tiles()[2].photo.path);
    const QString path = session_->currentPhoto()->path;
    QTest::mouseDClick(grid_->viewport(), Qt::LeftButton, {}, grid_->tileRect(2).center());
    settle();
    QCOMPARE(grid_->tiles().size(), std::size_t{9});
    for (const GridTile& tile : grid_->tiles()) QCOMPARE(tile.photo.path, path);
    QVERIFY(grid_->tiles()[1].note.contains(QStringLiteral("epoch 2")) ||
            !grid_->tiles()[1].problem.isEmpty());
    QVERIFY(tab_->leaveDrillDown());
    settle();
    QCOMPARE(grid_->tiles().size(), std::size_t{6});
    QVERIFY(!tab_->leaveDrillDown());
  }

  void aDamagedFileIsATileThatNamesIt() {
    open();
    const QString file = grid_->tiles()[1].photo.file;
    QFile photo(file);
    QVERIFY(photo.resize(40));
    openAgain();
    const GridTile& tile = grid_->tiles()[1];
    QCOMPARE(tile.photo.file, file);
    QVERIFY(tile.image.isNull());
    QVERIFY(!tile.problem.isEmpty());
    QVERIFY(!tile.problem.startsWith(QLatin1Char('/')));
    QVERIFY(tile.tip.contains(QFileInfo(file).fileName()));
    bool said = false;
    for (const auto* label : tab_->findChildren<QLabel*>())
      said = said || label->text().contains(QStringLiteral("1 cannot be read"));
    QVERIFY(said);
  }

  void anotherStageHasItsOwnTransforms() {
    open();
    RunSpec spec = session_->recipe();
    spec.stages.push_back(spec.stages[0]);
    spec.stages[0].schedule.epochs = 3;
    spec.stages[1].augment->size = Size{24, 40};
    session_->setRecipe(spec, QStringLiteral("Two stages"));
    named<QSpinBox>(QStringLiteral("Epoch"))->setValue(4);
    settle();
    QVERIFY(tab_->picture().tiles.at(0).size == (Size{24, 40}));
    auto* stages = named<QComboBox>(QStringLiteral("Stage"));
    QCOMPARE(stages->currentIndex(), 1);
    choose(stages, QStringLiteral("Stage 1 of 2"));
    settle();
    QCOMPARE(named<QSpinBox>(QStringLiteral("Epoch"))->value(), 1);
    QVERIFY(tab_->picture().tiles.at(0).size == (Size{32, 32}));
  }

  void aHiddenTabDoesNotRender() {
    open();
    tab_->hide();
    QSignalSpy rendered(tab_.get(), &BatchTab::rendered);
    panel_->editor(kRotate)->findChild<QSlider*>()->setValue(30);
    QTest::qWait(50);
    QCOMPARE(rendered.count(), 0);
    tab_->show();
    settle();
    QCOMPARE(rendered.count(), 1);
  }

  void everyControlTeachesAndHasAName() {
    open();
    int controls = 0;
    for (auto* widget : tab_->findChildren<QWidget*>()) {
      const bool control = qobject_cast<QAbstractButton*>(widget) || qobject_cast<QComboBox*>(widget) ||
                           qobject_cast<QSlider*>(widget) || qobject_cast<QAbstractSpinBox*>(widget) ||
                           (qobject_cast<QLineEdit*>(widget) && !widget->inherits("QExpandingLineEdit"));
      if (!control || widget->objectName().startsWith(QStringLiteral("qt_")) || !widget->isVisible())
        continue;
      if (widget->parentWidget()->inherits("QAbstractItemView") ||
          qobject_cast<EmptyState*>(widget->parentWidget()))
        continue;
      ++controls;
      const auto* button = qobject_cast<QAbstractButton*>(widget);
      const bool hasName = !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
      const QString what =
          QString::fromUtf8(widget->metaObject()->className()) + QLatin1Char(' ') + widget->accessibleName();
      QVERIFY2(hasName, qPrintable(what));
      QString tip;
      for (QWidget* at = widget; at && tip.isEmpty(); at = at->parentWidget()) tip = at->toolTip();
      QVERIFY2(!tip.isEmpty(), qPrintable(what));
    }
    QVERIFY(controls > 25);
  }

 private:
  void open() {
    tab_->show();
    QVERIFY(QTest::qWaitForWindowExposed(tab_.get()));
    openAgain();
  }

  void openAgain() {
    QSignalSpy opened(session_.get(), &Session::datasetChanged);
    session_->openDataset(folder_->path() + QStringLiteral("/data"));
    QTRY_VERIFY_WITH_TIMEOUT(opened.count() > 0, kPatienceMs);
    settle();
  }

  void settle() { QTRY_VERIFY_WITH_TIMEOUT(!tab_->rendering(), kPatienceMs); }

  std::vector<QImage> images() const {
    std::vector<QImage> all;
    for (const GridTile& tile : grid_->tiles()) all.push_back(tile.image);
    return all;
  }

  template <typename Widget>
  Widget* named(const QString& name) const {
    for (auto* widget : tab_->findChildren<Widget*>()) {
      if (widget->accessibleName() == name) return widget;
    }
    return nullptr;
  }

  QPushButton* button(const QString& text) const {
    for (auto* button : tab_->findChildren<QPushButton*>()) {
      QString plain = button->text();
      if (plain.remove(QLatin1Char('&')) == text) return button;
    }
    return nullptr;
  }

  void choose(QComboBox* combo, const QString& text) {
    const int index = combo->findText(text);
    QVERIFY2(index >= 0, qPrintable(text));
    combo->setCurrentIndex(index);
    Q_EMIT combo->activated(index);
  }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<BatchTab> tab_;
  TransformPanel* panel_ = nullptr;
  BatchGrid* grid_ = nullptr;
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::BatchTabTest)
#include "batch_tab_test.moc"
