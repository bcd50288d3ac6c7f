// Saves a confusion matrix as CSV or PNG where the user says, in a job.
#pragma once

#include <QImage>
#include <QString>
#include <functional>
#include <memory>

#include "ui/inspect/inspection.h"

class QWidget;

namespace panicle::ui {

class Session;

using ExportDone = std::function<void(const QString& file)>;

// Each opens a file dialog that is not modal; `done` is told the file that was written. Problems go to Session::report.
void exportCsv(Session& session, QWidget* parent, const std::shared_ptr<const Inspection>& inspection, ExportDone done);
void exportPng(Session& session, QWidget* parent, const Inspection& inspection, const QImage& picture, ExportDone done);

}  // namespace panicle::ui
