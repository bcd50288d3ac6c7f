#include "ui/frame/side_bar.h"

#include <QEvent>
#include <QListWidget>
#include <QPainter>
#include <QSignalBlocker>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/frame/pages.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kIcon = 20;
constexpr int kMark = 4;  // width of the bar beside the current page

// The current page by an accent bar, a tint and bold type; never a block of colour.
class PageDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const ThemeColors& colors = Theme::instance().colors();
    const bool current = option.state & QStyle::State_Selected;
    painter->save();
    if (current || (option.state & QStyle::State_MouseOver)) painter->fillRect(option.rect, current ? colors.base : colors.grid);
    if (current) painter->fillRect(QRect(option.rect.topLeft(), QSize(kMark, option.rect.height())), colors.accent);
    const QRect icon(option.rect.left() + 2 * kGrid - 2, option.rect.center().y() - kIcon / 2 + 1, kIcon, kIcon);
    index.data(Qt::DecorationRole).value<QIcon>().paint(painter, icon);
    QFont font = option.font;
    font.setBold(current);
    painter->setFont(font);
    painter->setPen(colors.text);
    const QRect text = option.rect.adjusted(icon.right() + kGrid + 2 - option.rect.left(), 0, 0, 0);
    painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft, index.data(Qt::DisplayRole).toString());
    const bool byKeyboard = option.state & QStyle::State_KeyboardFocusChange;
    if (byKeyboard && (option.state & QStyle::State_HasFocus) && option.widget && option.widget->hasFocus()) {
      painter->setPen(QPen(colors.accent, 1));
      painter->drawRect(option.rect.adjusted(kMark, 0, -1, -1));
    }
    painter->restore();
  }

  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
    return {0, std::max(kIcon, option.fontMetrics.height()) + 2 * kGrid};
  }
};

}  // namespace

SideBar::SideBar(QWidget* parent) : QWidget(parent) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, kGrid, 1, kGrid);
  column->setSpacing(0);

  list_ = new QListWidget(this);
  list_->setAccessibleName(tr("Pages"));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setItemDelegate(new PageDelegate(list_));
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setUniformItemSizes(true);
  list_->setMouseTracking(true);
  list_->viewport()->setAutoFillBackground(false);
  int number = 0;
  for (const PageEntry& page : pageEntries()) {
    auto* item = new QListWidgetItem(lineIcon(page.icon), page.title, list_);
    item->setToolTip(tr("<p><b>%1</b> (Ctrl+%2)<br>%3</p>").arg(page.title).arg(++number).arg(page.help));
    item->setData(Qt::AccessibleTextRole, page.title);
  }
  column->addWidget(list_, 1);

  fold_ = new QToolButton(this);
  fold_->setAutoRaise(true);
  fold_->setIconSize(QSize(kIcon, kIcon));
  column->addWidget(fold_, 0, Qt::AlignLeft);
  column->setAlignment(fold_, Qt::AlignHCenter);

  connect(list_, &QListWidget::currentRowChanged, this, &SideBar::pageChosen);
  connect(list_, &QListWidget::itemClicked, this, [this](QListWidgetItem* item) { Q_EMIT pageChosen(list_->row(item)); });
  connect(fold_, &QToolButton::clicked, this, [this] { setCollapsed(!collapsed_); });
  setFocusProxy(list_);
  fit();
}

void SideBar::setCurrent(int page) {
  const QSignalBlocker blocker(list_);
  list_->setCurrentRow(page);
}

void SideBar::setCollapsed(bool collapsed) {
  if (collapsed == collapsed_) return;
  collapsed_ = collapsed;
  fit();
  Q_EMIT collapsedChanged(collapsed);
}

void SideBar::fit() {
  const QString help = collapsed_ ? tr("Show the names of the pages") : tr("Show only the icons of the pages");
  fold_->setIcon(lineIcon(collapsed_ ? QStringLiteral("chevron-right") : QStringLiteral("chevron-left")));
  fold_->setToolTip(help + QStringLiteral(" (Ctrl+B)"));
  fold_->setAccessibleName(help);
  int text = 0;
  QFont bold = font();
  bold.setBold(true);
  for (const PageEntry& page : pageEntries()) text = std::max(text, QFontMetrics(bold).horizontalAdvance(page.title));
  setFixedWidth(collapsed_ ? kIcon + 4 * kGrid : std::max(128, kIcon + text + 6 * kGrid));
}

void SideBar::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) fit();
}

void SideBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(Theme::instance().colors().border);
  painter.drawLine(rect().topRight(), rect().bottomRight());
}

}  // namespace panicle::ui
