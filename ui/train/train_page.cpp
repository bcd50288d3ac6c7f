#include "ui/train/train_page.h"

#include "ui/shared/page.h"
#include "ui/shared/session.h"

namespace panicle::ui {

Page* makeTrainPage(Session&, QWidget* parent) {
  return new Page(parent);
}

}  // namespace panicle::ui
