// Below the matrix: the most confused pairs and the figures of each class, sortable, with one field to find classes by name.
#pragma once

#include <QTabWidget>
#include <memory>

#include "ui/inspect/inspection_models.h"

class QLineEdit;
class QSortFilterProxyModel;
class QTableView;

namespace panicle::ui {

class InspectionTables : public QTabWidget {
  Q_OBJECT
 public:
  explicit InspectionTables(QWidget* parent = nullptr);

  void setInspection(const std::shared_ptr<const Inspection>& inspection);
  QLineEdit* find() const { return find_; }
  QTableView* confusions() const { return confusionTable_; }
  QTableView* classes() const { return classTable_; }

 Q_SIGNALS:
  void chosen(panicle::ui::MatrixCell cell);

 private:
  QTableView* addTable(InspectionModel* model, const QString& title, const QString& help);

  ConfusionModel* confusionModel_;
  ClassModel* classModel_;
  QTableView* confusionTable_;
  QTableView* classTable_;
  QLineEdit* find_;
};

}  // namespace panicle::ui
