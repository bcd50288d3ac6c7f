#pragma once

class QWidget;

namespace panicle::ui {

class Page;
class Session;

Page* makeRunsPage(Session& session, QWidget* parent);

}  // namespace panicle::ui
