#include "ui/preview/batch_tab.h"

#include "ui/shared/session.h"

namespace panicle::ui {

BatchTab::BatchTab(Session& session, QWidget* parent) : QWidget(parent), session_(session) {}

}  // namespace panicle::ui
