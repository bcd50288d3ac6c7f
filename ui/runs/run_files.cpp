#include "ui/runs/run_files.h"

#include <QCoreApplication>
#include <QFileDialog>

#include "core/runs/run_archive.h"
#include "ui/shared/jobs.h"
#include "ui/shared/session.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::RunsPage", text); }

QFileDialog* zipDialog(QWidget* parent, const QString& title) {
  auto* dialog = new QFileDialog(parent, title);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setNameFilters({tr("Runs (*.zip)"), tr("All files (*)")});
  return dialog;
}

}  // namespace

void saveRun(Session& session, QWidget* parent, const std::string& run, std::function<void(const QString& file)> done) {
  QFileDialog* dialog = zipDialog(parent, tr("Save run %1").arg(QString::fromStdString(run)));
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(QStringLiteral("zip"));
  dialog->selectFile(QStringLiteral("run-%1.zip").arg(QString::fromStdString(run)));
  QObject::connect(dialog, &QFileDialog::fileSelected, parent, [&session, parent, run, done](const QString& file) {
    session.jobs().start(
        parent, tr("Saving run %1").arg(QString::fromStdString(run)),
        [store = &session.store(), run, path = std::filesystem::path(file.toStdString())](std::stop_token stop, const Progress& progress) {
          exportRun(*store, run, path, stop, progress);
          return true;
        },
        [done, file](bool) { done(file); });
  });
  dialog->open();
}

void bringRun(Session& session, QWidget* parent, std::function<void(const std::string& run)> done) {
  QFileDialog* dialog = zipDialog(parent, tr("Bring in a run"));
  dialog->setFileMode(QFileDialog::ExistingFile);
  QObject::connect(dialog, &QFileDialog::fileSelected, parent, [&session, parent, done](const QString& file) {
    session.jobs().start(
        parent, tr("Reading a run"),
        [store = &session.store(), path = std::filesystem::path(file.toStdString())](std::stop_token stop, const Progress& progress) {
          return importRun(*store, path, stop, progress);
        },
        [&session, done](const std::string& run) {
          done(run);
          Q_EMIT session.runsChanged();
        });
  });
  dialog->open();
}

}  // namespace panicle::ui
