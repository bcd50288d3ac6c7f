// The tables of the Inspect page. Qt::UserRole holds what a column sorts by; cellAt() the matrix cell that a row stands for.
#pragma once

#include <QAbstractTableModel>
#include <memory>

#include "ui/inspect/inspection.h"

namespace panicle::ui {

class InspectionModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  using QAbstractTableModel::QAbstractTableModel;

  void setInspection(std::shared_ptr<const Inspection> inspection);
  virtual MatrixCell cellAt(int row) const = 0;

 protected:
  std::shared_ptr<const Inspection> inspection_;
};

// Which classes are taken for which, most often first.
class ConfusionModel : public InspectionModel {
  Q_OBJECT
 public:
  enum Column { Actual, Predicted, Count, Share, Columns };
  using InspectionModel::InspectionModel;

  MatrixCell cellAt(int row) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
};

// Precision, recall, F1 and support of each class.
class ClassModel : public InspectionModel {
  Q_OBJECT
 public:
  enum Column { Label, Precision, Recall, F1, Support, Columns };
  using InspectionModel::InspectionModel;

  MatrixCell cellAt(int row) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
};

}  // namespace panicle::ui
