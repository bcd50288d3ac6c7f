#include "ui/inspect/inspect_page.h"

#include "ui/shared/page.h"
#include "ui/shared/session.h"

namespace panicle::ui {

Page* makeInspectPage(Session&, QWidget* parent) {
  return new Page(parent);
}

}  // namespace panicle::ui
