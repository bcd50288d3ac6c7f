#include "ui/shared/runs_reader.h"

namespace panicle::ui {

RunsReader::RunsReader(Session& session, QObject* owner) : QObject(owner), session_(session) {
  connect(&session_, &Session::runsChanged, this, &RunsReader::refresh);
}

void RunsReader::refresh() {
  stale_ = reading_;
  if (reading_) return;
  reading_ = true;
  start_();
}

void RunsReader::ended() {
  reading_ = false;
  if (stale_) refresh();
}

}  // namespace panicle::ui
