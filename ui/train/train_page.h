#pragma once

class QWidget;

namespace panicle::ui {

class Page;
class Session;

Page* makeTrainPage(Session& session, QWidget* parent);

}  // namespace panicle::ui
