// The fit table: a row for each architecture, a column for each size.
#pragma once

#include <QAbstractTableModel>
#include <vector>

#include "core/models/architecture.h"
#include "core/runs/fit_table.h"

namespace panicle::ui {

class FitRunner;
class Session;

class FitModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  static constexpr int kSortRole = Qt::UserRole;
  static constexpr int kSearchRole = Qt::UserRole + 1;

  FitModel(Session& session, const FitRunner& runner, QObject* parent = nullptr);

  void setSizes(const std::vector<Size>& sizes);
  const std::vector<Size>& sizes() const { return sizes_; }
  void refresh();  // everything but rows and columns may have changed

  // The cell that is shown: the largest micro-batch that fits, else the smallest that was tried. Null while it is
  // not found, and for the names.
  const FitCell* cell(const QModelIndex& index) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  const Architecture& at(int row) const { return architectures()[static_cast<std::size_t>(row)]; }
  QString text(const QModelIndex& index) const;
  QString tip(const QModelIndex& index) const;
  QVariant look(const QModelIndex& index, int role) const;

  Session& session_;
  const FitRunner& runner_;
  std::vector<Size> sizes_;
};

// "4,846 · 64×1"
QString cellText(const FitCell& cell);

}  // namespace panicle::ui
