// The HTML report of a run (core/eval/report.h).
#pragma once

#include <filesystem>
#include <stop_token>

#include "core/eval/predictions.h"
#include "core/runs/run_predictions.h"

namespace panicle {

// Its facts, warnings, self-check, epochs and spec, and `predictions` of it, which `which` names. Writes `file` atomically. Throws Error, Cancelled.
void writeRunReport(const RunStore& store, const WhichPredictions& which, const Predictions& predictions, const std::filesystem::path& file,
                    std::stop_token stop = {});

}  // namespace panicle
