#include "ui/frame/memory_chip.h"

#include <QCoreApplication>

#include "ui/shared/memory_forecast.h"
#include "ui/shared/memory_words.h"

namespace panicle::ui {

ChipText memoryChip(const MemoryForecast& forecast) {
  ChipText chip;
  chip.id = QStringLiteral("memory");
  chip.text = forecastBrief(forecast);
  chip.what = QCoreApplication::translate("MemoryChip", "Memory of a run");
  if (forecast.plan() && forecast.fit() == Fit::No) {
    chip.problems << planSentence(forecast.plan()->parts(), forecast.profile(), forecast.others(), forecast.fit());
  }
  chip.caution = forecast.plan() && forecast.fit() == Fit::Tight;
  chip.details = forecastDetails(forecast) +
                 QStringLiteral("<p>%1</p>").arg(QCoreApplication::translate("MemoryChip", "Click for the Memory page."));
  chip.page = QStringLiteral("memory");
  return chip;
}

}  // namespace panicle::ui
