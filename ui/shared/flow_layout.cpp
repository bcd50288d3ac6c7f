#include "ui/shared/flow_layout.h"

#include <algorithm>

namespace panicle::ui {

FlowLayout::FlowLayout(QWidget* parent) : QLayout(parent) {}

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

int FlowLayout::arrange(const QRect& rect, Pass pass) const {
  const QRect inner = rect.marginsRemoved(contentsMargins());
  int x = inner.left();
  int y = inner.top();
  int rowHeight = 0;
  for (QLayoutItem* item : items_) {
    if (item->isEmpty()) continue;
    const QSize size = item->sizeHint();
    if (x > inner.left() && x + size.width() > inner.left() + inner.width()) {
      x = inner.left();
      y += rowHeight + spacing();
      rowHeight = 0;
    }
    if (pass == Pass::Place) item->setGeometry(QRect(QPoint(x, y), QSize(std::min(size.width(), inner.width()), size.height())));
    x += size.width() + spacing();
    rowHeight = std::max(rowHeight, size.height());
  }
  return y + rowHeight - rect.top() + contentsMargins().bottom();
}

}  // namespace panicle::ui
