#pragma once

class QWidget;

namespace panicle::ui {

class Page;
class Session;

Page* makeSubmitPage(Session& session, QWidget* parent);

}  // namespace panicle::ui
