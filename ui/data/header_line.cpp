#include "ui/data/header_line.h"

#include <QCoreApplication>
#include <QPainter>
#include <QStringList>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("DataPage", text);
}

QString sizesPart(const PhotoFilter& filter, const Census* census) {
  if (filter.sizes.size() == 1) return sizeText(filter.sizes.begin()->first, filter.sizes.begin()->second);
  if (!filter.sizes.empty()) return tr("%1 sizes").arg(filter.sizes.size());
  if (!census || census->sizes.empty()) return {};
  if (census->sizes.size() > 1) return tr("%1 sizes").arg(formatCount(census->sizes.size()));
  const auto& [height, width] = census->sizes.begin()->first;
  return sizeText(width, height);
}

QString classesPart(const PhotoFilter& filter, const Vocab& vocab) {
  if (filter.classes.size() > 3) return tr("%1 classes").arg(filter.classes.size());
  QStringList labels;
  for (const int target : filter.classes)
    labels << QString::fromStdString(vocab[static_cast<std::size_t>(target)]);
  return labels.join(QStringLiteral(", "));
}

QString partsPart(const PhotoFilter& filter) {
  QStringList parts;
  if (filter.parts.contains(Part::Train)) parts << tr("training");
  if (filter.parts.contains(Part::Valid)) parts << tr("validation");
  if (filter.parts.contains(Part::Test)) parts << tr("test");
  return parts.join(QStringLiteral(", "));
}

QString orientationsPart(const PhotoFilter& filter) {
  QStringList numbers;
  for (const int orientation : filter.orientations) numbers << QString::number(orientation);
  return numbers.isEmpty() ? QString() : tr("EXIF %1").arg(numbers.join(QStringLiteral(", ")));
}

}  // namespace

QString sizeText(int width, int height) {
  return QStringLiteral("%1\u00d7%2").arg(width).arg(height);
}

QString orientationText(int orientation) {
  switch (orientation) {
    case 1:
      return tr("1  upright");
    case 2:
      return tr("2  mirrored");
    case 3:
      return tr("3  upside down");
    case 4:
      return tr("4  flipped top to bottom");
    case 5:
      return tr("5  mirrored, turned left");
    case 6:
      return tr("6  turn right to view");
    case 7:
      return tr("7  mirrored, turned right");
    case 8:
      return tr("8  turn left to view");
    default:
      return QString::number(orientation);
  }
}

QString describeView(std::size_t shown, const PhotoIndex& index, const PhotoFilter& filter,
                     const Census* census) {
  const std::size_t total = filter.parts.contains(Part::Test) ? index.all() : index.labelled();
  QStringList parts;
  parts << (filter.empty() ? tr("%1 photos").arg(formatCount(total))
                           : tr("%1 of %2 photos").arg(formatCount(shown), formatCount(total)));
  parts << sizesPart(filter, census) << classesPart(filter, index.dataset->vocab) << partsPart(filter)
        << orientationsPart(filter);
  if (filter.bad.size() == 1) parts << (*filter.bad.begin() ? tr("cannot be read") : tr("readable"));
  if (!filter.words.empty()) parts << tr("\u201c%1\u201d").arg(QString::fromStdString(filter.words));
  parts.removeAll(QString());
  return parts.join(QStringLiteral("  \u00b7  "));
}

HeaderLine::HeaderLine(QWidget* parent) : QLabel(parent) {
  setTextFormat(Qt::PlainText);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  QFont strong = font();
  strong.setBold(true);
  setFont(strong);
}

QSize HeaderLine::minimumSizeHint() const {
  return {10 * kGrid, QLabel::minimumSizeHint().height()};
}

void HeaderLine::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const QString shown = fontMetrics().elidedText(text(), Qt::ElideRight, width());
  painter.setPen(palette().color(foregroundRole()));
  painter.drawText(rect(), Qt::AlignVCenter | Qt::AlignLeft, shown);
}

}  // namespace panicle::ui
