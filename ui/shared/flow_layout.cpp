#include "ui/shared/flow_layout.h"

#include <QWidget>
#include <algorithm>

#include "ui/shared/theme.h"

namespace panicle::ui {

FlowLayout::FlowLayout(QWidget* parent) : QLayout(parent) {
  setContentsMargins(0, 0, 0, 0);
  setSpacing(kGrid);
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  policy.setHeightForWidth(true);
  parent->setSizePolicy(policy);
}

FlowLayout::~FlowLayout() {
  qDeleteAll(items_);
}

void FlowLayout::addItem(QLayoutItem* item) {
  items_.append(item);
}

QLayoutItem* FlowLayout::takeAt(int index) {
  return index >= 0 && index < items_.size() ? items_.takeAt(index) : nullptr;
}

int FlowLayout::heightForWidth(int width) const {
  return arrange(QRect(0, 0, width, 0), Pass::Measure);
}

QSize FlowLayout::sizeHint() const {
  const QMargins margins = contentsMargins();
  QSize size(margins.left() + margins.right(), 0);
  for (const QLayoutItem* item : items_) size.rwidth() += item->sizeHint().width() + spacing();
  size.setHeight(minimumSize().height());
  return size;
}

QSize FlowLayout::minimumSize() const {
  QSize size;
  for (const QLayoutItem* item : items_) size = size.expandedTo(item->minimumSize());
  const QMargins margins = contentsMargins();
  return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom());
}

void FlowLayout::setGeometry(const QRect& rect) {
  QLayout::setGeometry(rect);
  arrange(rect, Pass::Place);
}

void FlowLayout::place(const QList<QLayoutItem*>& row, int x, int y, int width, int height, int spacing) {
  for (QLayoutItem* item : row) {
    const QSize size = item->sizeHint();
    item->setGeometry(QRect(x, y + (height - size.height()) / 2, std::min(size.width(), width), size.height()));
    x += size.width() + spacing;
  }
}

int FlowLayout::arrange(const QRect& rect, Pass pass) const {
  const QRect inner = rect.marginsRemoved(contentsMargins());
  QList<QLayoutItem*> row;
  int x = inner.left();
  int y = inner.top();
  int rowHeight = 0;
  const auto endRow = [&] {
    if (pass == Pass::Place) place(row, inner.left(), y, inner.width(), rowHeight, spacing());
  };
  for (QLayoutItem* item : items_) {
    if (item->isEmpty()) continue;
    const QSize size = item->sizeHint();
    if (x > inner.left() && x + size.width() > inner.left() + inner.width()) {
      endRow();
      row.clear();
      x = inner.left();
      y += rowHeight + spacing();
      rowHeight = 0;
    }
    row.append(item);
    x += size.width() + spacing();
    rowHeight = std::max(rowHeight, size.height());
  }
  endRow();
  return y + rowHeight - rect.top() + contentsMargins().bottom();
}

}  // namespace panicle::ui
