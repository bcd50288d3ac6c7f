// What the frame says in words and colours: figures, the recipe, the run, memory, commands, contrast.
#include <QAction>
#include <QMenuBar>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include "ui/frame/command_list.h"
#include "ui/frame/memory_chip.h"
#include "ui/frame/recipe_words.h"
#include "ui/frame/run_line.h"
#include "ui/shared/jobs.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/memory_parts.h"
#include "ui/shared/memory_profiles.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QStringList texts(const std::vector<ChipText>& chips) {
  QStringList all;
  for (const ChipText& chip : chips) all << chip.text;
  return all;
}

quint64 total(const std::vector<MemoryPart>& parts) {
  quint64 sum = 0;
  for (const MemoryPart& part : parts) sum += part.bytes;
  return sum;
}

class WordsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void durations() {
    QCOMPARE(formatDuration(0), QStringLiteral("0:00"));
    QCOMPARE(formatDuration(107), QStringLiteral("1:47"));
    QCOMPARE(formatDuration(3599.6), QStringLiteral("1:00:00"));
    QCOMPARE(formatDuration(7390), QStringLiteral("2:03:10"));
    QCOMPARE(formatDuration(-1), QStringLiteral("–"));
  }

  void shares() {
    QCOMPARE(formatPercent(0), QStringLiteral("0 %"));
    QCOMPARE(formatPercent(0.0489), QStringLiteral("4.9 %"));
    QCOMPARE(formatPercent(0.00234), QStringLiteral("0.23 %"));
    QCOMPARE(formatPercent(1), QStringLiteral("100 %"));
  }

  void bytes() {
    QCOMPARE(formatBytes(12), QStringLiteral("12 B"));
    QCOMPARE(formatBytes(quint64{85} << 10), QStringLiteral("85 KiB"));
    QCOMPARE(formatBytes(quint64{1234} << 20), QStringLiteral("1,234 MiB"));
    QCOMPARE(formatBytes((quint64{31} << 30) / 10), QStringLiteral("3.1 GiB"));
    QCOMPARE(formatCount(10407), QStringLiteral("10,407"));
  }

  void rates() {
    QCOMPARE(formatRate(3e-3), QStringLiteral("0.003"));
    QCOMPARE(formatRate(2.1e-5), QStringLiteral("2.1e-5"));
    QCOMPARE(formatRate(1e-4), QStringLiteral("1e-4"));
    QCOMPARE(formatRate(1), QStringLiteral("1"));
  }

  void recipeInChips() {
    RunSpec spec;
    QCOMPARE(texts(recipeChips(spec, {})),
             (QStringList{QStringLiteral("squish 128 → aug"), QStringLiteral("resnet18"), QStringLiteral("64 × 1"),
                          QStringLiteral("fit_one_cycle 5 @ 0.003"), QStringLiteral("split random 20 %")}));
    AugOptions& augment = *spec.stages[0].augment;
    spec.stages[0].resize.size = {640, 480};
    augment.size = Size{288, 224};
    QCOMPARE(texts(recipeChips(spec, {}))[0], QStringLiteral("squish 640,480 → aug 288,224"));
    augment.min_scale = 0.75;
    augment.engine = AugEngine::Fused;
    QCOMPARE(texts(recipeChips(spec, {}))[0], QStringLiteral("squish 640,480 → aug 288,224, min_scale 0.75, fused"));
    spec.stages[0].resize.size = {128, 128};
    spec.stages[0].augment.reset();
    spec.stages[0].schedule.kind = ScheduleKind::FineTune;
    spec.data.split.kind = SplitKind::None;
    const QStringList changed = texts(recipeChips(spec, {}));
    QCOMPARE(changed[0], QStringLiteral("squish 128"));
    QCOMPARE(changed[3], QStringLiteral("fine_tune 5 @ 0.002"));
    QCOMPARE(changed[4], QStringLiteral("no split"));
    spec.stages.resize(4);
    QVERIFY(texts(recipeChips(spec, {})).contains(QStringLiteral("+ 2 more stages")));
    spec.stages.resize(3);
    QVERIFY(texts(recipeChips(spec, {})).contains(QStringLiteral("+ 1 more stage")));
  }

  void stagesBatchesAndCallbacksInChips() {
    RunSpec spec;
    spec.stages.resize(2);
    ScheduleOptions& head = spec.stages[0].schedule;
    head.epochs = 15;
    head.lr_max.high = 2e-3;
    head.freeze_to = -1;
    spec.stages[1].schedule.lr_max = {.high = 1e-4, .low = 1e-6, .slice = true};
    spec.stages[1].batch = BatchOptions{.size = 32};
    spec.stages[1].mix = MixOptions{.alpha = 0.2};
    spec.batch.effective = 256;
    QStringList all = texts(recipeChips(spec, {}));
    QCOMPARE(all, (QStringList{QStringLiteral("squish 128 → aug"), QStringLiteral("resnet18"), QStringLiteral("64 of 256"),
                               QStringLiteral("fit_one_cycle 15 @ 0.002, head only"), QStringLiteral("squish 128 → aug, mixup 0.2"),
                               QStringLiteral("32 × 1"), QStringLiteral("fit_one_cycle 5 @ slice(1e-6, 1e-4)"),
                               QStringLiteral("split random 20 %")}));
    std::vector<int> numbers;
    for (const ChipText& chip : recipeChips(spec, {})) numbers.push_back(chip.stage);
    QCOMPARE(numbers, (std::vector<int>{1, 0, 1, 1, 2, 2, 2, 0}));
    const QString wrong = QStringLiteral("stages.1.batch.size must be at least 1");
    QCOMPARE(recipeChips(spec, {wrong})[5].problems, QStringList{wrong});
    QCOMPARE(recipeChips(spec, {QStringLiteral("batch.effective")})[2].problems.size(), 1);
    // One batch for all is said once, and is of no stage.
    RunSpec alike = spec;
    alike.stages[1].batch.reset();
    const std::vector<ChipText> chips = recipeChips(alike, {});
    QCOMPARE(chips.size(), std::size_t{7});
    QCOMPARE(chips[2].stage, 0);
    QCOMPARE(chips[4].stage, 2);
    spec.callbacks.keep_best = KeepBestOptions{.monitor = "accuracy"};
    spec.tta = TtaOptions{.use_max = true};
    all = texts(recipeChips(spec, {}));
    QCOMPARE(all.back(), QStringLiteral("keep best accuracy · TTA 4, max"));
    spec.data.label_columns = {"label", "variety", "age"};
    QVERIFY(texts(recipeChips(spec, {})).contains(QStringLiteral("split random 20 %, also learns variety + age")));
  }

  void aProblemOfACallbackIsMarkedAndAMissingDataSetIsNot() {
    const QStringList wrong{QStringLiteral("callbacks.keep_best.monitor 'f2' is not known")};
    const ChipText last = recipeChips(RunSpec(), wrong).back();
    QCOMPARE(last.problems, wrong);
    QCOMPARE(last.id, QStringLiteral("further"));
    QVERIFY(recipeChips(RunSpec(), {QStringLiteral("No data set is open: open a folder or a CSV first.")}).back().id != last.id);
  }

  void theNetworksChipSaysWhatARunStartsFrom() {
    const RunSpec spec;
    QCOMPARE(recipeChips(spec, {})[1].text, QStringLiteral("resnet18"));
    TrainingStart start;
    start.kind = TrainingStart::Kind::Scratch;
    start.brief = QStringLiteral("from scratch");
    start.sentence = QStringLiteral("Training will start from scratch.");
    const ChipText chip = recipeChips(spec, {}, start)[1];
    QCOMPARE(chip.text, QStringLiteral("resnet18, from scratch"));
    QCOMPARE(chip.note, start.sentence);
    QCOMPARE(chip.page, QStringLiteral("models"));
  }

  // Every problem that check() finds stands at the chip it is about.
  void problemsStandAtTheirChip() {
    RunSpec spec;
    spec.data.root = "/";
    spec.model.arch = "resnet81";
    spec.batch.size = 1;
    spec.data.split.valid_pct = 1;
    QStringList problems;
    for (const std::string& problem : check(spec)) problems << QString::fromStdString(problem);
    int marked = 0;
    for (const ChipText& chip : recipeChips(spec, problems)) marked += chip.problems.isEmpty() ? 0 : 1;
    QCOMPARE(marked, 3);
    for (const ChipText& chip : recipeChips(RunSpec(), {})) QVERIFY(chip.problems.isEmpty());
  }

  void runInOneLine() {
    RunLine line;
    line.begin();
    QCOMPARE(line.text(false, false), QStringLiteral("run: starting"));
    RunStarted started;
    started.run = "12";
    started.epochs = 12;
    line.apply(started);
    line.apply(PhaseChanged{"reading the data set"});
    QCOMPARE(line.text(false, false), QStringLiteral("run 12: reading the data set"));
    BatchEnded batch;
    batch.epoch = 2;
    batch.batch = 5;
    batch.batches = 10;
    batch.eta_seconds = 41;
    line.apply(batch);
    QCOMPARE(line.text(false, false), QStringLiteral("run 12: epoch 3/12, 41 s left"));
    QCOMPARE(line.share(), 2.5 / 12);
    batch.eta_seconds = 107;
    line.apply(batch);
    QCOMPARE(line.text(false, false), QStringLiteral("run 12: epoch 3/12, 1:47 left"));
    QCOMPARE(line.text(true, false), QStringLiteral("run 12: paused in epoch 3/12"));
    QCOMPARE(line.text(false, true), QStringLiteral("run 12: stopping"));
    EpochEnded epoch;
    epoch.metrics["error_rate"] = 0.0489;
    line.apply(epoch);
    line.end(QStringLiteral("12"), RunStatus::Finished, {});
    QCOMPARE(line.text(false, false), QStringLiteral("run 12 finished, error 4.9 %"));
    line.end(QStringLiteral("12"), RunStatus::Failed, QStringLiteral("out of memory\nmore"));
    QCOMPARE(line.text(false, false), QStringLiteral("run 12 failed: out of memory"));
  }

  void memoryPartsAddUp() {
    MemoryReading cpu;
    cpu.total = 16000;
    cpu.used_by_process = 3000;
    cpu.used_by_others = 5000;
    cpu.tensors = cpu.reserved = 2200;
    QCOMPARE(total(memoryParts(cpu)), quint64{16000});
    QCOMPARE(memoryParts(cpu)[0].bytes, quint64{2200});
    QCOMPARE(memoryParts(cpu)[1].bytes, quint64{800});

    MemoryReading cuda = cpu;
    cuda.cuda = true;
    cuda.reserved = 2700;
    const auto parts = memoryParts(cuda);
    QCOMPARE(total(parts), quint64{16000});
    QCOMPARE(parts[1].name, QStringLiteral("cached"));
    QCOMPARE(parts[1].bytes, quint64{500});
    QCOMPARE(parts[2].bytes, quint64{300});

    // Counters are read one after the other and need not agree; the bar must not overflow for that.
    MemoryReading odd = cpu;
    odd.tensors = 4000;
    odd.used_by_others = 15000;
    QCOMPARE(total(memoryParts(odd)), quint64{16000});
    QCOMPARE(total(memoryParts(MemoryReading())), quint64{0});
  }

  void commandsAreFoundByTheirWords() {
    QMenuBar bar;
    QMenu* view = bar.addMenu(QStringLiteral("&View"));
    view->addAction(QStringLiteral("Inspector"));
    QMenu* theme = view->addMenu(QStringLiteral("Theme"));
    theme->addAction(QStringLiteral("Dark"));
    bar.addMenu(QStringLiteral("&Run"))->addAction(QStringLiteral("Open sp&ecial…"));
    const QVector<Command> all = commandsOf(bar);
    QCOMPARE(all.size(), 3);
    QCOMPARE(all[1].text, QStringLiteral("Theme: Dark"));
    QCOMPARE(all[2].text, QStringLiteral("Open special"));
    QCOMPARE(matching(all, QStringLiteral("dark th")).size(), 1);
    QCOMPARE(matching(all, QStringLiteral("in")).front().text, QStringLiteral("Inspector"));
    QVERIFY(matching(all, QStringLiteral("nothing")).isEmpty());
  }

  void memoryChip_data() {
    QTest::addColumn<int>("needs");
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("caution");
    QTest::addColumn<int>("problems");
    QTest::newRow("fits") << 700 << QStringLiteral("fits 700/1,000 MiB") << false << 0;
    QTest::newRow("tight") << 850 << QStringLiteral("tight 850/1,000 MiB") << true << 0;
    QTest::newRow("does not fit") << 960 << QStringLiteral("needs 960/1,000 MiB") << false << 1;
  }

  // Beside Start: what the recipe takes of the memory, amber from 80 % on, a problem of the recipe from 95 % on.
  void memoryChip() {
    QFETCH(int, needs);
    constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
    QTemporaryDir folder;
    QSettings settings(folder.filePath(QStringLiteral("window.ini")), QSettings::IniFormat);
    Jobs jobs;
    MemoryProfiles profiles(jobs, settings, [] {
      DeviceProfile here;
      here.name = "here";
      here.kind = ComputeKind::Cpu;
      here.total = 1000 * kMib;
      return std::vector<DeviceProfile>{here};
    });
    MemoryForecast forecast(jobs, profiles, [needs](const RunSpec&, std::int64_t, const DeviceProfile&, std::stop_token) {
      RunPlan plan;
      plan.stages.emplace_back();
      plan.stages.front().parts.activations = static_cast<std::uint64_t>(needs) * kMib;
      return plan;
    });
    forecast.setRecipe({}, 10);
    forecast.start();
    QTRY_VERIFY(forecast.plan());
    const ChipText chip = panicle::ui::memoryChip(forecast);
    QTEST(chip.text, "text");
    QTEST(chip.caution, "caution");
    QTEST(static_cast<int>(chip.problems.size()), "problems");
    QCOMPARE(chip.page, QStringLiteral("memory"));
  }

  void contrastOfText_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
  }

  void contrastOfText() {
    QFETCH(bool, dark);
    const ThemeColors& colors = Theme::colors(dark);
    for (const QColor& background : {colors.base, colors.surface}) {
      for (const QColor& text : {colors.text, colors.mutedText, colors.error, colors.warning, colors.accent}) {
        QVERIFY2(contrastRatio(text, background) >= 4.5, qPrintable(text.name() + QStringLiteral(" on ") + background.name()));
      }
      // Dots, bars and curves: 3:1, as for graphics.
      for (int index = 0; index < 10; ++index) {
        QVERIFY2(contrastRatio(classColor(index), background) >= 2.7, qPrintable(classColor(index).name()));
      }
    }
    QVERIFY(contrastRatio(colors.accentText, colors.accent) >= 4.5);
    QCOMPARE(qRound(contrastRatio(Qt::black, Qt::white)), 21);
  }
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::WordsTest)
#include "words_test.moc"
