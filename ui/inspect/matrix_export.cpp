#include "ui/inspect/matrix_export.h"

#include <QBuffer>
#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>

#include "core/base/error.h"
#include "core/base/file.h"
#include "ui/shared/jobs.h"
#include "ui/shared/session.h"

namespace panicle::ui {
namespace {

QString text(const char* source) {
  return QCoreApplication::translate("Inspect", source);
}

// Asks where to, then makes the content and writes it in a job.
void save(Session& session, QWidget* parent, const RunChoice& run, const QString& suffix, const QString& filter,
          std::function<std::string()> content, ExportDone done) {
  const QDir folder(QString::fromStdString(session.store().workspace().string()));
  auto* dialog = new QFileDialog(parent, text("Export the confusion matrix"),
                                 folder.filePath(QStringLiteral("confusion-run%1.%2").arg(run.id, suffix)), filter);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(suffix);
  dialog->setModal(false);
  QObject::connect(dialog, &QFileDialog::fileSelected, parent,
                   [&session, parent, content = std::move(content), done = std::move(done)](const QString& file) {
                     session.jobs().start(
                         parent, text("Exporting the confusion matrix"),
                         [file, content](std::stop_token, const Progress&) {
                           writeAtomically(std::filesystem::path(file.toStdString()), content());
                           return file;
                         },
                         done, [&session](const QString& message) { session.report(message); });
                   });
  dialog->show();
}

}  // namespace

void exportCsv(Session& session, QWidget* parent, const std::shared_ptr<const Inspection>& inspection, ExportDone done) {
  save(session, parent, inspection->run, QStringLiteral("csv"), text("CSV table (*.csv)"),
       [inspection] { return toCsv(*inspection->matrix); }, std::move(done));
}

void exportPng(Session& session, QWidget* parent, const Inspection& inspection, const QImage& picture, ExportDone done) {
  const auto encode = [picture] {
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    if (!picture.save(&buffer, "PNG")) throw Error("the picture could not be encoded as PNG");
    return buffer.data().toStdString();
  };
  save(session, parent, inspection.run, QStringLiteral("png"), text("PNG picture (*.png)"), encode, std::move(done));
}

}  // namespace panicle::ui
