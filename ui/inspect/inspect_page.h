#pragma once

class QWidget;

namespace panicle::ui {

class Page;
class Session;

Page* makeInspectPage(Session& session, QWidget* parent);

}  // namespace panicle::ui
