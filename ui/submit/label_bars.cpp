#include "ui/submit/label_bars.h"

#include <QHelpEvent>
#include <QPaintEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

#include "ui/shared/theme.h"

namespace panicle::ui {

LabelBars::LabelBars(QWidget* parent) : QWidget(parent) {
  setAccessibleName(tr("Label proportions"));
  connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&LabelBars::update));
}

void LabelBars::setReport(std::shared_ptr<const SubmissionReport> report) {
  report_ = std::move(report);
  largest_ = 0;
  if (report_) {
    for (const double share : report_->shares) largest_ = std::max(largest_, share);
    for (const double share : report_->known_shares) largest_ = std::max(largest_, share);
  }
  setMinimumHeight(sizeHint().height());
  updateGeometry();
  update();
}

int LabelBars::rowHeight() const {
  return fontMetrics().height() + 2 * kGrid + kGrid / 2;
}

QSize LabelBars::sizeHint() const {
  const int rows = report_ ? static_cast<int>(report_->shares.size()) : 0;
  return {12 * kGrid, rows * rowHeight()};
}

QString LabelBars::describe(int row) const {
  const auto i = static_cast<std::size_t>(row);
  const QString here = tr("%1: %2 of the submission").arg(report_->labels[row], formatPercent(report_->shares[i]));
  if (report_->known_shares.empty()) return here;
  return here + QLatin1Char('\n') +
         tr("%1 of the %2").arg(formatPercent(report_->known_shares[i]), report_->known_photos);
}

bool LabelBars::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip && report_) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const int row = help->pos().y() / rowHeight();
    if (row >= 0 && row < static_cast<int>(report_->shares.size())) {
      QToolTip::showText(help->globalPos(), describe(row), this);
      return true;
    }
  }
  return QWidget::event(event);
}

void LabelBars::paintEvent(QPaintEvent* event) {
  QPainter painter(this);
  painter.fillRect(event->rect(), Theme::instance().colors().base);
  if (!report_ || report_->shares.empty()) return;
  const int last = std::min(static_cast<int>(report_->shares.size()) - 1, event->rect().bottom() / rowHeight());
  for (int row = event->rect().top() / rowHeight(); row <= last; ++row) paintRow(painter, row);
}

void LabelBars::paintRow(QPainter& painter, int row) const {
  const ThemeColors& colors = Theme::instance().colors();
  const auto i = static_cast<std::size_t>(row);
  const QFontMetrics metrics = fontMetrics();
  const QRect area(kGrid, row * rowHeight(), width() - 2 * kGrid, rowHeight());
  const QRect line(area.left(), area.top() + kGrid / 2, area.width(), metrics.height());
  const QString figure = formatPercent(report_->shares[i]);
  const int figureWidth = metrics.horizontalAdvance(figure);
  painter.setPen(colors.text);
  painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, figure);
  painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter,
                   metrics.elidedText(report_->labels[row], Qt::ElideMiddle, line.width() - figureWidth - kGrid));
  const auto bar = [&](int top, int height, double share, const QColor& color) {
    if (largest_ <= 0 || share <= 0) return;
    painter.fillRect(QRectF(area.left(), top, std::max(1.0, area.width() * share / largest_), height), color);
  };
  bar(line.bottom() + 2, 5, report_->shares[i], classColor(row));
  if (!report_->known_shares.empty()) bar(line.bottom() + 8, 3, report_->known_shares[i], colors.mutedText);
}

}  // namespace panicle::ui
