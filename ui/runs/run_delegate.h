// Paints what a table's own delegate cannot: the curve of a run, its star, and the rows of groups.
#pragma once

#include <QStyledItemDelegate>

namespace panicle::ui {

class RunDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
  bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option, const QModelIndex& index) override;

 Q_SIGNALS:
  void starClicked(const QModelIndex& index);
};

}  // namespace panicle::ui
