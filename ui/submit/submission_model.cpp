#include "ui/submit/submission_model.h"

#include "ui/shared/theme.h"

namespace panicle::ui {

void SubmissionModel::setReport(std::shared_ptr<const SubmissionReport> report) {
  beginResetModel();
  report_ = std::move(report);
  endResetModel();
}

int SubmissionModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() || !report_ ? 0 : static_cast<int>(report_->submission.rows.size());
}

int SubmissionModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() || !report_ ? 0 : static_cast<int>(report_->submission.header.size());
}

QVariant SubmissionModel::data(const QModelIndex& index, int role) const {
  if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
  const auto& row = report_->submission.rows[static_cast<std::size_t>(index.row())];
  const auto column = static_cast<std::size_t>(index.column());
  return column < row.size() ? QString::fromStdString(row[column]) : QString();
}

QVariant SubmissionModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role == Qt::TextAlignmentRole) {
    return orientation == Qt::Horizontal ? QVariant(Qt::AlignLeft | Qt::AlignVCenter)
                                         : QVariant(Qt::AlignRight | Qt::AlignVCenter);
  }
  if (role != Qt::DisplayRole || !report_) return {};
  if (orientation == Qt::Vertical) return formatCount(static_cast<quint64>(section) + 1);
  return QString::fromStdString(report_->submission.header[static_cast<std::size_t>(section)]);
}

}  // namespace panicle::ui
