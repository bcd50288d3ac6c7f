// The recipe in the words of the strip: one chip for each part, with what is wrong about it.
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

#include "core/runs/run_spec.h"
#include "ui/shared/training_start.h"

namespace panicle::ui {

struct ChipText {
  QString id;           // "model", "stage0.transforms"
  QString text;         // "squish 480 → aug 224"
  int stage = 0;        // from 1, where the recipe has several and the part is of one of them; else 0
  QString what;         // the accessible name and the tooltip's first line
  QStringList problems; // empty: the part is fine
  QString note;         // a sentence for the tooltip of a part that is fine
  QString page = QStringLiteral("train");  // where a click leads
  bool caution = false; // fine, but only just: amber
  QString details;      // rich text for the tooltip, instead of the problems or the note
};

// In the order in which a photo goes through them: transforms, network, batch, schedule, those of each stage together; then data and what else there is.
// `problems` are check()'s, each beginning with the dotted path it is about; `start` is what a run would start from.
std::vector<ChipText> recipeChips(const RunSpec& spec, const QStringList& problems, const TrainingStart& start = {});

}  // namespace panicle::ui
