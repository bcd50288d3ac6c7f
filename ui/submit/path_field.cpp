#include "ui/submit/path_field.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMimeData>
#include <QToolButton>
#include <QUrl>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

// The one CSV file that is dragged, or nothing.
QString draggedCsv(const QMimeData* data) {
  const QList<QUrl> urls = data->urls();
  if (urls.size() != 1 || !urls.front().isLocalFile()) return {};
  const QString file = urls.front().toLocalFile();
  return file.endsWith(QLatin1String(".csv"), Qt::CaseInsensitive) ? file : QString();
}

}  // namespace

PathField::PathField(Purpose purpose, const QString& name, const QString& help, QWidget* parent)
    : QWidget(parent), purpose_(purpose), name_(name), help_(help), edit_(new QLineEdit(this)), browse_(new QToolButton(this)) {
  edit_->setToolTip(help);
  edit_->setAccessibleName(name);
  edit_->setAcceptDrops(false);  // a dropped file is ours, not text
  browse_->setIcon(lineIcon(QStringLiteral("folder")));
  browse_->setToolTip(tr("Browse for the file"));
  browse_->setAccessibleName(tr("Browse: %1").arg(name));
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addWidget(edit_, 1);
  layout->addWidget(browse_);
  setFocusProxy(edit_);
  setAcceptDrops(purpose == Purpose::Open);
  if (purpose == Purpose::Open) edit_->setPlaceholderText(tr("Drop the CSV here"));
  connect(edit_, &QLineEdit::editingFinished, this, [this] {
    if (!edit_->isModified()) return;
    edit_->setModified(false);
    Q_EMIT chosen(path());
  });
  connect(browse_, &QToolButton::clicked, this, &PathField::browse);
}

QString PathField::path() const {
  return edit_->text().trimmed();
}

void PathField::setPath(const QString& path) {
  edit_->setText(path);
  edit_->setModified(false);
  // The field is often shorter than the path.
  edit_->setToolTip(path.isEmpty() ? help_ : help_ + QStringLiteral("\n\n") + path);
}

void PathField::take(const QString& path) {
  setPath(path);
  Q_EMIT chosen(path);
}

void PathField::browse() {
  auto* dialog = new QFileDialog(this, name_, path(), tr("CSV tables (*.csv);;All files (*)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  if (purpose_ == Purpose::Save) {
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("csv"));
    // Overwriting is asked about when the file is written.
    dialog->setOption(QFileDialog::DontConfirmOverwrite);
  } else {
    dialog->setFileMode(QFileDialog::ExistingFile);
  }
  const QFileInfo info(path());
  if (info.absoluteDir().exists()) dialog->setDirectory(info.absolutePath());
  if (!path().isEmpty()) dialog->selectFile(info.fileName());
  connect(dialog, &QFileDialog::fileSelected, this, &PathField::take);
  dialog->show();
}

void PathField::dragEnterEvent(QDragEnterEvent* event) {
  if (!draggedCsv(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void PathField::dropEvent(QDropEvent* event) {
  const QString file = draggedCsv(event->mimeData());
  if (file.isEmpty()) return;
  event->acceptProposedAction();
  take(file);
}

}  // namespace panicle::ui
