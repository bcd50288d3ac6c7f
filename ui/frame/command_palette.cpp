#include "ui/frame/command_palette.h"

#include <QAction>
#include <QCoreApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTimer>
#include <QVBoxLayout>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kShortcutRole = Qt::UserRole;
constexpr int kMenuRole = Qt::UserRole + 1;

// "View   Theme: dark                Ctrl+2"
class CommandDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const ThemeColors& colors = Theme::instance().colors();
    const bool current = option.state & QStyle::State_Selected;
    const bool enabled = index.flags() & Qt::ItemIsEnabled;
    painter->save();
    if (current) painter->fillRect(option.rect, colors.accent);
    const QColor soft = current ? colors.accentText : colors.mutedText;
    const QRect inside = option.rect.adjusted(kGrid, 0, -kGrid, 0);
    const int menuWidth = option.fontMetrics.horizontalAdvance(QStringLiteral("MMMMM"));
    painter->setPen(soft);
    painter->drawText(inside, Qt::AlignVCenter | Qt::AlignLeft, index.data(kMenuRole).toString());
    const QString shortcut = index.data(kShortcutRole).toString();
    painter->drawText(inside, Qt::AlignVCenter | Qt::AlignRight, shortcut);
    painter->setPen(current ? colors.accentText : enabled ? colors.text : colors.mutedText);
    const QRect text = inside.adjusted(menuWidth, 0, -option.fontMetrics.horizontalAdvance(shortcut) - kGrid, 0);
    painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft,
                      option.fontMetrics.elidedText(index.data(Qt::DisplayRole).toString(), Qt::ElideRight, text.width()));
    painter->restore();
  }

  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
    return {0, option.fontMetrics.height() + kGrid};
  }
};

}  // namespace

CommandPalette::CommandPalette(const QMenuBar& menus, QWidget* window)
    : Overlay(tr("Command palette"), QSize(600, 400), window), menus_(menus) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(kGrid, kGrid, kGrid, kGrid);
  column->setSpacing(kGrid);
  query_ = new QLineEdit(this);
  query_->setPlaceholderText(tr("What do you want to do?"));
  query_->setAccessibleName(tr("Command"));
  query_->setClearButtonEnabled(true);
  query_->addAction(lineIcon(QStringLiteral("search")), QLineEdit::LeadingPosition);
  query_->installEventFilter(this);
  list_ = new QListWidget(this);
  list_->setAccessibleName(tr("Commands"));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setUniformItemSizes(true);
  list_->setItemDelegate(new CommandDelegate(list_));
  column->addWidget(query_);
  column->addWidget(list_, 1);
  setFocusProxy(query_);
  connect(query_, &QLineEdit::textChanged, this, &CommandPalette::fill);
  connect(list_, &QListWidget::itemClicked, this, &CommandPalette::trigger);
}

void CommandPalette::open() {
  commands_ = commandsOf(menus_);
  query_->clear();
  fill();
  Overlay::open();
}

void CommandPalette::fill() {
  shown_ = matching(commands_, query_->text());
  list_->clear();
  for (const Command& command : shown_) {
    auto* item = new QListWidgetItem(command.text, list_);
    item->setData(kMenuRole, command.menu);
    item->setData(kShortcutRole, command.action->shortcut().toString(QKeySequence::NativeText));
    item->setToolTip(command.action->toolTip());
    if (!command.action->isEnabled()) item->setFlags(Qt::NoItemFlags);
  }
  for (int i = 0; i < list_->count(); ++i) {
    if (!(list_->item(i)->flags() & Qt::ItemIsEnabled)) continue;
    list_->setCurrentRow(i);
    break;
  }
}

void CommandPalette::trigger() {
  const int row = list_->currentRow();
  if (row < 0 || row >= shown_.size()) return;
  QAction* action = shown_[row].action;
  shut();
  // After the keyboard is back at its place: what the action does may depend on it.
  QTimer::singleShot(0, action, [action] { action->trigger(); });
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (watched == query_ && event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    switch (key->key()) {
      case Qt::Key_Up:
      case Qt::Key_Down:
      case Qt::Key_PageUp:
      case Qt::Key_PageDown: {
        QKeyEvent copy(key->type(), key->key(), key->modifiers());
        QCoreApplication::sendEvent(list_, &copy);
        return true;
      }
      case Qt::Key_Return:
      case Qt::Key_Enter: trigger(); return true;
      default: break;
    }
  }
  return Overlay::eventFilter(watched, event);
}

}  // namespace panicle::ui
