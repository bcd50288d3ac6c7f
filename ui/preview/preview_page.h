// What the network sees: photos through the recipe's transforms, before a run is started.
#pragma once

class QWidget;

namespace panicle::ui {

class Page;
class Session;

Page* makePreviewPage(Session& session, QWidget* parent);

}  // namespace panicle::ui
