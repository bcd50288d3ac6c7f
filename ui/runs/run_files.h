// Runs as files: saved as a zip to be kept or given away, and brought in from one.
#pragma once

#include <QString>
#include <functional>
#include <string>

class QWidget;

namespace panicle::ui {

class Session;

// Asks for the file and writes it in a job; `done(file)` when it is there.
void saveRun(Session& session, QWidget* parent, const std::string& run, std::function<void(const QString& file)> done);
// Asks for the file and reads it in a job; `done(run)` with the id that it got here.
void bringRun(Session& session, QWidget* parent, std::function<void(const std::string& run)> done);

}  // namespace panicle::ui
