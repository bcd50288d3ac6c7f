#include "ui/shared/word_filter.h"

#include <algorithm>

namespace panicle::ui {

WordFilter::WordFilter(int searchRole, int sortRole, QObject* parent) : QSortFilterProxyModel(parent), searchRole_(searchRole) {
  setSortRole(sortRole);
}

void WordFilter::setText(const QString& text) {
  words_ = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
  invalidateFilter();
}

bool WordFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
  const QString text = sourceModel()->index(row, 0, parent).data(searchRole_).toString();
  return std::all_of(words_.begin(), words_.end(), [&](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
}

bool WordFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const {
  const QVariant a = left.data(sortRole()), b = right.data(sortRole());
  return a == b ? left.row() < right.row() : QSortFilterProxyModel::lessThan(left, right);
}

}  // namespace panicle::ui
