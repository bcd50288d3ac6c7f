#include "ui/shared/plot_notes.h"

#include <QFontMetrics>
#include <QStringList>
#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/shared/qcustomplot_header.h"
#include "ui/shared/theme.h"

namespace panicle::ui {

void PlotNotes::add(double x, const QString& text) {
  Note note{.x = x, .text = text, .line = new QCPItemStraightLine(&plot_), .words = new QCPItemText(&plot_)};
  note.line->setLayer(QStringLiteral("grid"));  // below the curves, and the words above them
  note.line->setSelectable(false);
  note.line->point1->setCoords(x, 0);
  note.line->point2->setCoords(x, 1);
  note.words->setLayer(QStringLiteral("axes"));
  note.words->setSelectable(false);
  note.words->setText(text);
  note.words->setTextAlignment(Qt::AlignLeft);
  note.words->position->setType(QCPItemPosition::ptAbsolute);
  note.words->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
  note.words->setPadding(QMargins(kGrid / 4, 0, kGrid / 4, 0));
  notes_.insert(std::upper_bound(notes_.begin(), notes_.end(), x, [](double at, const Note& other) { return at < other.x; }), note);
  restyle();
}

void PlotNotes::clear() {
  for (const Note& note : notes_) {
    plot_.removeItem(note.line);
    plot_.removeItem(note.words);
  }
  notes_.clear();
}

void PlotNotes::place() {
  const QRect area = plot_.axisRect()->rect();
  const QFontMetrics metrics(plot_.font());
  double taken = -std::numeric_limits<double>::infinity();
  for (const Note& note : notes_) {
    const double x = plot_.xAxis->coordToPixel(note.x);
    const int width = metrics.horizontalAdvance(note.text) + kGrid;
    const bool toTheLeft = x + width > area.right();
    const double left = toTheLeft ? x - width : x + kGrid / 4;
    const bool room = !note.text.isEmpty() && area.left() <= x && x <= area.right() && left >= area.left() && left > taken;
    note.words->setVisible(room);
    if (!room) continue;
    note.words->position->setCoords(left, area.top() + kGrid / 4);
    taken = std::max(x, left + width);
  }
}

void PlotNotes::restyle() {
  const ThemeColors& colors = Theme::instance().colors();
  for (const Note& note : notes_) {
    note.line->setPen(QPen(colors.mutedText, 1, Qt::DashLine));
    note.words->setColor(colors.mutedText);
    note.words->setBrush(colors.base);
    note.words->setFont(plot_.font());
  }
}

QString PlotNotes::near(double pixelX, double reach) const {
  QStringList found;
  for (const Note& note : notes_) {
    if (!note.text.isEmpty() && std::abs(plot_.xAxis->coordToPixel(note.x) - pixelX) <= reach) found << note.text;
  }
  return found.join(QLatin1Char('\n'));
}

}  // namespace panicle::ui
