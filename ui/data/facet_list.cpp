#include "ui/data/facet_list.h"

#include <QAbstractListModel>
#include <QMouseEvent>
#include <QPainter>
#include <QStyledItemDelegate>
#include <algorithm>

#include "ui/shared/theme.h"

namespace panicle::ui {

class FacetModel : public QAbstractListModel {
 public:
  using QAbstractListModel::QAbstractListModel;

  int rowCount(const QModelIndex& parent = {}) const override {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
  }

  QVariant data(const QModelIndex& index, int role) const override {
    const FacetRow& row = this->row(index);
    switch (role) {
      case Qt::DisplayRole:
        return row.label;
      case Qt::ToolTipRole:
        return row.tip;
      case Qt::AccessibleTextRole:
        return tr("%1, %2 of %3 photos").arg(row.label, formatCount(row.count), formatCount(row.total));
      default:
        return {};
    }
  }

  const std::vector<FacetRow>& rows() const { return rows_; }
  const FacetRow& row(const QModelIndex& index) const { return rows_[static_cast<std::size_t>(index.row())]; }
  quint64 largest() const { return largest_; }

  bool sameKeys(const std::vector<FacetRow>& rows) const {
    return std::equal(rows.begin(), rows.end(), rows_.begin(), rows_.end(),
                      [](const FacetRow& a, const FacetRow& b) { return a.key == b.key; });
  }

  void setRows(std::vector<FacetRow> rows) {
    const bool same = sameKeys(rows);
    if (!same) beginResetModel();
    rows_ = std::move(rows);
    largest_ = 1;
    for (const FacetRow& row : rows_) largest_ = std::max(largest_, row.total);
    if (!same) endResetModel();
    if (same && !rows_.empty()) Q_EMIT dataChanged(index(0), index(rowCount() - 1));
  }

 private:
  std::vector<FacetRow> rows_;
  quint64 largest_ = 1;
};

namespace {

constexpr int kPad = 8;
constexpr int kDot = 8;
constexpr int kBar = 3;
constexpr int kUsualRows = 12;
constexpr int kFewestRows = 4;

// Label and count above, the bar beneath both.
class FacetDelegate : public QStyledItemDelegate {
 public:
  FacetDelegate(const FacetModel& model, QObject* parent) : QStyledItemDelegate(parent), model_(model) {}

  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
    return {80, option.fontMetrics.height() + kBar + 9};
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const FacetRow& row = model_.row(index);
    const ThemeColors& colors = Theme::instance().colors();
    const bool chosen = option.state & QStyle::State_Selected;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing, true);
    paintBackground(*painter, option, chosen);
    QRect text = option.rect.adjusted(kPad, 2, -kPad, -kBar - 5);
    const QString count = formatCount(row.count);
    const int count_width = option.fontMetrics.horizontalAdvance(count);
    QFont font = option.font;
    font.setBold(chosen);
    painter->setFont(option.font);
    painter->setPen(row.count == 0 ? colors.mutedText : colors.text);
    painter->drawText(text, Qt::AlignRight | Qt::AlignVCenter, count);
    text.setRight(text.right() - count_width - kPad);
    if (row.color.isValid()) {
      painter->setPen(Qt::NoPen);
      painter->setBrush(row.color);
      painter->drawEllipse(QRectF(text.left(), text.center().y() - kDot / 2.0 + 0.5, kDot, kDot));
      text.setLeft(text.left() + kDot + 6);
    }
    painter->setFont(font);
    painter->setPen(row.count == 0 ? colors.mutedText : colors.text);
    painter->drawText(text, Qt::AlignLeft | Qt::AlignVCenter,
                      QFontMetrics(font).elidedText(row.label, Qt::ElideMiddle, text.width()));
    paintBar(*painter, option.rect, row);
    painter->restore();
  }

 private:
  static void paintBackground(QPainter& painter, const QStyleOptionViewItem& option, bool chosen) {
    const ThemeColors& colors = Theme::instance().colors();
    const QRectF box = QRectF(option.rect).adjusted(1, 0.5, -1, -0.5);
    if (chosen || option.state & QStyle::State_MouseOver) {
      QColor fill = chosen ? colors.accent : colors.text;
      fill.setAlphaF(chosen ? 0.18F : 0.07F);
      painter.setPen(Qt::NoPen);
      painter.setBrush(fill);
      painter.drawRoundedRect(box, 4, 4);
    }
    if (option.state & QStyle::State_HasFocus) {
      painter.setPen(QPen(colors.accent, 1));
      painter.setBrush(Qt::NoBrush);
      painter.drawRoundedRect(box, 4, 4);
    }
  }

  void paintBar(QPainter& painter, const QRect& rect, const FacetRow& row) const {
    const ThemeColors& colors = Theme::instance().colors();
    const double full = rect.width() - 2 * kPad;
    const double scale = full / static_cast<double>(model_.largest());
    const QRectF track(rect.left() + kPad, rect.bottom() - kBar - 2, full, kBar);
    QColor color = row.color;
    if (!color.isValid()) {
      color = colors.mutedText;
      color.setAlphaF(0.7F);
    }
    painter.setPen(Qt::NoPen);
    const auto bar = [&](quint64 value, const QColor& fill) {
      if (value == 0) return;
      QRectF part = track;
      part.setWidth(std::max(2.0, static_cast<double>(value) * scale));
      painter.setBrush(fill);
      painter.drawRoundedRect(part, kBar / 2.0, kBar / 2.0);
    };
    painter.setBrush(colors.grid);
    painter.drawRoundedRect(track, kBar / 2.0, kBar / 2.0);
    QColor faint = color;
    faint.setAlphaF(color.alphaF() * 0.35F);
    bar(row.total, faint);
    bar(std::min(row.count, row.total), color);
  }

  const FacetModel& model_;
};

}  // namespace

FacetList::FacetList(const QString& name, QWidget* parent) : QListView(parent), model_(new FacetModel(this)) {
  setModel(model_);
  setItemDelegate(new FacetDelegate(*model_, this));
  setAccessibleName(name);
  setUniformItemSizes(true);
  setSelectionMode(QAbstractItemView::ExtendedSelection);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  setFrameShape(QFrame::NoFrame);
  setMouseTracking(true);
  setTabKeyNavigation(false);
  viewport()->setAutoFillBackground(false);
  connect(selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
    if (!quiet_) Q_EMIT chosenChanged();
  });
  connect(&Theme::instance(), &Theme::changed, viewport(), qOverload<>(&QWidget::update));
}

void FacetList::setRows(std::vector<FacetRow> rows) {
  const bool same = model_->sameKeys(rows);
  const QVector<qint64> keys = chosen();
  quiet_ = true;
  model_->setRows(std::move(rows));
  quiet_ = false;
  if (!same) {
    setChosen(keys);
    fitHeight();
  }
}

const std::vector<FacetRow>& FacetList::rows() const {
  return model_->rows();
}

QVector<qint64> FacetList::chosen() const {
  QVector<qint64> keys;
  for (const QModelIndex& index : selectionModel()->selectedIndexes()) keys << model_->row(index).key;
  return keys;
}

void FacetList::setChosen(const QVector<qint64>& keys) {
  QItemSelection selection;
  for (int row = 0; row < model_->rowCount(); ++row) {
    const QModelIndex index = model_->index(row);
    if (keys.contains(model_->row(index).key)) selection.select(index, index);
  }
  quiet_ = true;
  selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
  quiet_ = false;
}

void FacetList::setMaxRows(int rows) {
  max_rows_ = rows;
  setSizePolicy(QSizePolicy::Preferred, rows > 0 ? QSizePolicy::Fixed : QSizePolicy::Expanding);
  fitHeight();
}

QSize FacetList::sizeHint() const {
  const int row = std::max(1, sizeHintForRow(0));
  const int shown = std::clamp(model_->rowCount(), 1, max_rows_ > 0 ? max_rows_ : kUsualRows);
  return {28 * kGrid, shown * row};
}

QSize FacetList::minimumSizeHint() const {
  const int row = std::max(1, sizeHintForRow(0));
  return {12 * kGrid, max_rows_ > 0 ? sizeHint().height() : std::min(sizeHint().height(), kFewestRows * row)};
}

void FacetList::mousePressEvent(QMouseEvent* event) {
  const QModelIndex index = indexAt(event->position().toPoint());
  const bool plain = event->button() == Qt::LeftButton && event->modifiers() == Qt::NoModifier;
  const QModelIndexList selected = selectionModel()->selectedIndexes();
  if (plain && selected.size() == 1 && selected.front() == index) {
    clearSelection();
    return;
  }
  QListView::mousePressEvent(event);
}

void FacetList::changeEvent(QEvent* event) {
  QListView::changeEvent(event);
  if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) fitHeight();
}

void FacetList::fitHeight() {
  if (max_rows_ == 0) setMaximumHeight(std::max(1, model_->rowCount() * std::max(1, sizeHintForRow(0))));
  updateGeometry();
}

}  // namespace panicle::ui
