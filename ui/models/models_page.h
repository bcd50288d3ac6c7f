// Which network: all architectures in a table, what each costs and where its weights are.
#pragma once

class QWidget;

namespace panicle::ui {

class Page;
class Session;

Page* makeModelsPage(Session& session, QWidget* parent);

}  // namespace panicle::ui
