// The stages of a recipe in the form: added, copied, moved, removed, folded away, each with settings of its own.
#include <QCheckBox>
#include <QLineEdit>
#include <QSpinBox>
#include <QTest>

#include "tests/ui/form_in_hand.h"
#include "ui/shared/field_rules.h"
#include "ui/shared/fold_button.h"

namespace panicle::ui {

class StageFormTest : public FormInHand {
  Q_OBJECT

 private Q_SLOTS:
  void init() { open(); }
  void cleanup() { close(); }

  void stagesAreAddedCopiedMovedAndRemoved() {
    RunSpec spec = session_->recipe();
    spec.stages[0].resize.size = {460, 460};
    spec.stages[0].schedule.epochs = 15;
    session_->setRecipe(spec, QStringLiteral("Begin"));
    QVERIFY(heads().isEmpty());
    press(QStringLiteral("Add stage"));
    QTRY_COMPARE(heads().size(), 2);
    const auto stage = [this](std::size_t i) { return session_->recipe().stages.at(i); };
    QVERIFY(stage(1).resize.size == (Size{460, 460}));
    QCOMPARE(stage(1).schedule.epochs, ScheduleOptions{}.epochs);
    QCOMPARE(session_->undoText(), QStringLiteral("Add stage"));
    QVERIFY(form_->editor("stages.1.batch"));
    QTRY_VERIFY(heads()[1]->isAncestorOf(QApplication::focusWidget()));

    input<QSpinBox>("stages.1.schedule.epochs")->setValue(3);
    press(QStringLiteral("Move stage 2 up"));
    QCOMPARE(stage(0).schedule.epochs, 3);
    QCOMPARE(stage(1).schedule.epochs, 15);
    QCOMPARE(input<QSpinBox>("stages.0.schedule.epochs")->value(), 3);
    QVERIFY(!button(QStringLiteral("Move stage 1 up"))->isEnabled());
    QVERIFY(!button(QStringLiteral("Move stage 2 down"))->isEnabled());
    press(QStringLiteral("Duplicate stage 1"));
    QTRY_COMPARE(heads().size(), 3);
    QCOMPARE(stage(1).schedule.epochs, 3);
    QCOMPARE(stage(2).schedule.epochs, 15);
    press(QStringLiteral("Remove stage 1"));
    QTRY_COMPARE(heads().size(), 2);
    press(QStringLiteral("Remove stage 1"));
    QTRY_COMPARE(heads().size(), 0);
    QCOMPARE(stage(0).schedule.epochs, 15);
    for (int i = 0; i < 6; ++i) session_->undo();
    QVERIFY(toJson(session_->recipe()) == toJson(spec));
  }

  void aStageFoldsAwayAndSaysWhatItDoes() {
    press(QStringLiteral("Add stage"));
    QTRY_COMPARE(heads().size(), 2);
    QVERIFY(form_->isShown("stages.0.schedule.epochs"));
    heads()[0]->fold()->click();
    QVERIFY(!form_->isShown("stages.0.schedule.epochs"));
    QVERIFY(form_->isShown("stages.1.schedule.epochs"));
    QVERIFY(heads()[0]->fold()->text().contains(QStringLiteral("fit_one_cycle 5")));
    qobject_cast<QLineEdit*>(form_->search())->setText(QStringLiteral("epochs"));
    QVERIFY(form_->isShown("stages.0.schedule.epochs"));
    form_->clearSearch();
    QVERIFY(!form_->isShown("stages.0.schedule.epochs"));
  }

  void theBatchOfAStageIsItsOwnWhenSwitchedOn() {
    press(QStringLiteral("Add stage"));
    QTRY_VERIFY(form_->editor("stages.1.batch"));
    input<QCheckBox>("stages.1.batch")->click();
    QTRY_VERIFY(form_->editor("stages.1.batch.size"));
    input<QSpinBox>("stages.1.batch.size")->setValue(32);
    QCOMPARE(session_->recipe().batchOf(session_->recipe().stages[1]).size, 32);
    QCOMPARE(session_->recipe().batchOf(session_->recipe().stages[0]).size, BatchOptions{}.size);
  }

  void severalStagesHaveSectionsOfTheirOwn() {
    RunSpec spec = session_->recipe();
    spec.stages.resize(2);
    session_->setRecipe(spec, QStringLiteral("Add a stage"));
    QTRY_VERIFY(form_->editor("stages.1.schedule.epochs"));
    QVERIFY(sectionOf("stages.1.schedule.epochs", 2).title.contains(QLatin1Char('2')));
    QCOMPARE(sectionOf("stages.0.schedule.epochs", 1).title, sectionOf("batch.size", 1).title);
  }
};

}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::StageFormTest)
#include "stage_form_test.moc"
