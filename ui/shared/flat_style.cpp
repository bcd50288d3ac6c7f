#include "ui/shared/flat_style.h"

#include <QHeaderView>
#include <QPainter>
#include <QStyleOptionButton>
#include <QTableView>
#include <QWidget>
#include <cmath>
#include <utility>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kRadius = 4;
constexpr int kTooltipMs = 400;
constexpr int kTextMargin = kGrid / 2;  // at both sides of a table's cells and titles

constexpr int kBusyTickMs = 50;
constexpr qint64 kBusyMs = 2400;     // there and back
constexpr double kBusyShare = 0.25;  // of the bar

bool isPrimary(const QWidget* widget) {
  return widget && widget->property(kPrimaryProperty).toBool();
}

}  // namespace

FlatStyle::FlatStyle() : QProxyStyle(QStringLiteral("Fusion")) {
  clock_.start();
  tick_.setInterval(kBusyTickMs);
  connect(&tick_, &QTimer::timeout, this, [this] {
    if (busy_.empty()) tick_.stop();
    for (const QPointer<QWidget>& bar : std::exchange(busy_, {})) {
      if (bar) bar->update();
    }
  });
}

void FlatStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const {
  if (element == PE_PanelButtonCommand) {
    drawButton(option, painter, widget);
  } else if (element == PE_FrameLineEdit) {
    drawFieldFrame(option, painter);
  } else if (element == PE_IndicatorCheckBox) {
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    drawCheckFrame(option, painter);
  } else if (element == PE_IndicatorRadioButton) {
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    drawCheckFrame(option, painter, true);
  } else {
    QProxyStyle::drawPrimitive(element, option, painter, widget);
  }
}

void FlatStyle::drawButton(const QStyleOption* option, QPainter* painter, const QWidget* widget) const {
  const ThemeColors& colors = Theme::instance().colors();
  const bool enabled = option->state & State_Enabled;
  const bool down = option->state & (State_Sunken | State_On);
  const bool hover = enabled && (option->state & State_MouseOver);
  const bool dark = Theme::instance().dark();
  QColor fill = enabled ? option->palette.color(QPalette::Button) : colors.surface;
  // The primary button answers the mouse away from its text's colour, so that the contrast only grows.
  const bool darker = dark ? !isPrimary(widget) && down : true;
  if (down) {
    fill = darker ? fill.darker(115) : fill.lighter(112);
  } else if (hover) {
    fill = isPrimary(widget) ? (dark ? fill.lighter(108) : fill.darker(108)) : (dark ? fill.lighter(118) : fill.darker(103));
  }
  const bool focus = option->state & State_HasFocus;
  const bool chosen = enabled && (option->state & State_On);  // of several; the fill alone is hard to tell on a dark window
  QColor line = isPrimary(widget) && enabled ? fill : colors.border;
  if (focus || chosen) line = isPrimary(widget) ? colors.text : colors.accent;
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  painter->setPen(QPen(line, focus || chosen ? 1.5 : 1));
  painter->setBrush(fill);
  painter->drawRoundedRect(QRectF(option->rect).adjusted(1, 1, -1, -1), kRadius, kRadius);
  painter->restore();
}

// Fusion derives its outline from the window's colour, which on a dark window is no outline at all.
void FlatStyle::drawFieldFrame(const QStyleOption* option, QPainter* painter) const {
  const ThemeColors& colors = Theme::instance().colors();
  const bool focus = option->state & State_HasFocus;
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  painter->setPen(QPen(focus ? colors.accent : colors.border, focus ? 1.5 : 1));
  painter->setBrush(Qt::NoBrush);
  painter->drawRoundedRect(QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5), kRadius - 2, kRadius - 2);
  painter->restore();
}

// On a dark window Fusion's box has no outline either, so that an empty one could not be seen.
void FlatStyle::drawCheckFrame(const QStyleOption* option, QPainter* painter, bool round) const {
  if (!Theme::instance().dark()) return;
  const ThemeColors& colors = Theme::instance().colors();
  const bool enabled = option->state & State_Enabled;
  const bool focus = enabled && (option->state & State_HasFocus);
  painter->save();
  painter->setPen(focus ? colors.accent : enabled ? colors.mutedText : colors.border);
  painter->setBrush(Qt::NoBrush);
  if (round) {
    painter->setRenderHint(QPainter::Antialiasing);
    painter->drawEllipse(QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5));
  } else {
    painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
  }
  painter->restore();
}

void FlatStyle::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const {
  const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
  if (element == CE_PushButtonLabel && button && isPrimary(widget) && (button->state & State_Enabled) && !button->icon.isNull()) {
    QStyleOptionButton copy = *button;
    copy.icon = QIcon(button->icon.pixmap(button->iconSize, painter->device()->devicePixelRatioF(), QIcon::Selected));
    QProxyStyle::drawControl(element, &copy, painter, widget);
    return;
  }
  if (const auto* bar = qstyleoption_cast<const QStyleOptionProgressBar*>(option);
      element == CE_ProgressBarContents && bar && bar->minimum == bar->maximum) {
    return drawBusy(*bar, painter, widget);
  }
  QProxyStyle::drawControl(element, option, painter, widget);
}

// Fusion fills the whole bar and moves faint stripes over it, which looks as if all were done.
void FlatStyle::drawBusy(const QStyleOptionProgressBar& option, QPainter* painter, const QWidget* widget) const {
  const double phase = static_cast<double>(clock_.elapsed() % kBusyMs) / kBusyMs;
  const QRectF groove = QRectF(option.rect).adjusted(1, 1, -1, -1);
  const double length = kBusyShare * groove.width();
  const double left = groove.left() + std::abs(2 * phase - 1) * (groove.width() - length);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  painter->setPen(Qt::NoPen);
  painter->setBrush(option.palette.color(QPalette::Highlight));
  painter->drawRoundedRect(QRectF(left, groove.top(), length, groove.height()), 2, 2);
  painter->restore();
  if (!widget) return;
  busy_.emplace_back(const_cast<QWidget*>(widget));
  if (!tick_.isActive()) tick_.start();
}

// Figures end at the right of their cell, words begin at the left of theirs: with less they touch.
int FlatStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
  if (metric == PM_HeaderMargin && qobject_cast<const QHeaderView*>(widget)) return kTextMargin;
  // Cells add a pixel to it.
  if (metric == PM_FocusFrameHMargin && qobject_cast<const QTableView*>(widget)) return kTextMargin - 1;
  return QProxyStyle::pixelMetric(metric, option, widget);
}

int FlatStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* result) const {
  if (hint == SH_ToolTip_WakeUpDelay) return kTooltipMs;
  // A click chooses a row; only a double click or Enter does what rows are for, whatever the desktop's files do.
  if (hint == SH_ItemView_ActivateItemOnSingleClick) return 0;
  return QProxyStyle::styleHint(hint, option, widget, result);
}

}  // namespace panicle::ui
