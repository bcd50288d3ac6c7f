#include "ui/data/data_page.h"

#include "ui/shared/page.h"
#include "ui/shared/session.h"

namespace panicle::ui {

Page* makeDataPage(Session&, QWidget* parent) {
  return new Page(parent);
}

}  // namespace panicle::ui
