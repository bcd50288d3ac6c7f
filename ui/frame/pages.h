// The pages, in the order of the work. The side bar, Ctrl+1..9, the command palette and Session::pageRequested read this list.
#pragma once

#include <QString>
#include <vector>

class QWidget;

namespace panicle::ui {

class Page;
class Session;

struct PageEntry {
  QString id;       // "data"
  QString title;    // "Data"
  QString icon;
  QString help;     // one sentence, the tooltip
  Page* (*make)(Session& session, QWidget* parent);
};

const std::vector<PageEntry>& pageEntries();

}  // namespace panicle::ui
