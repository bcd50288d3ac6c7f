#include "ui/memory/memory_page.h"

#include <QLineEdit>
#include <QSettings>
#include <QSplitter>
#include <QTabWidget>
#include <QVBoxLayout>

#include "ui/memory/fit_bar.h"
#include "ui/memory/fit_panel.h"
#include "ui/memory/meter_panel.h"
#include "ui/memory/runs_panel.h"
#include "ui/shared/page.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

const QLatin1StringView kSplitterKey("memory/splitter");

class MemoryPage : public Page {
 public:
  MemoryPage(Session& session, QWidget* parent);

  QWidget* filterWidget() override;
  bool leaveDrillDown() override;

 private:
  MeterPanel* meter_;
  FitPanel* fit_;
  QTabWidget* tabs_;
};

MemoryPage::MemoryPage(Session& session, QWidget* parent)
    : Page(parent), meter_(new MeterPanel(session)), fit_(new FitPanel(session)), tabs_(new QTabWidget) {
  auto* splitter = new QSplitter(Qt::Vertical, this);
  splitter->addWidget(meter_);
  tabs_->setDocumentMode(true);
  tabs_->addTab(fit_, tr("What fits"));
  tabs_->addTab(new RunsPanel(session), tr("Planned and measured"));
  tabs_->setTabToolTip(0, tr("Which networks fit into a memory, at which sizes and batches"));
  tabs_->setTabToolTip(1, tr("What the runs so far were planned to take, and what they took"));
  splitter->addWidget(tabs_);
  splitter->setChildrenCollapsible(false);
  splitter->setHandleWidth(2 * kGrid);
  splitter->setStretchFactor(0, 2);
  splitter->setStretchFactor(1, 3);
  QSettings& settings = session.settings();
  if (!splitter->restoreState(settings.value(kSplitterKey).toByteArray())) splitter->setSizes({4, 5});
  connect(splitter, &QSplitter::splitterMoved, this, [splitter, &settings] { settings.setValue(kSplitterKey, splitter->saveState()); });
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, 2 * kGrid);
  layout->addWidget(splitter);
}

// The filter is asked for to be typed into: it must be in sight.
QWidget* MemoryPage::filterWidget() {
  tabs_->setCurrentWidget(fit_);
  return fit_->bar()->filter();
}

bool MemoryPage::leaveDrillDown() {
  if (fit_->bar()->filter()->text().isEmpty()) return false;
  fit_->bar()->filter()->clear();
  return true;
}

}  // namespace

Page* makeMemoryPage(Session& session, QWidget* parent) {
  return new MemoryPage(session, parent);
}

}  // namespace panicle::ui
