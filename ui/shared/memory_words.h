// A memory plan in words and colours: beside Start, on the Memory page, in tooltips.
#pragma once

#include <QColor>
#include <QString>
#include <vector>

#include "core/runs/memory_plan.h"

namespace panicle::ui {

class MemoryForecast;

// "4,846": whole MiB, rounded up, for what is not there is needed.
QString mib(quint64 bytes);

QString fitWord(Fit fit);    // "fits", "tight", "does not fit"
QColor fitColor(Fit fit);    // of the theme: text, amber, red

struct PlannedPart {
  QString name;     // "activations"
  QString meaning;  // one sentence
  quint64 bytes = 0;
  QColor color;
};
// In the order of the bar; those that take nothing are left out.
std::vector<PlannedPart> plannedParts(const MemoryParts& parts);

// "Needs about 4,846 of 16,280 MiB on Kaggle P100, and other programs hold 120: fits."
QString planSentence(const MemoryParts& parts, const DeviceProfile& profile, quint64 others, Fit fit);

// All parts with what they are: rich text, for a tooltip.
QString planTable(const MemoryParts& parts);

// The forecast in a few words: "fits 3.1/15.9 GiB", "needs 17.2/15.9 GiB".
QString forecastBrief(const MemoryForecast& forecast);
// The forecast whole, rich text: the sentence, the parts, which stage takes most.
QString forecastDetails(const MemoryForecast& forecast);

}  // namespace panicle::ui
