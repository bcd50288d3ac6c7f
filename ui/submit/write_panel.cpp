#include "ui/submit/write_panel.h"

#include <QClipboard>
#include <QDesktopServices>
#include <QDir>
#include <QFileInfo>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/shared/jobs.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/submit/path_field.h"

namespace panicle::ui {
namespace {

QLabel* makeText(QWidget* parent) {
  auto* label = new QLabel(parent);
  label->setWordWrap(true);
  label->setTextFormat(Qt::PlainText);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  return label;
}

void setRole(QLabel* label, const QColor& color) {
  QPalette palette = label->palette();
  palette.setColor(QPalette::WindowText, color);
  label->setPalette(palette);
}

// A path has no blanks to wrap at.
QString wrappable(QString path) {
  return path.replace(QLatin1Char('/'), QStringLiteral("/\u200b"));
}

void writeTo(const SubmissionReport& report, const std::filesystem::path& file) {
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  writeSubmission(report.submission, file);
}

}  // namespace

WritePanel::WritePanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      path_(new PathField(PathField::Purpose::Save, tr("Write to"),
                          tr("The CSV to write. Its folder is made when it is not there yet."), this)),
      write_(new QPushButton(tr("Write submission"), this)),
      question_(new QWidget(this)),
      questionText_(makeText(question_)),
      overwrite_(new QPushButton(tr("Overwrite"), question_)),
      keep_(new QPushButton(tr("Keep it"), question_)),
      outcome_(new QWidget(this)),
      outcomeText_(makeText(outcome_)),
      copy_(new QPushButton(lineIcon(QStringLiteral("copy")), tr("Copy path"), outcome_)),
      open_(new QPushButton(lineIcon(QStringLiteral("folder")), tr("Open folder"), outcome_)) {
  build();
  write_->setObjectName(QStringLiteral("write"));
  overwrite_->setObjectName(QStringLiteral("overwrite"));
  keep_->setObjectName(QStringLiteral("keep"));
  outcomeText_->setObjectName(QStringLiteral("outcome"));
  connect(write_, &QPushButton::clicked, this, &WritePanel::write);
  connect(overwrite_, &QPushButton::clicked, this, &WritePanel::writeNow);
  connect(keep_, &QPushButton::clicked, this, &WritePanel::keep);
  connect(path_, &PathField::chosen, this, [this](const QString& path) {
    named_ = !path.isEmpty();
    reset();
  });
  connect(copy_, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(file_); });
  connect(open_, &QPushButton::clicked, this, [this] {
    QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(file_).absolutePath()));
  });
  reset();
}

void WritePanel::build() {
  makePrimary(write_);
  write_->setMinimumHeight(4 * kGrid);
  overwrite_->setToolTip(tr("Replace the file with this submission"));
  keep_->setToolTip(tr("Leave the file as it is; name another one above (Esc)"));
  copy_->setToolTip(tr("Copy the file's path, for the upload form"));
  open_->setToolTip(tr("Show the folder in the file manager"));
  const auto addButtons = [](QWidget* box, QLabel* text, QPushButton* first, QPushButton* second) {
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(kGrid);
    buttons->addWidget(first);
    buttons->addWidget(second);
    buttons->addStretch(1);
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kGrid);
    layout->addWidget(text);
    layout->addLayout(buttons);
  };
  addButtons(question_, questionText_, overwrite_, keep_);
  addButtons(outcome_, outcomeText_, copy_, open_);
  auto* caption = new QLabel(tr("&Write to"), this);
  caption->setBuddy(path_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(caption);
  layout->addWidget(path_);
  layout->addWidget(write_);
  layout->addWidget(question_);
  layout->addWidget(outcome_);
}

void WritePanel::setRun(const RunChoice& run) {
  if (!named_) {
    const QDir workspace(QString::fromStdString(session_.store().workspace().string()));
    path_->setPath(workspace.filePath(QStringLiteral("submissions/%1-%2.csv").arg(run.id, run.arch)));
  }
  reset();
}

void WritePanel::setReport(std::shared_ptr<const SubmissionReport> report) {
  report_ = std::move(report);
  reset();
}

bool WritePanel::asking() const {
  return !question_->isHidden();
}

void WritePanel::keep() {
  reset();
  path_->setFocus();
}

void WritePanel::reset() {
  question_->hide();
  outcome_->hide();
  const bool ready = report_ && report_->good() && !path_->path().isEmpty() && !writing_;
  write_->setEnabled(ready);
  write_->setToolTip(ready                             ? tr("Check the file in place, then write it in one step")
                     : report_ && !report_->good()     ? tr("Not while a check fails: see what does not fit at the right")
                                                       : tr("Choose a run and the sample submission first"));
}

void WritePanel::write() {
  const QFileInfo info(path_->path());
  if (!info.exists()) {
    writeNow();
    return;
  }
  const QString when = QLocale().toString(info.lastModified(), QLocale::ShortFormat);
  questionText_->setText(tr("%1 exists already, last changed %2.").arg(info.fileName(), when));
  outcome_->hide();
  question_->show();
  write_->setEnabled(false);
  overwrite_->setFocus();
}

void WritePanel::writeNow() {
  writing_ = true;
  reset();
  const QString file = path_->path();
  session_.jobs().start(
      this, tr("Writing %1").arg(QFileInfo(file).fileName()),
      [report = report_, file](std::stop_token, const Progress&) {
        writeTo(*report, std::filesystem::path(file.toStdString()));
        return report->submission.rows.size();
      },
      [this, file](std::size_t rows) { written(file, rows); }, [this](const QString& message) { failed(message); });
}

void WritePanel::written(const QString& file, std::size_t rows) {
  writing_ = false;
  reset();
  file_ = QFileInfo(file).absoluteFilePath();
  setRole(outcomeText_, Theme::instance().colors().text);
  outcomeText_->setText(tr("%1 rows written to\n%2").arg(formatCount(rows), wrappable(file_)));
  copy_->show();
  open_->show();
  outcome_->show();
}

void WritePanel::failed(const QString& message) {
  writing_ = false;
  reset();
  setRole(outcomeText_, Theme::instance().colors().error);
  outcomeText_->setText(message);
  copy_->hide();
  open_->hide();
  outcome_->show();
}

}  // namespace panicle::ui
