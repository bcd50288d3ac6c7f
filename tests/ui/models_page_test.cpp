// The Models page: what the table says, choosing by mouse and keyboard, sizes, where weights are, import and
// download.
#include "ui/models/models_page.h"

#include <QAbstractButton>
#include <QApplication>
#include <QComboBox>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>
#include <algorithm>
#include <atomic>

#include "core/base/file.h"
#include "tests/ui/made_weights.h"
#include "tests/weights/http_server.h"
#include "ui/models/measured_costs.h"
#include "ui/models/model_table.h"
#include "ui/models/weight_downloads.h"
#include "ui/shared/architecture_words.h"
#include "ui/shared/page.h"
#include "ui/shared/session.h"
#include "ui/shared/training_start.h"
#include "ui/shared/weight_states.h"

namespace panicle::ui {
namespace {

constexpr int kMeasureMs = 120'000;  // patience, not a measure
const char* const kArch = "resnet18";

class ModelsPageTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    // Nobody's own caches, and a hub that is not there.
    qputenv("TORCH_HOME", folder_->filePath(QStringLiteral("torch")).toUtf8());
    qputenv("HF_HUB_CACHE", folder_->filePath(QStringLiteral("hub")).toUtf8());
    qputenv("HF_ENDPOINT", "http://127.0.0.1:9");
    qunsetenv("HF_HUB_OFFLINE");
    reopen();
  }

  void cleanup() {
    page_.reset();
    session_.reset();
    folder_.reset();
  }

  // --- The table

  void everyArchitectureWithItsFacts() {
    QCOMPARE(view()->model()->rowCount(), static_cast<int>(architectures().size()));
    const int row = rowOf(kArch);
    QVERIFY(row >= 0);
    QCOMPARE(text(row, ModelTable::Family), QStringLiteral("ResNet"));
    QCOMPARE(text(row, ModelTable::Parameters), QStringLiteral("11.7"));
    QCOMPARE(text(row, ModelTable::Input), QStringLiteral("224"));
    QVERIFY2(tip(row, ModelTable::Name).contains(QStringLiteral("resnet18.")),
             qPrintable(tip(row, ModelTable::Name)));
    setSize({224, 224});
    QCOMPARE(text(row, ModelTable::Multiplications),
             QStringLiteral("1.81"));  // what timm's table says of it: 1.8
    setSize({112, 112});
    QVERIFY(text(row, ModelTable::Multiplications).toDouble() < 1.81 / 3);
  }

  void everyColumnAndCellTeaches() {
    const auto* model = view()->model();
    for (int column = 0; column < ModelTable::Columns; ++column) {
      QVERIFY(model->headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString().size() > 20);
      QVERIFY2(!tip(0, column).isEmpty() || column == ModelTable::Finding,
               qPrintable(QString::number(column)));
    }
  }

  void everyControlTeaches() {
    for (const auto* button : page_->findChildren<QPushButton*>()) {
      if (!button->isVisible()) continue;
      QVERIFY2(!button->toolTip().isEmpty(), qPrintable(button->text()));
    }
    QVERIFY(!view()->accessibleName().isEmpty());
    QVERIFY(!page_->filterWidget()->accessibleName().isEmpty());
    QVERIFY(!page_->filterWidget()->toolTip().isEmpty());
  }

  void sortsByFigures() {
    view()->sortByColumn(ModelTable::Parameters, Qt::AscendingOrder);
    for (int row = 1; row < view()->model()->rowCount(); ++row) {
      QVERIFY(parameters(row - 1) <= parameters(row));
    }
    view()->sortByColumn(ModelTable::Family, Qt::AscendingOrder);
    for (int row = 0; row < view()->model()->rowCount(); ++row) {
      QCOMPARE(name(row).toStdString(), architectures()[static_cast<std::size_t>(row)].name);
    }
  }

  void filtersByWordsAndEscBringsAllBack() {
    auto* filter = qobject_cast<QLineEdit*>(page_->filterWidget());
    filter->setFocus();
    QTest::keyClicks(filter, QStringLiteral("RESNET 26"));
    QCOMPARE(view()->model()->rowCount(), 1);
    QCOMPARE(name(0), QStringLiteral("resnet26d"));
    const auto labels = page_->findChildren<QLabel*>();
    const QString count = QStringLiteral("1 of %1 architectures").arg(architectures().size());
    QVERIFY(
        std::any_of(labels.begin(), labels.end(), [&](const QLabel* one) { return one->text() == count; }));
    QVERIFY(page_->leaveDrillDown());
    QCOMPARE(view()->model()->rowCount(), static_cast<int>(architectures().size()));
    QTest::keyClicks(filter, QStringLiteral("nothing is called so"));
    QCOMPARE(view()->model()->rowCount(), 0);
    QVERIFY(!view()->isVisible());
    QVERIFY(page_->leaveDrillDown());
    QVERIFY(view()->isVisible());
    QVERIFY(!page_->leaveDrillDown());
  }

  // --- Choosing

  void clickFillsTheRecipeAndUndoTakesItBack() {
    QCOMPARE(session_->recipe().model.arch, std::string("resnet18"));
    click(rowOf("resnet26d"));
    QCOMPARE(session_->recipe().model.arch, std::string("resnet26d"));
    QVERIFY(view()->model()->index(rowOf("resnet26d"), 0).data(Qt::FontRole).value<QFont>().bold());
    QVERIFY(session_->undoText().contains(QStringLiteral("resnet26d")));
    session_->undo();
    QCOMPARE(session_->recipe().model.arch, std::string("resnet18"));
  }

  void arrowsOnlyLookAndEnterChooses() {
    auto* filter = page_->filterWidget();
    filter->setFocus();
    QTest::keyClick(filter, Qt::Key_Down);
    QVERIFY(view()->hasFocus());
    const std::string before = session_->recipe().model.arch;
    const int row = view()->currentIndex().row();
    QTest::keyClick(view(), Qt::Key_Down);
    QCOMPARE(view()->currentIndex().row(), row + 1);
    QVERIFY(label("modelName")->text().contains(name(row + 1)));
    QCOMPARE(session_->recipe().model.arch, before);
    QVERIFY(!session_->canUndo());
    QTest::keyClick(view(), Qt::Key_Return);
    QCOMPARE(session_->recipe().model.arch, name(row + 1).toStdString());
  }

  void theButtonChoosesToo() {
    select("resnet34");
    QVERIFY(button("use")->isEnabled());
    button("use")->click();
    QCOMPARE(session_->recipe().model.arch, std::string("resnet34"));
    QVERIFY(!button("use")->isEnabled());
  }

  // A file named for one architecture fits no other; "none" is a wish that stays.
  void theNamedFileDoesNotFollowToAnotherArchitecture() {
    session_->setRecipeField(QStringLiteral("model.weights"), "/some/resnet18.pth");
    click(rowOf("resnet26d"));
    QCOMPARE(session_->recipe().model.weights, std::string("auto"));
    session_->setRecipeField(QStringLiteral("model.weights"), "none");
    click(rowOf("resnet34"));
    QCOMPARE(session_->recipe().model.weights, std::string("none"));
  }

  // --- Sizes

  void sizeThatDoesNotFitIsSaidAndMended() {
    const auto particular = std::find_if(architectures().begin(), architectures().end(),
                                         [](const Architecture& known) { return !known.takes_side(130); });
    QVERIFY(particular != architectures().end());
    setSize({130, 130});
    select(particular->name);
    QCOMPARE(text(rowOf(particular->name), ModelTable::Multiplications), QStringLiteral("–"));
    const QString sentence = QString::fromStdString(sizeProblem(*particular, {130, 130}));
    QVERIFY(tip(rowOf(particular->name), ModelTable::Multiplications).contains(sentence.toHtmlEscaped()));
    QVERIFY(label("modelSize")->text().contains(sentence));
    QVERIFY(!button("measure")->isEnabled());
    QCOMPARE(view()->model()->headerData(ModelTable::Multiplications, Qt::Horizontal).toString(),
             QStringLiteral("GMAC at 130"));
    button("useSize")->setFocus();
    button("useSize")->click();
    QVERIFY(view()->hasFocus());
    QVERIFY(networkSize(session_->recipe().stages.front()) == particular->input_size);
    QVERIFY(!button("useSize")->isVisible());
    session_->undo();
    QCOMPARE(QString::fromStdString(toString(networkSize(session_->recipe().stages.front()))),
             QStringLiteral("130"));
  }

  void sidesInWords() {
    Architecture arch;
    arch.takes_side = [](int side) { return side >= 32; };
    QCOMPARE(sidesWords(arch), QStringLiteral("from 32 on"));
    arch.takes_side = [](int side) { return side % 16 == 0; };
    QCOMPARE(sidesWords(arch), QStringLiteral("steps of 16"));
    arch.takes_side = [](int side) { return side % 32 == 0 && side >= 64; };
    QCOMPARE(sidesWords(arch), QStringLiteral("steps of 32 from 64 on"));
    arch.takes_side = [](int side) { return side % 224 == 0; };
    QCOMPARE(sidesWords(arch), QStringLiteral("224, 448 …"));
    arch.takes_side = [](int side) { return side == 256 || side == 512; };
    QCOMPARE(sidesWords(arch), QStringLiteral("256, 512"));
    arch.takes_side = [](int) { return false; };
    QCOMPARE(sidesWords(arch), QStringLiteral("none"));
  }

  // The final size where there is one, else the item's: whichever the network gets is changed.
  void networkSizeOfAStage() {
    StageOptions stage;
    stage.resize.size = {480, 360};
    QCOMPARE(QString::fromStdString(toString(networkSize(stage))), QStringLiteral("480,360"));
    stage.augment->size = Size{256, 192};
    QCOMPARE(QString::fromStdString(toString(networkSize(stage))), QStringLiteral("256,192"));
    setNetworkSize(stage, {224, 224});
    QCOMPARE(QString::fromStdString(toString(stage.resize.size)), QStringLiteral("480,360"));
    stage.augment.reset();
    setNetworkSize(stage, {224, 224});
    QCOMPARE(QString::fromStdString(toString(stage.resize.size)), QStringLiteral("224"));
  }

  // --- Weights

  void weightsAreFoundWhereTheyLie() {
    QTRY_COMPARE(text(rowOf(kArch), ModelTable::Weights), QStringLiteral("downloadable"));
    select(kArch);
    QVERIFY(label("modelStart")->text().contains(QStringLiteral("from scratch")));
    QVERIFY(button("download")->isVisible());

    const std::string file = architecture(kArch).pretrained.front().fileName();
    put(folder_->filePath(QStringLiteral("torch/hub/checkpoints/")) + QString::fromStdString(file));
    QTest::keyClick(view(), Qt::Key_F5);
    QTRY_COMPARE(text(rowOf(kArch), ModelTable::Weights), QStringLiteral("torch hub"));
    QVERIFY(label("modelWeights")->text().remove(QChar(0x200b)).contains(QString::fromStdString(file)));
    QVERIFY(!label("modelStart")->isVisible());
    QVERIFY(!button("download")->isVisible());

    put(inWorkspace("resnet18.safetensors"));
    page_->hide();
    page_->show();
    QTRY_COMPARE(text(rowOf(kArch), ModelTable::Weights), QStringLiteral("workspace"));
  }

  void aDownloadThatWasBegunIsSaid() {
    put(inWorkspace("resnet18.safetensors.part"));
    session_->weights().refresh();
    QTRY_COMPARE(text(rowOf(kArch), ModelTable::Weights), QStringLiteral("begun"));
    select(kArch);
    QVERIFY(button("download")->text().contains(QStringLiteral("rest")));
  }

  void offlineIsANormalState() {
    qputenv("HF_HUB_OFFLINE", "1");
    reopen();
    QTRY_COMPARE(text(rowOf(kArch), ModelTable::Weights), QStringLiteral("absent (offline)"));
    select(kArch);
    QVERIFY(!button("download")->isEnabled());
    QVERIFY(button("download")->toolTip().contains(QStringLiteral("HF_HUB_OFFLINE")));
  }

  void downloadThatFailsIsReportedWithItsRemedy() {
    QSignalSpy reported(session_.get(), &Session::problemReported);
    select(kArch);
    QTRY_VERIFY(button("download")->isVisible());
    button("download")->setFocus();
    button("download")->click();
    QVERIFY(!button("download")->isVisible());
    QVERIFY(button("cancelDownload")->isVisible());
    QTRY_COMPARE(reported.size(), 1);
    QVERIFY(reported.front().front().toString().contains(QStringLiteral("127.0.0.1")));
    QTRY_COMPARE(text(rowOf(kArch), ModelTable::Weights), QStringLiteral("downloadable"));
    QVERIFY(button("download")->isVisible());
    QVERIFY(button("download")->hasFocus());
    QVERIFY(!button("cancelDownload")->isVisible());
  }

  void aDownloadCanBeCancelledAndGoneOnWith() {
    const std::filesystem::path file(folder_->filePath(QStringLiteral("hub.safetensors")).toStdString());
    testing::writeZeroWeights(kArch, file);
    const std::string content = readText(file);
    std::atomic<bool> stall = true;
    const testing::HttpServer server([&](const testing::HttpServer::Request& request) {
      const std::string answer = testing::fileAnswer(request, content, "\"one\"");
      if (!stall) return testing::HttpServer::Answer{answer, false};
      return testing::HttpServer::Answer{answer.substr(0, answer.size() - content.size() / 4), true};
    });
    qputenv("HF_ENDPOINT", server.url("").c_str());
    select(kArch);
    QTRY_VERIFY(button("download")->isVisible());
    button("download")->click();
    QTRY_COMPARE(text(rowOf(kArch), ModelTable::Weights), QStringLiteral("75 %"));
    QVERIFY(page_->findChild<QProgressBar*>()->isVisible());
    button("cancelDownload")->click();
    QTRY_COMPARE(text(rowOf(kArch), ModelTable::Weights), QStringLiteral("begun"));
    stall = false;
    button("download")->click();
    QTRY_COMPARE(text(rowOf(kArch), ModelTable::Weights), QStringLiteral("workspace"));
    const auto requests = server.requests();
    QVERIFY(!requests.front().headers.contains("range") && requests.back().headers.contains("range"));
    QVERIFY(readText(inWorkspace("resnet18.safetensors").toStdString()) == content);
  }

  void whatARunWouldStartFrom() {
    using Kind = TrainingStart::Kind;
    ModelOptions model;
    QTRY_VERIFY(trainingStart(model, session_->weights()).kind == Kind::Scratch);
    const TrainingStart scratch = trainingStart(model, session_->weights());
    QCOMPARE(scratch.brief, QStringLiteral("from scratch"));
    QVERIFY(scratch.sentence.contains(QStringLiteral("no weights for resnet18")));
    QVERIFY(!scratch.wanted);
    model.weights = "none";
    QVERIFY(trainingStart(model, session_->weights()).wanted);
    model.weights = "/models/mine.pth";
    QCOMPARE(trainingStart(model, session_->weights()).brief, QStringLiteral("mine.pth"));
    model.weights = "auto";
    put(inWorkspace("resnet18.safetensors"));
    session_->weights().refresh();
    QTRY_COMPARE(trainingStart(model, session_->weights()).brief, QStringLiteral("weights found"));
    model.arch = "resnet81";
    QVERIFY(trainingStart(model, session_->weights()).kind == Kind::Unknown);
  }

  // --- Import

  void aDroppedFileIsLookedAtThenImported() {
    const QString file = folder_->filePath(QStringLiteral("from-a-friend.safetensors"));
    testing::writeZeroWeights(kArch, file.toStdString());
    drop(file);
    QTRY_VERIFY(button("importNow")->isVisible());
    QVERIFY2(label("importTitle")->text().contains(QStringLiteral("resnet18")),
             qPrintable(label("importTitle")->text()));
    QVERIFY(label("importText")->text().contains(QStringLiteral("1,000 classes")));
    QVERIFY(!QFile::exists(inWorkspace("resnet18.safetensors")));
    button("importNow")->click();
    QTRY_COMPARE(text(rowOf(kArch), ModelTable::Weights), QStringLiteral("workspace"));
    QVERIFY(QFile::exists(inWorkspace("resnet18.safetensors")));
    QVERIFY(label("modelName")->text().contains(QStringLiteral("resnet18")));

    // What is there is written over only when told so.
    drop(file);
    QTRY_VERIFY(button("importNow")->isVisible());
    QCOMPARE(button("importNow")->text(), QStringLiteral("Replace"));
    QVERIFY(page_->leaveDrillDown());
    QVERIFY(!label("importTitle")->isVisible());
  }

  void aFileThatIsNoneSaysWhy() {
    const QString file = folder_->filePath(QStringLiteral("notes.pth"));
    put(file);
    drop(file);
    QTRY_VERIFY(label("importTitle")->text().contains(QStringLiteral("cannot be used")));
    QVERIFY(label("importText")->text().contains(QStringLiteral("notes.pth")));
    QVERIFY(!button("importNow")->isVisible());
  }

  void otherFilesAreNotForThisPage() {
    const QString file = folder_->filePath(QStringLiteral("train.csv"));
    put(file);
    QMimeData mime;
    mime.setUrls({QUrl::fromLocalFile(file)});
    QDragEnterEvent enter(QPoint(100, 100), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    enter.ignore();
    QApplication::sendEvent(page_.get(), &enter);
    QVERIFY(!enter.isAccepted());
  }

  // --- Cost

  void measuredCostIsShownAndKept() {
    setSize({32, 32});
    select(kArch);
    QCOMPARE(text(rowOf(kArch), ModelTable::Seconds), QStringLiteral("–"));
    button("measure")->click();
    QCOMPARE(button("measure")->text(), QStringLiteral("Cancel"));
    QTRY_VERIFY_WITH_TIMEOUT(text(rowOf(kArch), ModelTable::Seconds).toDouble() > 0, kMeasureMs);
    // At 32 pixels the weights, their gradients and two moments are nearly all there is: 4 x 45 MiB.
    const double mib = text(rowOf(kArch), ModelTable::Memory).remove(QLatin1Char(',')).toDouble();
    QVERIFY2(mib > 100 && mib < 800, qPrintable(QString::number(mib)));
    reopen();
    setSize({32, 32});
    QVERIFY(text(rowOf(kArch), ModelTable::Seconds).toDouble() > 0);
    setSize({64, 64});
    QCOMPARE(text(rowOf(kArch), ModelTable::Seconds), QStringLiteral("–"));
    QVERIFY(tip(rowOf(kArch), ModelTable::Seconds).contains(QStringLiteral("32×32")));
  }

  void measuringCanBeCancelled() {
    select("resnet50");
    button("measure")->click();
    button("measure")->click();
    QCOMPARE(button("measure")->text(), QStringLiteral("&Measure here"));
    QTest::qWait(50);
    QCOMPARE(text(rowOf("resnet50"), ModelTable::Seconds), QStringLiteral("–"));
  }

 private:
  void reopen() {
    page_.reset();
    session_.reset();
    session_ = std::make_unique<Session>(
        std::make_unique<RunStore>(folder_->filePath(QStringLiteral("workspace")).toStdString()));
    page_.reset(makeModelsPage(*session_, nullptr));
    page_->resize(1000, 640);
    page_->show();
    page_->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(page_.get()));
  }

  QTableView* view() const { return page_->findChild<QTableView*>(); }
  QPushButton* button(const char* name) const {
    return page_->findChild<QPushButton*>(QLatin1StringView(name));
  }
  QLabel* label(const char* name) const { return page_->findChild<QLabel*>(QLatin1StringView(name)); }
  QString text(int row, int column) const { return view()->model()->index(row, column).data().toString(); }
  QString tip(int row, int column) const {
    return view()->model()->index(row, column).data(Qt::ToolTipRole).toString();
  }
  QString name(int row) const { return text(row, ModelTable::Name); }
  std::int64_t parameters(int row) const { return architecture(name(row).toStdString()).params; }

  int rowOf(const std::string& arch) const {
    for (int row = 0; row < view()->model()->rowCount(); ++row) {
      if (name(row).toStdString() == arch) return row;
    }
    return -1;
  }

  void select(const std::string& arch) { view()->setCurrentIndex(view()->model()->index(rowOf(arch), 0)); }

  void click(int row) {
    const QModelIndex index = view()->model()->index(row, 0);
    view()->scrollTo(index);
    QTest::mouseClick(view()->viewport(), Qt::LeftButton, Qt::NoModifier, view()->visualRect(index).center());
  }

  void setSize(Size size) {
    RunSpec spec = session_->recipe();
    setNetworkSize(spec.stages.front(), size);
    session_->setRecipe(spec, QStringLiteral("Change size"));
  }

  QString inWorkspace(const char* file) const {
    return folder_->filePath(QStringLiteral("workspace/weights/") + QLatin1StringView(file));
  }

  static void put(const QString& file) {
    const std::filesystem::path path(file.toStdString());
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "something";
  }

  void drop(const QString& file) {
    QMimeData mime;
    mime.setUrls({QUrl::fromLocalFile(file)});
    QDragEnterEvent enter(QPoint(100, 100), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(page_.get(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent dropped(QPointF(100, 100), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(page_.get(), &dropped);
  }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Page> page_;
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::ModelsPageTest)
#include "models_page_test.moc"
