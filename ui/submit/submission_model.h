// The rows of a submission, as they will be written.
#pragma once

#include <QAbstractTableModel>
#include <memory>

#include "ui/submit/submission_check.h"

namespace panicle::ui {

class SubmissionModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  using QAbstractTableModel::QAbstractTableModel;

  void setReport(std::shared_ptr<const SubmissionReport> report);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::shared_ptr<const SubmissionReport> report_;
};

}  // namespace panicle::ui
