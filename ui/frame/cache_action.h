// The File menu's action that removes the presize cache: says how large it is, asks, removes it in a job.
#pragma once

class QAction;
class QMenu;
class QWidget;

namespace panicle::ui {

class Session;

// Appends the action to `menu`, whose opening brings its size up to date. The question is a child of
// `window`.
QAction* addCacheAction(QMenu* menu, Session& session, QWidget* window);

}  // namespace panicle::ui
