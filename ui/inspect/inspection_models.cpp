#include "ui/inspect/inspection_models.h"

#include <array>

#include "ui/inspect/confusion_view.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kFigures = Qt::AlignRight | Qt::AlignVCenter;
constexpr int kText = Qt::AlignLeft | Qt::AlignVCenter;

}  // namespace

void InspectionModel::setInspection(std::shared_ptr<const Inspection> inspection) {
  beginResetModel();
  inspection_ = std::move(inspection);
  endResetModel();
}

// --- Most confused

MatrixCell ConfusionModel::cellAt(int row) const {
  const Confusion& confusion = inspection_->confusions[static_cast<std::size_t>(row)];
  return {confusion.actual, confusion.predicted};
}

int ConfusionModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() || !inspection_ ? 0 : static_cast<int>(inspection_->confusions.size());
}

int ConfusionModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : Columns;
}

QVariant ConfusionModel::data(const QModelIndex& index, int role) const {
  const Confusion& confusion = inspection_->confusions[static_cast<std::size_t>(index.row())];
  const bool figures = index.column() == Count || index.column() == Share;
  if (role == Qt::TextAlignmentRole) return figures ? kFigures : kText;
  if (role == Qt::ToolTipRole) return describeCell(*inspection_->matrix, cellAt(index.row()));
  if (role != Qt::DisplayRole && role != Qt::UserRole) return {};
  const bool shown = role == Qt::DisplayRole;
  switch (index.column()) {
    case Actual: return inspection_->labels[confusion.actual];
    case Predicted: return inspection_->labels[confusion.predicted];
    case Count: return shown ? QVariant(formatCount(confusion.count)) : QVariant(confusion.count);
    default: {
      const double share = inspection_->matrix->normalized(static_cast<std::size_t>(confusion.actual),
                                                           static_cast<std::size_t>(confusion.predicted));
      return shown ? QVariant(QString::number(share * 100, 'f', 1)) : QVariant(share);
    }
  }
}

QVariant ConfusionModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return section == Count || section == Share ? kFigures : kText;
  static const std::array<const char*, Columns> names{QT_TR_NOOP("Actual"), QT_TR_NOOP("Predicted"), QT_TR_NOOP("Photos"),
                                                      QT_TR_NOOP("% of actual")};
  static const std::array<const char*, Columns> help{
      QT_TR_NOOP("The true class"), QT_TR_NOOP("What the run took it for"), QT_TR_NOOP("How many photos were confused so"),
      QT_TR_NOOP("Of all photos of the true class")};
  const auto column = static_cast<std::size_t>(section);
  if (role == Qt::DisplayRole) return tr(names[column]);
  if (role == Qt::ToolTipRole) return tr(help[column]);
  return {};
}

// --- Per class

MatrixCell ClassModel::cellAt(int row) const {
  return {row, -1};
}

int ClassModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() || !inspection_ ? 0 : static_cast<int>(inspection_->report.size());
}

int ClassModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : Columns;
}

QVariant ClassModel::data(const QModelIndex& index, int role) const {
  const ClassReport& report = inspection_->report[static_cast<std::size_t>(index.row())];
  if (role == Qt::TextAlignmentRole) return index.column() == Label ? kText : kFigures;
  if (role == Qt::ToolTipRole) return describeCell(*inspection_->matrix, cellAt(index.row()));
  if (role != Qt::DisplayRole && role != Qt::UserRole) return {};
  const bool shown = role == Qt::DisplayRole;
  const auto figure = [&](double value) { return shown ? QVariant(QString::number(value, 'f', 3)) : QVariant(value); };
  switch (index.column()) {
    case Label: return inspection_->labels[index.row()];
    case Precision: return figure(report.precision);
    case Recall: return figure(report.recall);
    case F1: return figure(report.f1);
    default: return shown ? QVariant(formatCount(report.support)) : QVariant(report.support);
  }
}

QVariant ClassModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return section == Label ? kText : kFigures;
  static const std::array<const char*, Columns> names{QT_TR_NOOP("Class"), QT_TR_NOOP("Precision"), QT_TR_NOOP("Recall"),
                                                      QT_TR_NOOP("F1"), QT_TR_NOOP("Support")};
  static const std::array<const char*, Columns> help{
      QT_TR_NOOP("The true class; click a row for its photos"),
      QT_TR_NOOP("Of the photos taken for this class, the share that really is of it"),
      QT_TR_NOOP("Of the photos of this class, the share that was recognised"),
      QT_TR_NOOP("Harmonic mean of precision and recall: low when either is"),
      QT_TR_NOOP("Validation photos of this class: with few, the figures beside are rough")};
  const auto column = static_cast<std::size_t>(section);
  if (role == Qt::DisplayRole) return tr(names[column]);
  if (role == Qt::ToolTipRole) return tr(help[column]);
  return {};
}

}  // namespace panicle::ui
