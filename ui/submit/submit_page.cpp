#include "ui/submit/submit_page.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "ui/shared/empty_state.h"
#include "ui/shared/jobs.h"
#include "ui/shared/page.h"
#include "ui/shared/run_chooser.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/submit/checklist_view.h"
#include "ui/submit/label_bars.h"
#include "ui/submit/path_field.h"
#include "ui/submit/submission_model.h"
#include "ui/submit/write_panel.h"

namespace panicle::ui {
namespace {

constexpr int kLeftWidth = 36 * kGrid;
constexpr int kLeftCharacters = 40;  // so that it grows with the font

QLabel* makeHeading(const QString& text, QWidget* parent) {
  auto* heading = new QLabel(text, parent);
  QFont strong = heading->font();
  strong.setWeight(QFont::DemiBold);
  heading->setFont(strong);
  return heading;
}

QLabel* makeNote(QWidget* parent) {
  auto* note = new QLabel(parent);
  note->setWordWrap(true);
  note->setTextFormat(Qt::PlainText);
  note->setForegroundRole(QPalette::PlaceholderText);
  return note;
}

class SubmitPage : public Page {
 public:
  SubmitPage(Session& session, QWidget* parent);

  bool leaveDrillDown() override;

 private:
  QWidget* makeLeft();
  QWidget* makeRight();
  QWidget* makeTable();
  QWidget* makeBars();

  void runChosen();
  void presetSample();
  void check();
  void showReport(std::shared_ptr<const SubmissionReport> report);
  void clearReport(const QString& note);

  Session& session_;
  quint64 checking_ = 0;       // job; 0: none
  bool samplePicked_ = false;  // by the user

  RunChooser* chooser_;
  QLabel* runNote_;
  PathField* sample_;
  QLabel* sampleNote_;
  WritePanel* write_;
  ChecklistView* checks_;
  QLabel* verdict_;
  SubmissionModel* model_;
  QLabel* rowsHeading_;
  LabelBars* bars_;
  QLabel* barsNote_;
  EmptyState* empty_;
  QStackedWidget* stack_;
  QWidget* content_;
};

SubmitPage::SubmitPage(Session& session, QWidget* parent)
    : Page(parent),
      session_(session),
      chooser_(new RunChooser(session, "test", this)),
      runNote_(makeNote(this)),
      sample_(new PathField(PathField::Purpose::Open, tr("Sample submission"),
                            tr("The sample_submission.csv of the competition: it says the header, the ids and their order.\n"
                               "Found by itself when it lies in the data set; else browse, or drop the file here."),
                            this)),
      sampleNote_(makeNote(this)),
      write_(new WritePanel(session, this)),
      checks_(new ChecklistView(this)),
      verdict_(makeHeading({}, this)),
      model_(new SubmissionModel(this)),
      rowsHeading_(makeHeading(tr("Rows"), this)),
      bars_(new LabelBars(this)),
      barsNote_(makeNote(this)),
      empty_(new EmptyState(this)),
      stack_(new QStackedWidget(this)),
      content_(new QWidget(this)) {
  auto* content = new QHBoxLayout(content_);
  content->setContentsMargins(0, 0, 0, 0);
  content->setSpacing(3 * kGrid);
  content->addWidget(makeLeft());
  content->addWidget(makeRight(), 1);
  stack_->addWidget(empty_);
  stack_->addWidget(content_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, 2 * kGrid);
  layout->addWidget(stack_);

  connect(chooser_, &RunChooser::runChanged, this, &SubmitPage::runChosen);
  connect(sample_, &PathField::chosen, this, [this](const QString& path) {
    samplePicked_ = !path.isEmpty();
    if (!samplePicked_) presetSample();
    check();
  });
  connect(&session_, &Session::datasetChanged, this, [this] {
    if (!chooser_->current()) return;
    presetSample();
    check();
  });
  connect(empty_, &EmptyState::clicked, this, [this] { Q_EMIT session_.pageRequested(QStringLiteral("train")); });
  runChosen();
}

QWidget* SubmitPage::makeLeft() {
  auto* left = new QWidget(this);
  left->setFixedWidth(std::max(kLeftWidth, fontMetrics().averageCharWidth() * kLeftCharacters));
  auto* runCaption = new QLabel(tr("&Run"), left);
  runCaption->setBuddy(chooser_);
  auto* sampleCaption = new QLabel(tr("&Sample submission"), left);
  sampleCaption->setBuddy(sample_);
  auto* layout = new QVBoxLayout(left);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(runCaption);
  layout->addWidget(chooser_);
  layout->addWidget(runNote_);
  layout->addSpacing(kGrid);
  layout->addWidget(sampleCaption);
  layout->addWidget(sample_);
  layout->addWidget(sampleNote_);
  layout->addSpacing(kGrid);
  layout->addWidget(write_);
  layout->addSpacing(kGrid);
  layout->addWidget(makeBars(), 1);
  return left;
}

QWidget* SubmitPage::makeTable() {
  auto* box = new QWidget(this);
  auto* table = new QTableView(box);
  table->setModel(model_);
  table->setAccessibleName(tr("Rows of the submission"));
  table->setToolTip(tr("The CSV as it will be written, in the sample's order"));
  table->setFrameShape(QFrame::NoFrame);
  table->setShowGrid(false);
  table->setWordWrap(false);
  table->setTextElideMode(Qt::ElideMiddle);
  table->setTabKeyNavigation(false);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
  table->horizontalHeader()->setHighlightSections(false);
  table->verticalHeader()->setDefaultSectionSize(std::max(3 * kGrid, fontMetrics().height() + kGrid));
  auto* layout = new QVBoxLayout(box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(rowsHeading_);
  layout->addWidget(table, 1);
  return box;
}

QWidget* SubmitPage::makeBars() {
  auto* box = new QWidget(this);
  auto* scroll = new QScrollArea(box);
  scroll->setWidget(bars_);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setBackgroundRole(QPalette::Base);
  auto* layout = new QVBoxLayout(box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(makeHeading(tr("Label proportions"), box));
  layout->addWidget(barsNote_);
  layout->addWidget(scroll, 1);
  return box;
}

QWidget* SubmitPage::makeRight() {
  auto* right = new QWidget(this);
  auto* layout = new QVBoxLayout(right);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(verdict_);
  layout->addWidget(checks_);
  layout->addSpacing(kGrid);
  layout->addWidget(makeTable(), 1);
  return right;
}

bool SubmitPage::leaveDrillDown() {
  if (!write_->asking()) return false;
  write_->keep();
  return true;
}

void SubmitPage::runChosen() {
  const RunChoice* run = chooser_->current();
  if (!run) {
    clearReport({});
    if (chooser_->listed()) {
      empty_->say(tr("No run has test predictions yet"),
                  tr("A run predicts the test images of its data set when it ends. They are found by themselves in a "
                     "folder test_images; any other folder can be named in the recipe (data, test)."),
                  tr("Go to Train"));
    } else {
      empty_->say(tr("Looking for runs"), {});
    }
    stack_->setCurrentWidget(empty_);
    return;
  }
  stack_->setCurrentWidget(content_);
  const QString checkpoint = run->epochs > 0 ? tr("last epoch (%1)").arg(run->epochs) : tr("last epoch");
  const QString tta = submitsTta(*run) ? tr("TTA") : tr("no TTA");
  runNote_->setText(tr("checkpoint: %1 · split: test · %2").arg(checkpoint, tta));
  write_->setRun(*run);
  presetSample();
  check();
}

void SubmitPage::presetSample() {
  if (samplePicked_) return;
  std::filesystem::path found;
  std::error_code ignored;
  if (const RunChoice* run = chooser_->current()) {
    const std::filesystem::path beside = run->root / "sample_submission.csv";
    if (std::filesystem::is_regular_file(beside, ignored)) found = beside;
  }
  const auto dataset = session_.dataset();
  if (found.empty() && dataset && dataset->sample_submission) found = *dataset->sample_submission;
  sample_->setPath(QString::fromStdString(found.string()));
}

void SubmitPage::check() {
  if (checking_ != 0) session_.jobs().cancel(std::exchange(checking_, 0));
  const RunChoice* run = chooser_->current();
  if (!run) return;
  const QString sample = sample_->path();
  if (sample.isEmpty()) {
    clearReport(tr("No sample submission is chosen"));
    sampleNote_->setText(tr("None lies in the data set. Drop the competition's sample_submission.csv here, or browse for it."));
    return;
  }
  sampleNote_->setText(samplePicked_ ? QString() : tr("Found in the data set."));
  sampleNote_->setVisible(!sampleNote_->text().isEmpty());
  clearReport(tr("Checking..."));
  checking_ = session_.jobs().start(
      this, tr("Checking the submission of %1").arg(run->title()),
      [run = *run, sample = std::filesystem::path(sample.toStdString()), dataset = session_.dataset()](
          std::stop_token stop, const Progress& progress) { return checkSubmission(run, sample, dataset, stop, progress); },
      [this](std::shared_ptr<const SubmissionReport> report) {
        checking_ = 0;
        showReport(std::move(report));
      },
      [this](const QString& message) {
        checking_ = 0;
        clearReport(tr("The predictions of the run cannot be read"));
        barsNote_->setText(message);
      });
}

void SubmitPage::showReport(std::shared_ptr<const SubmissionReport> report) {
  const std::size_t rows = report->submission.rows.size();
  verdict_->setText(report->good() ? tr("Ready to write") : tr("Does not fit: it will not be written"));
  checks_->setChecks(report->checks);
  rowsHeading_->setText(rows == 1 ? tr("1 row") : tr("%1 rows").arg(formatCount(rows)));
  barsNote_->setText(report->known_shares.empty() ? tr("Predicted")
                                                  : tr("Predicted; in grey: %1")
                                                        .arg(report->known_photos));
  model_->setReport(report);
  bars_->setReport(report);
  write_->setReport(std::move(report));
}

void SubmitPage::clearReport(const QString& note) {
  verdict_->setText(note);
  checks_->setChecks(emptyChecklist());
  rowsHeading_->setText(tr("Rows"));
  barsNote_->clear();
  model_->setReport(nullptr);
  bars_->setReport(nullptr);
  write_->setReport(nullptr);
}

}  // namespace

Page* makeSubmitPage(Session& session, QWidget* parent) {
  return new SubmitPage(session, parent);
}

}  // namespace panicle::ui
