#include "ui/inspect/inspection_tables.h"

#include <QHeaderView>
#include <QLineEdit>
#include <QSortFilterProxyModel>
#include <QTableView>

#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"

namespace panicle::ui {

InspectionTables::InspectionTables(QWidget* parent)
    : QTabWidget(parent),
      confusionModel_(new ConfusionModel(this)),
      classModel_(new ClassModel(this)),
      find_(new QLineEdit(this)) {
  setDocumentMode(true);
  confusionTable_ = addTable(confusionModel_, tr("Most confused"),
                             tr("Which class is taken for which, most often first. A click selects the cell of the matrix."));
  classTable_ = addTable(classModel_, tr("Per class"),
                         tr("How well each class is recognised. A click selects its row of the matrix."));
  confusionTable_->sortByColumn(ConfusionModel::Count, Qt::DescendingOrder);
  classTable_->sortByColumn(ClassModel::Label, Qt::AscendingOrder);

  find_->setPlaceholderText(tr("Find a class"));
  find_->setToolTip(tr("Show only rows whose class names contain this ( / )"));
  find_->setAccessibleName(tr("Find a class by name"));
  find_->setClearButtonEnabled(true);
  find_->setMaximumWidth(20 * kGrid);
  setCornerWidget(find_);
}

QTableView* InspectionTables::addTable(InspectionModel* model, const QString& title, const QString& help) {
  auto* proxy = new QSortFilterProxyModel(this);
  proxy->setSourceModel(model);
  proxy->setSortRole(Qt::UserRole);
  proxy->setFilterCaseSensitivity(Qt::CaseInsensitive);
  proxy->setFilterKeyColumn(-1);
  connect(find_, &QLineEdit::textChanged, proxy, &QSortFilterProxyModel::setFilterFixedString);

  auto* table = new QTableView(this);
  table->setModel(proxy);
  table->setAccessibleName(title);
  setTableLook(*table);
  table->setSelectionMode(QAbstractItemView::SingleSelection);
  table->setTextElideMode(Qt::ElideMiddle);
  table->setSortingEnabled(true);
  QHeaderView* header = table->horizontalHeader();
  // Names share what the figures leave; fixed widths stay the same for any number of rows.
  for (int column = 0; column < model->columnCount(); ++column) {
    const bool name = model->headerData(column, Qt::Horizontal, Qt::TextAlignmentRole).toInt() & Qt::AlignLeft;
    header->setSectionResizeMode(column, name ? QHeaderView::Stretch : QHeaderView::ResizeToContents);
  }

  const auto choose = [this, proxy, model](const QModelIndex& index) {
    if (index.isValid()) Q_EMIT chosen(model->cellAt(proxy->mapToSource(index).row()));
  };
  // Clicked too: the row may be current already while the matrix has been left.
  connect(table, &QTableView::clicked, this, choose);
  connect(table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [table, choose](const QModelIndex& index) {
    if (table->hasFocus()) choose(index);
  });
  setTabToolTip(addTab(table, title), help);
  return table;
}

void InspectionTables::setInspection(const std::shared_ptr<const Inspection>& inspection) {
  confusionModel_->setInspection(inspection);
  classModel_->setInspection(inspection);
}

}  // namespace panicle::ui
