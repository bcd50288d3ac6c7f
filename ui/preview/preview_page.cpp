#include "ui/preview/preview_page.h"

#include <QTabWidget>
#include <QVBoxLayout>

#include "ui/preview/batch_tab.h"
#include "ui/shared/page.h"

namespace panicle::ui {

Page* makePreviewPage(Session& session, QWidget* parent) {
  auto* page = new Page(parent);
  auto* tabs = new QTabWidget(page);
  auto* layout = new QVBoxLayout(page);
  layout->addWidget(tabs);
  tabs->addTab(new BatchTab(session, tabs), QObject::tr("Batch"));
  return page;
}

}  // namespace panicle::ui
