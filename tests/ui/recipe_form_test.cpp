// RecipeForm: a row for every field of core's description, edits that reach the recipe, errors that stand under their row.
#include "ui/train/recipe_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

#include "ui/shared/fold_button.h"
#include "ui/shared/session.h"
#include "ui/shared/field_editor.h"
#include "ui/shared/field_rules.h"

namespace panicle::ui {

class RecipeFormTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    session_ = std::make_unique<Session>(std::make_unique<RunStore>(folder_->path().toStdString()));
    form_ = std::make_unique<RecipeForm>(*session_);
    form_->resize(304, 640);
    form_->show();
    QVERIFY(QTest::qWaitForWindowExposed(form_.get()));
  }

  void cleanup() {
    form_.reset();
    session_.reset();
    folder_.reset();
  }

  void everyDescribedFieldHasARow() {
    int rows = 0;
    for (const FieldDescription& field : describe(session_->recipe())) {
      QCOMPARE(form_->editor(field.path) != nullptr, *field.info.label != '\0');
      rows += form_->editor(field.path) != nullptr;
    }
    QVERIFY(rows > 20);
  }

  void everyRowTeachesAndHasAName() {
    for (const FieldDescription& field : describe(session_->recipe())) {
      FieldEditor* editor = form_->editor(field.path);
      if (!editor) continue;
      QVERIFY2(!editor->input()->accessibleName().isEmpty(), field.path.c_str());
      const QString tip = editor->input()->toolTip();
      QVERIFY2(tip.contains(QString::fromStdString(field.path)), field.path.c_str());
      QVERIFY2(tip.contains(QString::fromUtf8(field.info.help).toHtmlEscaped()), field.path.c_str());
    }
  }

  void wholeNumberEditReachesTheRecipeAndTheDefaultComesBack() {
    const int standard = ScheduleOptions{}.epochs;
    QVERIFY(!form_->isChanged("stages.0.schedule.epochs"));
    input<QSpinBox>("stages.0.schedule.epochs")->setValue(standard + 7);
    QCOMPARE(session_->recipe().stages[0].schedule.epochs, standard + 7);
    QVERIFY(form_->isChanged("stages.0.schedule.epochs"));
    form_->resetToDefault("stages.0.schedule.epochs");
    QCOMPARE(session_->recipe().stages[0].schedule.epochs, standard);
    QVERIFY(!form_->isChanged("stages.0.schedule.epochs"));
  }

  void realNumbersAreReadAsScientistsWriteThem_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<double>("value");
    QTest::newRow("exponent") << QStringLiteral("4e-3") << 4e-3;
    QTest::newRow("decimal") << QStringLiteral(" 0.0125 ") << 0.0125;
    QTest::newRow("capital") << QStringLiteral("2E-2") << 2e-2;
  }

  void realNumbersAreReadAsScientistsWriteThem() {
    QFETCH(QString, text);
    QFETCH(double, value);
    type("stages.0.schedule.lr_max", text);
    QCOMPARE(session_->recipe().stages[0].schedule.lr_max, value);
    QVERIFY(form_->problem("stages.0.schedule.lr_max").isEmpty());
  }

  void realNumbersAreShownShort() {
    QCOMPARE(formatReal(0.003), QStringLiteral("0.003"));
    QCOMPARE(formatReal(1e-5), QStringLiteral("1e-5"));
    QCOMPARE(formatReal(1e5), QStringLiteral("100000"));
    QCOMPARE(formatReal(1e12), QStringLiteral("1e12"));
    QCOMPARE(formatReal(1e-10), QStringLiteral("1e-10"));
    QCOMPARE(formatReal(0.1 + 0.2).toDouble(), 0.1 + 0.2);
  }

  void whatIsNoNumberIsRefusedInline() {
    const double before = session_->recipe().stages[0].schedule.lr_max;
    type("stages.0.schedule.lr_max", QStringLiteral("fast"));
    QCOMPARE(session_->recipe().stages[0].schedule.lr_max, before);
    QVERIFY(form_->problem("stages.0.schedule.lr_max").contains(QStringLiteral("3e-3")));
    QCOMPARE(input<QLineEdit>("stages.0.schedule.lr_max")->text(), QStringLiteral("fast"));
    type("stages.0.schedule.lr_max", QStringLiteral("0.005"));
    QVERIFY(form_->problem("stages.0.schedule.lr_max").isEmpty());
  }

  void whatCoreRefusesIsSaidInline() {
    type("data.split.valid_pct", QStringLiteral("7"));
    QCOMPARE(session_->recipe().data.split.valid_pct, SplitOptions{}.valid_pct);
    const QString problem = form_->problem("data.split.valid_pct");
    QVERIFY2(problem.startsWith(QStringLiteral("Must be")), qPrintable(problem));
    form_->resetToDefault("data.split.valid_pct");
    QVERIFY(form_->problem("data.split.valid_pct").isEmpty());
    QCOMPARE(input<QLineEdit>("data.split.valid_pct")->text(), formatReal(SplitOptions{}.valid_pct));
  }

  void sizesAndListsAreTexts() {
    type("stages.0.resize.size", QStringLiteral("640,480"));
    QVERIFY(session_->recipe().stages[0].resize.size == (Size{640, 480}));
    type("stages.0.resize.size", QStringLiteral("96"));
    QVERIFY(session_->recipe().stages[0].resize.size == (Size{96, 96}));
    type("data.subset.classes", QStringLiteral("blast, tungro ,"));
    QCOMPARE(session_->recipe().data.subset.classes, (std::vector<std::string>{"blast", "tungro"}));
  }

  void nullableFieldsGoBackToNull() {
    type("stages.0.schedule.pct_start", QStringLiteral("0.4"));
    QCOMPARE(session_->recipe().stages[0].schedule.pct_start, std::optional<double>(0.4));
    type("stages.0.schedule.pct_start", {});
    QVERIFY(!session_->recipe().stages[0].schedule.pct_start);
  }

  void seedsHave64Bits() {
    type("seed", QStringLiteral("18446744073709551615"));
    QCOMPARE(session_->recipe().seed, std::numeric_limits<std::uint64_t>::max());
  }

  void switchingAnObjectOffTakesItsRowsAway() {
    QVERIFY(form_->editor("stages.0.augment.p_flip"));
    input<QCheckBox>("stages.0.augment")->click();
    QVERIFY(!session_->recipe().stages[0].augment);
    QTRY_VERIFY(!form_->editor("stages.0.augment.p_flip"));
    QVERIFY(form_->isChanged("stages.0.augment"));
    input<QCheckBox>("stages.0.augment")->click();
    QTRY_VERIFY(form_->editor("stages.0.augment.p_flip"));
    QVERIFY(session_->recipe().stages[0].augment);
  }

  void whatFewRecipesChangeIsFoldedAwayAndWhatIsChangedShows() {
    const char* const rotate = "stages.0.augment.max_rotate";
    QVERIFY(form_->isShown("stages.0.augment.size"));
    QVERIFY(form_->isShown("stages.0.augment.min_scale"));
    QVERIFY(!form_->isShown(rotate));
    QVERIFY(!form_->isShown("stages.0.augment.erase"));
    RunSpec spec = session_->recipe();
    spec.stages[0].augment->max_rotate = 30;
    session_->setRecipe(spec, QStringLiteral("Change rotation"));
    QVERIFY(form_->isShown(rotate));
    QVERIFY(form_->isChanged(rotate));
    QVERIFY(!form_->isShown("stages.0.augment.max_zoom"));
    form_->resetToDefault(rotate);
    QVERIFY(!form_->isShown(rotate));

    FoldButton* geometry = nullptr;
    for (auto* fold : form_->findChildren<FoldButton*>()) {
      if (fold->title() == groupTitle(TransformGroup::Geometry)) geometry = fold;
    }
    QVERIFY(geometry);
    geometry->click();
    QVERIFY(form_->isShown(rotate));
    QVERIFY(!form_->isShown("stages.0.augment.max_lighting"));
    geometry->click();
    QVERIFY(!form_->isShown(rotate));
    qobject_cast<QLineEdit*>(form_->search())->setText(QStringLiteral("rotation"));
    QVERIFY(form_->isShown(rotate));
  }

  void nullableSizesAndObjectsAreEditable() {
    type("stages.0.augment.size", QStringLiteral("288,224"));
    QVERIFY(session_->recipe().stages[0].augment->size == (Size{288, 224}));
    type("stages.0.augment.size", {});
    QVERIFY(!session_->recipe().stages[0].augment->size);
    QVERIFY(!form_->editor("stages.0.augment.erase.p"));
    input<QCheckBox>("stages.0.augment.erase")->click();
    QVERIFY(session_->recipe().stages[0].augment->erase);
    QTRY_VERIFY(form_->editor("stages.0.augment.erase.p"));
    QVERIFY(!form_->isChanged("stages.0.augment.erase.p"));
    type("stages.0.augment.erase.p", QStringLiteral("0.9"));
    QVERIFY(form_->isChanged("stages.0.augment.erase.p"));
    form_->resetToDefault("stages.0.augment.erase.p");
    QCOMPARE(session_->recipe().stages[0].augment->erase->p, EraseOptions{}.p);
    input<QCheckBox>("stages.0.augment.erase")->click();
    QVERIFY(!session_->recipe().stages[0].augment->erase);
  }

  void theTransformsLeadToTheirPreview() {
    QString page;
    connect(session_.get(), &Session::pageRequested, form_.get(), [&page](const QString& id) { page = id; });
    for (auto* button : form_->findChildren<QPushButton*>()) {
      if (button->text() == QStringLiteral("Preview")) button->click();
    }
    QCOMPARE(page, QStringLiteral("preview"));
  }

  void onlyTheFieldsOfTheChosenKindAreEnabled() {
    const auto enabled = [this](const char* path) { return form_->editor(path)->isEnabled(); };
    QVERIFY(enabled("stages.0.schedule.lr_max"));
    QVERIFY(!enabled("stages.0.schedule.base_lr"));
    QVERIFY(!enabled("stages.0.resize.pad_mode"));
    choose("stages.0.schedule.kind", QStringLiteral("fine_tune"));
    choose("stages.0.resize.method", QStringLiteral("pad"));
    QVERIFY(!enabled("stages.0.schedule.lr_max"));
    QVERIFY(enabled("stages.0.schedule.base_lr"));
    QVERIFY(enabled("stages.0.resize.pad_mode"));
    QVERIFY(form_->editor("stages.0.schedule.lr_max")->input()->toolTip().contains(QStringLiteral("fine_tune")) ||
            form_->editor("stages.0.schedule.lr_max")->input()->toolTip().contains(QStringLiteral("fit_one_cycle")));
  }

  void undoShowsTheOldValue() {
    auto* spin = input<QSpinBox>("stages.0.schedule.epochs");
    const int before = spin->value();
    spin->setValue(before + 3);
    session_->undo();
    QCOMPARE(spin->value(), before);
    session_->redo();
    QCOMPARE(spin->value(), before + 3);
  }

  void searchKeepsWhatMatches() {
    auto* search = qobject_cast<QLineEdit*>(form_->search());
    search->setText(QStringLiteral("valid_pct"));
    QVERIFY(form_->isShown("data.split.valid_pct"));
    QVERIFY(!form_->isShown("model.arch"));
    search->setText(QStringLiteral("learning rate highest"));  // any order of words
    QVERIFY(form_->isShown("stages.0.schedule.lr_max"));
    QVERIFY(form_->clearSearch());
    QVERIFY(form_->isShown("model.arch"));
    QVERIFY(!form_->clearSearch());
  }

  void theWheelScrollsTheFormAndLeavesValuesAlone() {
    auto* spin = input<QSpinBox>("stages.0.schedule.epochs");
    form_->search()->setFocus();
    const int before = spin->value();
    const QPointF at = spin->rect().center();
    QWheelEvent wheel(at, spin->mapToGlobal(at), {}, {0, 120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(spin, &wheel);
    QCOMPARE(spin->value(), before);
  }

  void severalStagesHaveSectionsOfTheirOwn() {
    RunSpec spec = session_->recipe();
    spec.stages.resize(2);
    session_->setRecipe(spec, QStringLiteral("Add a stage"));
    QTRY_VERIFY(form_->editor("stages.1.schedule.epochs"));
    QVERIFY(sectionOf("stages.1.schedule.epochs", 2).title.contains(QLatin1Char('2')));
    QCOMPARE(sectionOf("stages.0.schedule.epochs", 1).title, sectionOf("batch.size", 1).title);
  }

 private:
  template <typename Widget>
  Widget* input(const char* path) {
    FieldEditor* editor = form_->editor(path);
    return editor ? qobject_cast<Widget*>(editor->input()) : nullptr;
  }

  void type(const char* path, const QString& text) {
    auto* line = input<QLineEdit>(path);
    QVERIFY2(line, path);
    line->setFocus();
    line->selectAll();
    QTest::keyClick(line, Qt::Key_Delete);
    QTest::keyClicks(line, text);
    QTest::keyClick(line, Qt::Key_Return);
  }

  void choose(const char* path, const QString& text) {
    auto* combo = input<QComboBox>(path);
    QVERIFY2(combo, path);
    combo->setFocus();
    combo->setCurrentText(text);
    Q_EMIT combo->activated(combo->currentIndex());
  }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<RecipeForm> form_;
};

}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::RecipeFormTest)
#include "recipe_form_test.moc"
