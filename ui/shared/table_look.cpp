#include "ui/shared/table_look.h"

#include <QEvent>
#include <QHeaderView>
#include <QTableView>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

// Keeps the rows as high as the font asks.
class RowHeight : public QObject {
 public:
  explicit RowHeight(QTableView& table) : QObject(&table), table_(table) {
    table.installEventFilter(this);
    fit();
  }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::FontChange) fit();
    return QObject::eventFilter(watched, event);
  }

 private:
  void fit() { table_.verticalHeader()->setDefaultSectionSize(table_.fontMetrics().height() + kGrid); }

  QTableView& table_;
};

}  // namespace

void setTableLook(QTableView& table) {
  table.setSelectionBehavior(QAbstractItemView::SelectRows);
  table.setShowGrid(false);
  table.setAlternatingRowColors(true);
  table.setFrameShape(QFrame::NoFrame);
  table.setWordWrap(false);
  table.setTabKeyNavigation(false);
  table.horizontalHeader()->setHighlightSections(false);
  table.verticalHeader()->hide();
  table.verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  table.verticalHeader()->setMinimumSectionSize(1);  // the style's is higher than a small font's row
  new RowHeight(table);
}

void fitColumnsToContents(QTableView& table) {
  table.horizontalHeader()->setStretchLastSection(false);
  table.resizeColumnsToContents();
  table.horizontalHeader()->setStretchLastSection(true);
}

}  // namespace panicle::ui
