#include "ui/frame/pages.h"

#include <QObject>

#include "ui/data/data_page.h"
#include "ui/inspect/inspect_page.h"
#include "ui/memory/memory_page.h"
#include "ui/models/models_page.h"
#include "ui/preview/preview_page.h"
#include "ui/rate/rate_page.h"
#include "ui/runs/runs_page.h"
#include "ui/submit/submit_page.h"
#include "ui/train/train_page.h"

namespace panicle::ui {

const std::vector<PageEntry>& pageEntries() {
  static const std::vector<PageEntry> entries{
      {QStringLiteral("data"), QObject::tr("Data"), QStringLiteral("data"),
       QObject::tr("Look at the photos: classes, sizes, what cannot be read"), makeDataPage},
      {QStringLiteral("preview"), QObject::tr("Preview"), QStringLiteral("preview"),
       QObject::tr("See what the network sees: every way of resizing, and the batches of training"), makePreviewPage},
      {QStringLiteral("models"), QObject::tr("Models"), QStringLiteral("models"),
       QObject::tr("Choose the network: what each costs, and the weights that it starts from"), makeModelsPage},
      {QStringLiteral("rate"), QObject::tr("Rate"), QStringLiteral("rate"),
       QObject::tr("Find a learning rate: sweep it, and take one that the curve suggests"), makeRatePage},
      {QStringLiteral("train"), QObject::tr("Train"), QStringLiteral("train"),
       QObject::tr("Set up a run and watch it learn"), makeTrainPage},
      {QStringLiteral("runs"), QObject::tr("Runs"), QStringLiteral("runs"),
       QObject::tr("Find, compare and queue runs: curves, settings, and the photos on which they differ"), makeRunsPage},
      {QStringLiteral("inspect"), QObject::tr("Inspect"), QStringLiteral("inspect"),
       QObject::tr("See what a run got wrong, and the photos behind every number"), makeInspectPage},
      {QStringLiteral("memory"), QObject::tr("Memory"), QStringLiteral("memory"),
       QObject::tr("See what the memory holds, what the recipe would take, and which networks fit at which sizes"), makeMemoryPage},
      {QStringLiteral("submit"), QObject::tr("Submit"), QStringLiteral("submit"),
       QObject::tr("Turn a run's predictions into the CSV that a competition asks for"), makeSubmitPage},
  };
  return entries;
}

}  // namespace panicle::ui
