// Keeps the rows of a table that have every word of a filter.
#pragma once

#include <QSortFilterProxyModel>
#include <QStringList>

namespace panicle::ui {

class WordFilter : public QSortFilterProxyModel {
  Q_OBJECT
 public:
  // The words are looked for in what column 0 has in `searchRole`; rows that are equal in `sortRole` stay in the table's order.
  WordFilter(int searchRole, int sortRole, QObject* parent = nullptr);

  void setText(const QString& text);  // words with blanks between them, in any case and order

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
  bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

 private:
  int searchRole_;
  QStringList words_;
};

}  // namespace panicle::ui
