// The Submit page: each fault of a sample turns its own line red and keeps the file from being written; a good one is written
// as the sample asks, and an existing file only after a question.
#include "ui/submit/submit_page.h"

#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <fstream>
#include <sstream>

#include "tests/ui/runs_with_predictions.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/page.h"
#include "ui/shared/run_chooser.h"
#include "ui/shared/session.h"
#include "ui/submit/path_field.h"
#include "ui/submit/submission_check.h"
#include "ui/submit/write_panel.h"

using namespace panicle;
using namespace panicle::ui;
using panicle::testing::addRun;
using panicle::testing::madePredictions;

Q_DECLARE_METATYPE(panicle::ui::CheckKind)

namespace {

std::string contentOf(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// A workspace with one run that has predicted eight test photos of four classes, and a data set folder with a sample.
struct Opened {
  Opened() : predictions(madePredictions(4, 2, false)) {
    std::filesystem::create_directories(data);
    run = addRun(session.store(), "trial", data.string());
    writePredictions(session.store().folder(run), "test", predictions);
  }

  // The sample asks for the photos from the last to the first.
  std::string sampleText(const std::string& label = "") const {
    std::string text = "image_id,label\n";
    for (std::size_t i = predictions.size(); i-- > 0;) text += predictions.ids[i] + "," + label + "\n";
    return text;
  }
  std::string expectedText() const {
    std::string text = "image_id,label\n";
    for (std::size_t i = predictions.size(); i-- > 0;) {
      text += predictions.ids[i] + "," + predictions.vocab[static_cast<std::size_t>(predictions.predicted(i))] + "\n";
    }
    return text;
  }
  std::filesystem::path writeSample(const std::string& text, const std::string& name = "sample_submission.csv") const {
    std::ofstream(data / name) << text;
    return data / name;
  }
  void open() {
    page.reset(makeSubmitPage(session, nullptr));
    page->resize(800, 640);
    page->show();
  }
  QPushButton* button(const char* name) const { return page->findChild<QPushButton*>(QLatin1StringView(name)); }
  QString outcome() const { return page->findChild<QLabel*>(QStringLiteral("outcome"))->text(); }
  std::filesystem::path target() const {
    return session.store().workspace() / "submissions" / (run + "-resnet18.csv");
  }

  QTemporaryDir folder;
  std::filesystem::path data = std::filesystem::path(folder.path().toStdString()) / "data";
  mutable Session session{
      std::make_unique<RunStore>(std::filesystem::path(folder.path().toStdString()) / "workspace")};
  Predictions predictions;
  std::string run;
  std::unique_ptr<Page> page;
};

}  // namespace

class SubmitPageTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void leadsToTrainingWhileThereIsNothing() {
    QTemporaryDir folder;
    Session session(std::make_unique<RunStore>(std::filesystem::path(folder.path().toStdString())));
    const std::unique_ptr<Page> page(makeSubmitPage(session, nullptr));
    page->show();
    auto* button = page->findChild<EmptyState*>()->findChild<QPushButton*>();
    QTRY_VERIFY(button->isVisible());
    QSignalSpy asked(&session, &Session::pageRequested);
    button->click();
    QCOMPARE(asked.size(), 1);
    QCOMPARE(asked.front().front().toString(), QStringLiteral("train"));
  }

  void faultsTurnTheirOwnLineRed_data() {
    QTest::addColumn<QString>("sample");
    QTest::addColumn<CheckKind>("kind");
    QTest::addColumn<Verdict>("verdict");
    const Opened opened;
    const QString good = QString::fromStdString(opened.sampleText());
    QTest::newRow("one column") << QStringLiteral("image_id\na.jpg\n") << HeaderCheck << Verdict::Bad;
    QTest::newRow("not a table") << QStringLiteral("image_id,label\na.jpg,b,c\n") << HeaderCheck << Verdict::Bad;
    QTest::newRow("no rows") << QStringLiteral("image_id,label\n") << CountCheck << Verdict::Bad;
    QTest::newRow("too few") << good.section(QLatin1Char('\n'), 0, 4) + QLatin1Char('\n') << CountCheck << Verdict::Bad;
    QTest::newRow("unknown id") << good + QStringLiteral("new.jpg,\n") << PredictedCheck << Verdict::Bad;
    QTest::newRow("twice") << good + good.section(QLatin1Char('\n'), 1, 1) + QLatin1Char('\n') << DuplicateCheck
                           << Verdict::Bad;
    QTest::newRow("other labels") << QString::fromStdString(opened.sampleText("cat")) << LabelCheck << Verdict::Doubtful;
    QTest::newRow("known labels") << QString::fromStdString(opened.sampleText("class_0001")) << LabelCheck << Verdict::Good;
    QTest::newRow("good") << good << HeaderCheck << Verdict::Good;
  }

  void faultsTurnTheirOwnLineRed() {
    QFETCH(QString, sample);
    QFETCH(CheckKind, kind);
    QFETCH(Verdict, verdict);
    const Opened opened;
    const auto file = opened.writeSample(sample.toStdString());
    RunChoice run;
    run.folder = opened.session.store().folder(opened.run);
    const auto report = checkSubmission(run, file, nullptr, {}, [](std::uint64_t, std::uint64_t) {});
    for (int i = 0; i < CheckKinds; ++i) {
      const Check& check = report->checks[static_cast<std::size_t>(i)];
      if (i == kind) {
        QCOMPARE(check.verdict, verdict);
        QVERIFY(!check.detail.isEmpty());
      } else if (i != CountCheck || report->submission.rows.size() == opened.predictions.size()) {
        QVERIFY2(check.verdict != Verdict::Bad, qPrintable(check.name + check.detail));
      }
    }
    const bool counted = report->checks[CountCheck].verdict == Verdict::Good;
    QCOMPARE(counted, report->submission.rows.size() == opened.predictions.size());
    QCOMPARE(report->good(), verdict != Verdict::Bad);
  }

  void writesWhatTheSampleAsksFor() {
    Opened opened;
    opened.writeSample(opened.sampleText());
    opened.open();
    QTRY_VERIFY(opened.button("write")->isEnabled());
    const auto* rows = opened.page->findChild<QTableView*>()->model();
    QCOMPARE(rows->rowCount(), 8);
    QCOMPARE(rows->index(0, 0).data().toString(), QString::fromStdString(opened.predictions.ids.back()));
    opened.button("write")->click();
    QTRY_VERIFY(opened.outcome().startsWith(QStringLiteral("8 rows written")));
    QCOMPARE(contentOf(opened.target()), opened.expectedText());
  }

  void asksBeforeOverwriting() {
    Opened opened;
    opened.writeSample(opened.sampleText());
    std::filesystem::create_directories(opened.target().parent_path());
    std::ofstream(opened.target()) << "precious\n";
    opened.open();
    QTRY_VERIFY(opened.button("write")->isEnabled());
    opened.button("write")->click();
    QTRY_VERIFY(opened.button("overwrite")->isVisible());
    QVERIFY(opened.page->leaveDrillDown());
    QVERIFY(!opened.button("overwrite")->isVisible());
    QCOMPARE(contentOf(opened.target()), std::string("precious\n"));
    opened.button("write")->click();
    opened.button("overwrite")->click();
    QTRY_VERIFY(opened.outcome().startsWith(QStringLiteral("8 rows written")));
    QCOMPARE(contentOf(opened.target()), opened.expectedText());
  }

  void refusesWhatDoesNotFit() {
    Opened opened;
    opened.writeSample(opened.sampleText() + "new.jpg,\n");
    opened.open();
    const auto says = [&](const QString& words) {
      const auto labels = opened.page->findChildren<QLabel*>();
      return std::any_of(labels.begin(), labels.end(), [&](const QLabel* l) { return l->text().contains(words); });
    };
    QTRY_VERIFY(says(QStringLiteral("Does not fit")));
    QVERIFY(says(QStringLiteral("new.jpg")));
    QVERIFY(!opened.button("write")->isEnabled());
    // Another sample that fits makes it writable.
    const auto other = opened.writeSample(opened.sampleText(), "other.csv");
    auto* edit = opened.page->findChild<PathField*>()->findChild<QLineEdit*>();
    edit->setFocus();
    edit->selectAll();
    QTest::keyClicks(edit, QString::fromStdString(other.string()));
    QTest::keyClick(edit, Qt::Key_Return);
    QTRY_VERIFY(opened.button("write")->isEnabled());
  }

  void saysWhereNoSampleIs() {
    Opened opened;
    opened.open();
    QTRY_VERIFY(opened.page->findChild<RunChooser*>()->current());
    QVERIFY(!opened.button("write")->isEnabled());
    QVERIFY(opened.page->findChild<PathField*>()->path().isEmpty());
  }

  void saysWhyItCouldNotWrite() {
    Opened opened;
    opened.writeSample(opened.sampleText());
    std::ofstream(opened.session.store().workspace() / "submissions") << "a file where the folder should be\n";
    opened.open();
    QTRY_VERIFY(opened.button("write")->isEnabled());
    opened.button("write")->click();
    QTRY_VERIFY(!opened.outcome().isEmpty());
    QVERIFY2(opened.outcome().contains(QStringLiteral("submissions")), qPrintable(opened.outcome()));
    QVERIFY(!opened.outcome().contains(QStringLiteral("written to")));
  }

  void submitsTheTtaPredictionsWhereTheRunHasThem() {
    Opened opened;
    Predictions tta = opened.predictions;
    std::rotate(tta.probabilities.begin(), tta.probabilities.begin() + 1, tta.probabilities.end());
    const auto folder = opened.session.store().folder(opened.run);
    writePredictions(folder, "test_tta", tta);
    const auto file = opened.writeSample(opened.sampleText());
    RunChoice run;
    run.folder = folder;
    run.kept = {{QStringLiteral("label"), "test"}};
    QVERIFY(!submitsTta(run));
    const auto progress = [](std::uint64_t, std::uint64_t) {};
    const auto plain = checkSubmission(run, file, nullptr, {}, progress)->submission.rows;
    QCOMPARE(plain, makeSubmission(opened.predictions, file).rows);
    run.kept.push_back({QStringLiteral("label"), "test_tta", false, true});
    QVERIFY(submitsTta(run));
    const auto averaged = checkSubmission(run, file, nullptr, {}, progress)->submission.rows;
    QCOMPARE(averaged, makeSubmission(tta, file).rows);
    QVERIFY(averaged != plain);
  }

  void comparesLabelProportions() {
    const Opened opened;
    const auto file = opened.writeSample(opened.sampleText());
    writePredictions(opened.session.store().folder(opened.run), "valid", madePredictions(4, 3));
    RunChoice run;
    run.folder = opened.session.store().folder(opened.run);
    const auto report = checkSubmission(run, file, nullptr, {}, [](std::uint64_t, std::uint64_t) {});
    QCOMPARE(report->shares.size(), 4U);
    QCOMPARE(report->known_shares, (std::vector<double>{0.25, 0.25, 0.25, 0.25}));
    QCOMPARE(report->shares, (std::vector<double>{0.25, 0.25, 0.25, 0.25}));
  }
};

QTEST_MAIN(SubmitPageTest)
#include "submit_page_test.moc"
