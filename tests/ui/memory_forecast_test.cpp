// What a recipe would take: told anew after a change, never of a recipe before, beside what others hold; and the profiles of memories.
#include "ui/shared/memory_forecast.h"

#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <atomic>
#include <memory>
#include <mutex>
#include <semaphore>
#include <vector>

#include "core/base/error.h"
#include "ui/shared/jobs.h"
#include "ui/shared/memory_profiles.h"
#include "ui/shared/memory_words.h"
#include "ui/shared/session.h"

namespace panicle::ui {
namespace {

constexpr std::uint64_t kMib = std::uint64_t{1} << 20;

DeviceProfile profileOf(const char* name, ComputeKind kind, std::uint64_t mib) {
  DeviceProfile profile;
  profile.name = name;
  profile.kind = kind;
  profile.total = mib * kMib;
  profile.overhead = 100 * kMib;
  profile.precision = Precision::Fp32;
  return profile;
}

std::vector<DeviceProfile> twoProfiles() {
  return {profileOf("This machine: processor", ComputeKind::Cpu, 1000), profileOf("Far card", ComputeKind::Cuda, 2000)};
}

// A run that takes as many MiB as its batch has images.
RunPlan planOf(const RunSpec& spec) {
  RunPlan plan;
  StagePlan stage;
  stage.parts.activations = static_cast<std::uint64_t>(spec.batch.size) * kMib;
  plan.stages.push_back(stage);
  return plan;
}

RunSpec ofBatch(int size) {
  RunSpec spec;
  spec.batch.size = size;
  return spec;
}

class MemoryForecastTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    jobs_ = std::make_unique<Jobs>();
    reopen();
  }

  void cleanup() {
    forecast_.reset();
    profiles_.reset();
    jobs_.reset();
    settings_.reset();
    folder_.reset();
  }

  void nothingIsPlannedBeforeItIsWanted() {
    std::atomic<int> calls = 0;
    begin([&](const RunSpec& spec, std::int64_t, const DeviceProfile&, std::stop_token) {
      ++calls;
      return planOf(spec);
    });
    forecast_->setRecipe(ofBatch(64), 10);
    QTest::qWait(200);
    QCOMPARE(calls.load(), 0);
    QVERIFY(!forecast_->plan());
    forecast_->start();
    QTRY_VERIFY(forecast_->plan());
    QCOMPARE(forecast_->plan()->peak(), 64 * kMib);
  }

  void followsTheRecipe() {
    std::mutex mutex;
    std::int64_t outputs = 0;
    std::string device;
    begin([&](const RunSpec& spec, std::int64_t classes, const DeviceProfile& profile, std::stop_token) {
      const std::lock_guard lock(mutex);
      outputs = classes;
      device = profile.name;
      return planOf(spec);
    });
    forecast_->setRecipe(ofBatch(64), 10);
    forecast_->start();
    QTRY_VERIFY(forecast_->plan());
    forecast_->setRecipe(ofBatch(128), 7);
    QTRY_COMPARE(forecast_->plan()->peak(), 128 * kMib);
    QCOMPARE(outputs, std::int64_t{7});
    QCOMPARE(device, std::string("This machine: processor"));
    QVERIFY(!forecast_->behind());
  }

  // The first plan is still under way when the recipe changes: its answer must not stand beside the new one, whichever ends last.
  void anAnswerToAnEarlierRecipeIsDropped() {
    std::counting_semaphore<4> gate(0);
    std::atomic<int> ended = 0;
    begin([&](const RunSpec& spec, std::int64_t, const DeviceProfile&, std::stop_token) {
      if (spec.batch.size == 64) gate.acquire();
      ++ended;
      return planOf(spec);
    });
    forecast_->setRecipe(ofBatch(64), 10);
    forecast_->start();
    QTRY_VERIFY(forecast_->behind());  // patience is over
    QVERIFY(forecastBrief(*forecast_).contains(QStringLiteral("planning")));
    forecast_->setRecipe(ofBatch(32), 10);
    QTRY_VERIFY(forecast_->plan());
    QCOMPARE(forecast_->plan()->peak(), 32 * kMib);
    gate.release();
    QTRY_COMPARE(ended.load(), 2);
    QTest::qWait(100);
    QCOMPARE(forecast_->plan()->peak(), 32 * kMib);
    QVERIFY(!forecast_->behind());
  }

  void whatCannotBePlannedIsSaid() {
    begin([](const RunSpec& spec, std::int64_t, const DeviceProfile&, std::stop_token) -> RunPlan {
      if (spec.batch.size > 1000) throw Error("batch.size is too large");
      return planOf(spec);
    });
    forecast_->setRecipe(ofBatch(2000), 10);
    forecast_->start();
    QTRY_COMPARE(forecast_->problem(), QStringLiteral("batch.size is too large"));
    QVERIFY(!forecast_->plan());
    QVERIFY(forecast_->mayStart());  // what is not known does not hinder
    QVERIFY(forecastDetails(*forecast_).contains(QStringLiteral("too large")));
    RunSpec far = ofBatch(8);
    far.device = "cuda:0";
    forecast_->setRecipe(far, 10);
    QTRY_VERIFY(forecast_->problem().contains(QStringLiteral("cuda:0")));
    forecast_->setRecipe(ofBatch(8), 10);
    QTRY_VERIFY(forecast_->plan());
    QVERIFY(forecast_->problem().isEmpty());
  }

  // Of 1,000 MiB: to 800 it fits, to 950 it is tight.
  void othersCountAndASecondPressStarts() {
    begin();
    forecast_->setRecipe(ofBatch(700), 10);
    forecast_->start();
    QTRY_VERIFY(forecast_->plan());
    QCOMPARE(forecast_->fit(), Fit::Fits);
    QSignalSpy changed(forecast_.get(), &MemoryForecast::changed);
    others(90);
    QCOMPARE(forecast_->fit(), Fit::Fits);
    QCOMPARE(changed.size(), 0);  // nothing to tell
    others(150);
    QCOMPARE(forecast_->fit(), Fit::Tight);
    QCOMPARE(changed.size(), 1);
    QVERIFY(forecast_->mayStart());
    others(260);
    QCOMPARE(forecast_->fit(), Fit::No);
    QVERIFY(forecastBrief(*forecast_).startsWith(QStringLiteral("needs")));
    QVERIFY(!forecast_->mayStart());
    QVERIFY(forecast_->refused());
    QVERIFY(forecast_->mayStart());
    QVERIFY(!forecast_->mayStart());  // the next run is asked about again
    forecast_->setRecipe(ofBatch(710), 10);
    QVERIFY(!forecast_->refused());  // another recipe: the first press again
    QTRY_COMPARE(forecast_->plan()->peak(), 710 * kMib);
    QVERIFY(!forecast_->mayStart());
    others(0);
    QVERIFY(!forecast_->refused());
    QVERIFY(forecast_->mayStart());
  }

  // What a card's processes hold says nothing of the machine's memory.
  void othersOfAnotherDeviceDoNotCount() {
    begin();
    forecast_->setRecipe(ofBatch(700), 10);
    forecast_->start();
    QTRY_VERIFY(forecast_->plan());
    MemoryReading card;
    card.cuda = true;
    card.used_by_others = 900 * kMib;
    forecast_->setReading(card);
    QCOMPARE(forecast_->fit(), Fit::Fits);
    QCOMPARE(forecast_->others(), quint64{0});
  }

  void onlyWhatMattersMakesAnotherPlan() {
    RunSpec a;
    RunSpec b;
    b.name = "another";
    b.seed = 7;
    b.data.root = "/photos";
    b.data.split.valid_pct = 0.3;
    b.threads = 3;
    b.model.weights = "/some/file.pth";
    QVERIFY(specToJson(memorySpec(a)) == specToJson(memorySpec(b)));
    QVERIFY(check(memorySpec(b)).empty());
    b.batch.accum = 2;
    QVERIFY(specToJson(memorySpec(a)) != specToJson(memorySpec(b)));
    b = a;
    b.optimizer.kind = OptimizerKind::Sgd;
    QVERIFY(specToJson(memorySpec(a)) != specToJson(memorySpec(b)));
    b = a;
    b.stages.front().augment->size = Size{96, 96};
    QVERIFY(specToJson(memorySpec(a)) != specToJson(memorySpec(b)));
  }

  void theHeadHasANumberForEveryClass() {
    RunSpec spec;
    QCOMPARE(headOutputs(nullptr, spec), std::int64_t{10});
    Dataset dataset;
    dataset.vocab = {"a", "b", "c"};
    QCOMPARE(headOutputs(&dataset, spec), std::int64_t{3});
    Target variety;
    variety.vocab = {"x", "y"};
    dataset.further_targets = {variety, Target{}};
    QCOMPARE(headOutputs(&dataset, spec), std::int64_t{6});
    spec.data.subset.classes = {"a", "b"};
    QCOMPARE(headOutputs(&dataset, spec), std::int64_t{5});
  }

  // --- Profiles

  void whatIsKnownBetterIsKept() {
    profiles_->look();
    QTRY_COMPARE(profiles_->all().size(), std::size_t{3});  // the user's own comes last
    QVERIFY(profiles_->isOwn(QString::fromStdString(profiles_->all().back().name)));
    QCOMPARE(profiles_->find(QStringLiteral("Far card"))->overhead, 100 * kMib);
    QVERIFY(!profiles_->overheadChanged(QStringLiteral("Far card")));
    profiles_->setOverhead(QStringLiteral("Far card"), 321 * kMib);
    profiles_->setOwn(6000 * kMib);
    QCOMPARE(profiles_->find(QStringLiteral("Far card"))->overhead, 321 * kMib);
    reopen();
    profiles_->look();
    QTRY_VERIFY(!profiles_->all().empty());
    QCOMPARE(profiles_->find(QStringLiteral("Far card"))->overhead, 321 * kMib);
    QCOMPARE(profiles_->all().back().total, 6000 * kMib);
    profiles_->setOverhead(QStringLiteral("Far card"), std::nullopt);
    QCOMPARE(profiles_->find(QStringLiteral("Far card"))->overhead, 100 * kMib);
  }

  void theDeviceOfARecipe() {
    QVERIFY(!profiles_->ofDevice("auto"));
    profiles_->look();
    QTRY_VERIFY(profiles_->ofDevice("auto"));
    QCOMPARE(profiles_->ofDevice("auto")->name, std::string("This machine: processor"));
    QCOMPARE(profiles_->ofDevice("cpu")->name, std::string("This machine: processor"));
    QVERIFY(!profiles_->ofDevice("cuda:0"));  // the card is somewhere else
    QVERIFY(profiles_->isElsewhere(*profiles_->find(QStringLiteral("Far card"))));
    MemoryProfiles withCard(*jobs_, *settings_, [] {
      return std::vector{profileOf("This machine: card", ComputeKind::Cuda, 100), profileOf("This machine: processor", ComputeKind::Cpu, 10)};
    });
    withCard.look();
    QTRY_VERIFY(withCard.ofDevice("auto"));
    QCOMPARE(withCard.ofDevice("auto")->name, std::string("This machine: card"));
    QCOMPARE(withCard.ofDevice("cuda:0")->name, std::string("This machine: card"));
    QCOMPARE(withCard.ofDevice("cpu")->name, std::string("This machine: processor"));
  }

  // --- Words

  void partsInWordsAddUp() {
    MemoryParts parts;
    parts.weights = 3 * kMib;
    parts.activations = 40 * kMib;
    parts.overhead = 7 * kMib;
    quint64 sum = 0;
    for (const PlannedPart& part : plannedParts(parts)) {
      QVERIFY(part.bytes > 0);
      QVERIFY(!part.meaning.isEmpty());
      sum += part.bytes;
    }
    QCOMPARE(sum, parts.total());
    QCOMPARE(plannedParts(parts).size(), std::size_t{3});
    QCOMPARE(planSentence(parts, twoProfiles().back(), 0, Fit::Fits), QStringLiteral("Needs about 50 of 2,000 MiB on Far card: fits."));
    QVERIFY(planSentence(parts, twoProfiles().back(), 12 * kMib, Fit::No).contains(QStringLiteral("hold 12: does not fit")));
    QCOMPARE(mib(4846 * kMib - 5), QStringLiteral("4,846"));
  }

  // Runs teach what the process takes beside its tensors; what the user says of it counts more.
  void anOverheadThatIsLearnedIsTakenUp() {
    std::atomic<std::uint64_t> overhead = 100;
    MemoryProfiles profiles(*jobs_, *settings_, [&] {
      DeviceProfile here = profileOf("This machine: processor", ComputeKind::Cpu, 1000);
      here.overhead = overhead * kMib;
      return std::vector<DeviceProfile>{here};
    });
    QSignalSpy changed(&profiles, &MemoryProfiles::changed);
    profiles.lookAgain();  // nobody has looked before
    profiles.look();
    QTRY_COMPARE(changed.size(), 1);
    overhead = 250;
    profiles.lookAgain();
    QTRY_COMPARE(changed.size(), 2);
    QCOMPARE(profiles.all().front().overhead, 250 * kMib);
    profiles.lookAgain();
    QTRY_VERIFY(jobs_->running().empty());
    QCOMPARE(changed.size(), 2);  // nothing new
    profiles.setOverhead(QStringLiteral("This machine: processor"), 300 * kMib);
    overhead = 260;
    profiles.lookAgain();
    QTRY_COMPARE(changed.size(), 4);
    QCOMPARE(profiles.all().front().overhead, 300 * kMib);
  }

  // --- In the session, with the planner itself

  void theSessionPlansItsRecipe() {
    Session session(std::make_unique<RunStore>(folder_->filePath(QStringLiteral("workspace")).toStdString()));
    session.forecast().start();
    QTRY_VERIFY_WITH_TIMEOUT(session.forecast().plan(), 60'000);
    const quint64 small = session.forecast().plan()->peak();
    QVERIFY(small > 0);
    session.setRecipeField(QStringLiteral("batch.size"), 128);
    QTRY_VERIFY_WITH_TIMEOUT(session.forecast().plan() && session.forecast().plan()->peak() > small, 60'000);
    MemoryReading full;
    full.total = full.used_by_others = session.forecast().profile().total;
    full.cuda = session.forecast().profile().kind == ComputeKind::Cuda;
    session.forecast().setReading(full);
    QCOMPARE(session.forecast().fit(), Fit::No);
  }

 private:
  void reopen() {
    forecast_.reset();
    profiles_.reset();
    settings_.reset();
    settings_ = std::make_unique<QSettings>(folder_->filePath(QStringLiteral("window.ini")), QSettings::IniFormat);
    profiles_ = std::make_unique<MemoryProfiles>(*jobs_, *settings_, twoProfiles);
  }

  void begin(MemoryForecast::Predict predict = [](const RunSpec& spec, std::int64_t, const DeviceProfile&, std::stop_token) {
    return planOf(spec);
  }) {
    forecast_ = std::make_unique<MemoryForecast>(*jobs_, *profiles_, std::move(predict));
  }

  void others(std::uint64_t mib) {
    MemoryReading reading;
    reading.used_by_others = mib * kMib;
    forecast_->setReading(reading);
  }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<QSettings> settings_;
  std::unique_ptr<Jobs> jobs_;
  std::unique_ptr<MemoryProfiles> profiles_;
  std::unique_ptr<MemoryForecast> forecast_;
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::MemoryForecastTest)
#include "memory_forecast_test.moc"
