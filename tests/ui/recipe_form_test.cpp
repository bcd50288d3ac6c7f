// RecipeForm: a row for every field of core's description, edits that reach the recipe, errors that stand under their row.
#include "ui/train/recipe_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QSpinBox>
#include <QTest>
#include <QWheelEvent>

#include "tests/ui/form_in_hand.h"
#include "ui/shared/fold_button.h"
#include "ui/shared/field_rules.h"

namespace panicle::ui {

class RecipeFormTest : public FormInHand {
  Q_OBJECT

 private Q_SLOTS:
  void init() { open(); }
  void cleanup() { close(); }

  void everyDescribedFieldHasARow() {
    int rows = 0;
    for (const FieldDescription& field : describe(session_->recipe())) {
      const bool shown = *field.info.label != '\0' && field.path != "stages.0.batch";  // the only stage has the run's
      QVERIFY2((form_->editor(field.path) != nullptr) == shown, field.path.c_str());
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
    QCOMPARE(session_->recipe().stages[0].schedule.lr_max.high, value);
    QVERIFY(form_->problem("stages.0.schedule.lr_max").isEmpty());
    type("optimizer.wd", text);
    QCOMPARE(session_->recipe().optimizer.wd, value);
  }

  void learningRatesMayBeSlices() {
    const char* const path = "stages.0.schedule.lr_max";
    type(path, QStringLiteral("slice(1e-6, 1e-4)"));
    const LearningRate both = session_->recipe().stages[0].schedule.lr_max;
    QVERIFY(both.slice);
    QCOMPARE(both.low, std::optional<double>(1e-6));
    QCOMPARE(both.high, 1e-4);
    QVERIFY(form_->isChanged(path));
    type(path, QStringLiteral("slice(0.002)"));
    QVERIFY(!session_->recipe().stages[0].schedule.lr_max.low);
    form_->resetToDefault(path);
    QVERIFY(session_->recipe().stages[0].schedule.lr_max == LearningRate{});
    QCOMPARE(input<QLineEdit>(path)->text(), QStringLiteral("0.003"));
  }

  void listsOfNumbersAreTexts() {
    const char* const path = "stages.0.schedule.moms";
    type(path, QStringLiteral("0.9, 0.8,0.9"));
    QCOMPARE(session_->recipe().stages[0].schedule.moms, (std::vector<double>{0.9, 0.8, 0.9}));
    QCOMPARE(input<QLineEdit>(path)->text(), QStringLiteral("0.9, 0.8, 0.9"));
    type(path, QStringLiteral("0.9, much"));
    QCOMPARE(session_->recipe().stages[0].schedule.moms, (std::vector<double>{0.9, 0.8, 0.9}));
    QVERIFY(form_->problem(path).contains(QStringLiteral("much")));
  }

  void metricsAreTicked() {
    auto* button = input<QPushButton>("metrics");
    QVERIFY(button && button->menu());
    const auto tick = [&](const char* name) {
      for (QAction* action : button->menu()->actions()) {
        if (action->text() == QLatin1String(name)) return action->trigger(), action->isChecked();
      }
      return false;
    };
    QVERIFY(tick("cohen_kappa"));
    QCOMPARE(session_->recipe().metrics, (std::vector<std::string>{"error_rate", "accuracy", "cohen_kappa"}));
    QVERIFY(!tick("error_rate"));
    QCOMPARE(session_->recipe().metrics, (std::vector<std::string>{"accuracy", "cohen_kappa"}));
    QVERIFY(form_->isChanged("metrics"));
    session_->undo();
    session_->undo();
    QVERIFY(!form_->isChanged("metrics"));
    QVERIFY(button->text().startsWith(QStringLiteral("error_rate")));
  }

  void callbacksShowTheirSettingsWhenOn() {
    QVERIFY(!form_->editor("callbacks.keep_best.monitor"));
    input<QCheckBox>("callbacks.keep_best")->click();
    QTRY_VERIFY(form_->editor("callbacks.keep_best.monitor"));
    QVERIFY(session_->recipe().callbacks.keep_best);
    choose("callbacks.keep_best.monitor", QStringLiteral("accuracy"));
    QCOMPARE(session_->recipe().callbacks.keep_best->monitor, std::string("accuracy"));
    QCOMPARE(input<QLineEdit>("callbacks.grad_clip")->placeholderText(), QStringLiteral("off"));
    type("callbacks.grad_clip", QStringLiteral("1.5"));
    QCOMPARE(session_->recipe().callbacks.grad_clip, std::optional<double>(1.5));
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
    const double before = session_->recipe().stages[0].schedule.div_final;
    type("stages.0.schedule.div_final", QStringLiteral("fast"));
    QCOMPARE(session_->recipe().stages[0].schedule.div_final, before);
    QVERIFY(form_->problem("stages.0.schedule.div_final").contains(QStringLiteral("3e-3")));
    QCOMPARE(input<QLineEdit>("stages.0.schedule.div_final")->text(), QStringLiteral("fast"));
    type("stages.0.schedule.div_final", QStringLiteral("1000"));
    QVERIFY(form_->problem("stages.0.schedule.div_final").isEmpty());
    type("stages.0.schedule.lr_max", QStringLiteral("fast"));
    QVERIFY(session_->recipe().stages[0].schedule.lr_max == LearningRate{});
    QVERIFY(form_->problem("stages.0.schedule.lr_max").contains(QStringLiteral("slice(")));
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

  void whatStandsInRedKeepsTheRecipeFromStarting() {
    const char* const path = "stages.0.schedule.div_final";
    const auto refused = [this] { return session_->draftProblems(); };
    const auto typeWrong = [&] {
      type(path, QStringLiteral("fast"));
      QCOMPARE(refused().size(), 1);
      QVERIFY(session_->recipeProblems().contains(refused().front()));
      QVERIFY(refused().front().startsWith(QLatin1String(path)));
    };
    const auto isTakenBack = [&] {
      return refused().isEmpty() && form_->problem(path).isEmpty() &&
             input<QLineEdit>(path)->text() == formatReal(session_->recipe().stages[0].schedule.div_final);
    };
    const qsizetype others = session_->recipeProblems().size();
    typeWrong();
    type("data.split.valid_pct", QStringLiteral("7"));
    QCOMPARE(refused().size(), 2);
    input<QSpinBox>("stages.0.schedule.epochs")->setValue(9);  // another edit mends nothing
    QCOMPARE(refused().size(), 2);
    type("data.split.valid_pct", QStringLiteral("0.3"));
    type(path, QStringLiteral("1000"));
    QVERIFY(isTakenBack());
    QCOMPARE(session_->recipeProblems().size(), others);

    typeWrong();
    form_->resetToDefault(path);
    QVERIFY(isTakenBack());
    input<QSpinBox>("stages.0.schedule.epochs")->setValue(11);
    typeWrong();
    session_->undo();
    QVERIFY(isTakenBack());
    typeWrong();
    session_->setDraftProblems({});  // as another recipe does, though it has the same value here
    QVERIFY(isTakenBack());
    typeWrong();
    choose("stages.0.schedule.kind", QStringLiteral("fit"));  // which has no use for it
    QVERIFY(isTakenBack());
  }

  // Whatever rebuilds the form: a switch that brings rows, stages that come, move and go.
  void whatWasRefusedOutlivesAFormThatIsMadeAnew() {
    const char* const share = "data.split.valid_pct";
    type(share, QStringLiteral("7"));
    const QString reason = form_->problem(share);
    const auto stands = [&](const char* path, const QString& text, const QString& why) {
      return form_->editor(path) && input<QLineEdit>(path)->text() == text && form_->problem(path) == why &&
             session_->recipeProblems().contains(QStringLiteral("%1: %2").arg(QLatin1String(path), why));
    };
    QVERIFY(stands(share, QStringLiteral("7"), reason));
    input<QCheckBox>("stages.0.mix")->click();
    QTRY_VERIFY(form_->editor("stages.0.mix.alpha"));
    QVERIFY(stands(share, QStringLiteral("7"), reason));

    type("stages.0.schedule.div_final", QStringLiteral("fast"));
    const QString notANumber = form_->problem("stages.0.schedule.div_final");
    press(QStringLiteral("Add stage"));
    QVERIFY(session_->draftProblems().size() == 2);  // at no moment may it start
    QTRY_COMPARE(heads().size(), 2);
    QVERIFY(stands("stages.0.schedule.div_final", QStringLiteral("fast"), notANumber));
    press(QStringLiteral("Move stage 1 down"));
    QVERIFY(stands("stages.1.schedule.div_final", QStringLiteral("fast"), notANumber));
    QCOMPARE(input<QLineEdit>("stages.0.schedule.div_final")->text(), formatReal(ScheduleOptions{}.div_final));
    press(QStringLiteral("Duplicate stage 1"));
    QTRY_COMPARE(heads().size(), 3);
    QVERIFY(stands("stages.2.schedule.div_final", QStringLiteral("fast"), notANumber));
    press(QStringLiteral("Remove stage 3"));
    QTRY_COMPARE(heads().size(), 2);
    QCOMPARE(session_->draftProblems().size(), 1);
    QVERIFY(stands(share, QStringLiteral("7"), reason));
    session_->undo();
    QVERIFY(session_->draftProblems().isEmpty());
    QCOMPARE(input<QLineEdit>(share)->text(), formatReal(SplitOptions{}.valid_pct));
  }

  void whatIsBeingTypedIsTakenBeforeTheFormIsMadeAnew() {
    auto* line = input<QLineEdit>("data.split.valid_pct");
    line->setFocus();
    line->selectAll();
    QTest::keyClicks(line, QStringLiteral("0.3"));
    RunSpec spec = session_->recipe();
    spec.stages.resize(2);
    session_->setRecipe(spec, QStringLiteral("Add a stage"));
    QTRY_VERIFY(form_->editor("stages.1.schedule.epochs"));
    QCOMPARE(session_->recipe().data.split.valid_pct, 0.3);
    QCOMPARE(input<QLineEdit>("data.split.valid_pct")->text(), QStringLiteral("0.3"));
  }

  void everyKindOfEditorTakesWhatIsTypedWhenAsked() {
    const auto typed = [this](const char* path, const QString& text) {
      QWidget* input = form_->editor(path)->input();
      input->setFocus(Qt::TabFocusReason);  // which selects what is there
      if (auto* combo = qobject_cast<QComboBox*>(input)) combo->lineEdit()->selectAll();
      QTest::keyClicks(input, text);
      commitFocusedField();
    };
    typed("stages.0.schedule.lr_max", QStringLiteral("0.02"));
    QCOMPARE(session_->recipe().stages[0].schedule.lr_max.high, 0.02);
    typed("stages.0.schedule.epochs", QStringLiteral("17"));
    QCOMPARE(session_->recipe().stages[0].schedule.epochs, 17);
    typed("model.arch", QStringLiteral("resnet34"));
    QCOMPARE(session_->recipe().model.arch, std::string("resnet34"));
    typed("stages.0.resize.size", QStringLiteral("96"));
    QVERIFY(session_->recipe().stages[0].resize.size == (Size{96, 96}));
    typed("data.split.valid_pct", QStringLiteral("7"));
    QVERIFY(!form_->problem("data.split.valid_pct").isEmpty());
    QVERIFY(!session_->start());
  }

  void whatTheRecipeFindsWrongStandsAtItsField() {
    RunSpec spec = session_->recipe();
    spec.model.arch = "resnet999";
    spec.stages[0].loss.target_weights = {1, 2};
    session_->setRecipe(spec, QStringLiteral("Change much"));
    QVERIFY(form_->problem("model.arch").contains(QStringLiteral("resnet999")));
    const QString weights = form_->problem("stages.0.loss.target_weights");
    QVERIFY2(weights.contains(QStringLiteral("\"Label columns\"")) && !weights.contains(QStringLiteral("data.")), qPrintable(weights));
    QVERIFY(form_->isShown("stages.0.loss.target_weights"));  // though its fold is closed
    session_->undo();
    QVERIFY(form_->problem("model.arch").isEmpty());
    QVERIFY(form_->problem("stages.0.loss.target_weights").isEmpty());
  }

  void aLinkLeadsIntoTheField() {
    const char* const rotate = "stages.0.augment.max_rotate";
    qobject_cast<QLineEdit*>(form_->search())->setText(QStringLiteral("epochs"));
    form_->search()->setFocus();
    QString page;
    connect(session_.get(), &Session::pageRequested, form_.get(), [&page](const QString& id) { page = id; });
    session_->showField(QLatin1String(rotate));
    QCOMPARE(page, QStringLiteral("train"));
    QVERIFY(form_->isShown(rotate));
    auto* line = input<QLineEdit>(rotate);
    QVERIFY(line->hasFocus());
    QCOMPARE(line->selectedText(), line->text());
    const auto inSight = [&] { return form_->findChild<QScrollArea*>()->viewport()->rect().contains(line->mapTo(form_->findChild<QScrollArea*>()->viewport(), QPoint())); };
    QTRY_VERIFY(inSight());
    // Of a stage that is only just coming, and folded away.
    press(QStringLiteral("Add stage"));
    session_->showField(QStringLiteral("stages.1.schedule.lr_max"));
    QTRY_VERIFY(form_->editor("stages.1.schedule.lr_max") && input<QLineEdit>("stages.1.schedule.lr_max")->hasFocus());
    heads()[1]->fold()->click();
    session_->showField(QStringLiteral("stages.1.schedule.lr_max"));
    QVERIFY(form_->isShown("stages.1.schedule.lr_max"));
  }

  void anotherRecipeEndsTheSearch() {
    auto* search = qobject_cast<QLineEdit*>(form_->search());
    search->setText(QStringLiteral("epochs"));
    type("stages.0.schedule.div_final", QStringLiteral("fast"));
    session_->replaceRecipe(RunSpec(), QStringLiteral("Reset recipe"));
    QVERIFY(search->text().isEmpty());
    QVERIFY(session_->draftProblems().isEmpty());
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

  void whatOtherSettingsMakeUselessSaysWhy() {
    const auto enabled = [this](const char* path) { return form_->editor(path)->isEnabled(); };
    QVERIFY(!enabled("stages.0.loss.focal_gamma"));
    QVERIFY(enabled("stages.0.loss.label_smoothing"));
    QVERIFY(!enabled("stages.0.loss.class_weight_cap"));
    QVERIFY(!enabled("stages.0.loss.target_weights"));
    QVERIFY(!enabled("optimizer.mom"));
    QVERIFY(enabled("optimizer.sqr_mom"));
    QVERIFY(enabled("batch.accum"));
    RunSpec spec = session_->recipe();
    spec.stages[0].loss.kind = LossKind::Focal;
    spec.stages[0].loss.class_weights = ClassWeights::Balanced;
    spec.stages[0].schedule.kind = ScheduleKind::FlatCos;
    spec.optimizer.kind = OptimizerKind::Sgd;
    spec.batch.effective = 256;
    spec.data.label_columns.push_back("variety");
    session_->setRecipe(spec, QStringLiteral("Change much"));
    QVERIFY(enabled("stages.0.loss.focal_gamma"));
    QVERIFY(!enabled("stages.0.loss.label_smoothing"));
    QVERIFY(enabled("stages.0.loss.class_weight_cap"));
    QVERIFY(enabled("stages.0.loss.target_weights"));
    QVERIFY(enabled("optimizer.mom"));
    QVERIFY(!enabled("optimizer.sqr_mom"));
    QVERIFY(!enabled("batch.accum"));
    QVERIFY(enabled("stages.0.schedule.lr_max"));
    QVERIFY(enabled("stages.0.schedule.pct_start"));
    QVERIFY(!enabled("stages.0.schedule.div"));
    QVERIFY(enabled("stages.0.schedule.div_final"));
    QVERIFY(!enabled("stages.0.schedule.moms"));
    QVERIFY(form_->editor("stages.0.schedule.div")->input()->toolTip().contains(QStringLiteral("fit_one_cycle or fine_tune")));
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

 private:
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
};

}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::RecipeFormTest)
#include "recipe_form_test.moc"
