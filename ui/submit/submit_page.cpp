#include "ui/submit/submit_page.h"

#include "ui/shared/page.h"
#include "ui/shared/session.h"

namespace panicle::ui {

Page* makeSubmitPage(Session&, QWidget* parent) {
  return new Page(parent);
}

}  // namespace panicle::ui
