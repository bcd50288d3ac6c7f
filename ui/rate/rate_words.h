// What a sweep of a stage does, and what a rate changes in the recipe, in words.
#pragma once

#include <QString>

#include "core/runs/run_spec.h"

namespace panicle::ui {

class WeightStates;

// What the stage's first fit trains: "the body is frozen; the head and the norm layers learn".
QString learnsWords(const ScheduleOptions& schedule);

// What is swept, short: "resnet18 · 128 · batch 64".
QString sweepSubject(const RunSpec& spec, int stage);

// "Stage 2 of 3: fit_one_cycle at 224".
QString stageWords(const RunSpec& spec, int stage);

// The recipe's field that holds the rate of a stage: "base_lr" of fine_tune, else "lr_max".
QString rateField(const ScheduleOptions& schedule);
QString ratePath(const RunSpec& spec, int stage);   // "stages.0.schedule.base_lr"
double rateOf(const ScheduleOptions& schedule);     // of the head, where the groups have several
QString rateText(const ScheduleOptions& schedule);  // "0.003", "slice(1e-06,0.0001)"

// The schedule with another rate. A slice keeps its form and the ratio of its two ends.
ScheduleOptions withRate(const ScheduleOptions& schedule, double rate);
Json rateJson(const ScheduleOptions& schedule);     // what ratePath() holds

// Three figures, which is all that a curve can tell.
double roundedRate(double rate);
// As formatRate(), with more figures where there are more: what is read on a button is what the recipe gets.
QString rateFigures(double rate);

}  // namespace panicle::ui
