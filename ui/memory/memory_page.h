// What the memory holds, what the recipe would take of it, and which networks fit at which sizes.
#pragma once

class QWidget;

namespace panicle::ui {

class Page;
class Session;

Page* makeMemoryPage(Session& session, QWidget* parent);

}  // namespace panicle::ui
