// A run as one file, to be kept or given away: a zip with panicle-run.json, spec.json, history.csv, the weights, the predictions and
// the environment.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "core/base/progress.h"
#include "core/runs/run_store.h"

namespace panicle {

// Replaces `file` at once and only when all is written. Throws Error for a run that runs or is not there, and Cancelled.
void exportRun(const RunStore& store, const std::string& run, const std::filesystem::path& file, std::stop_token stop = {},
               const Progress& progress = {});

// Under a new id, with its epochs, tags and note; the weights and predictions are checked against their sums. Throws Error, and leaves
// nothing behind, for what is not such a file, is damaged, or would write outside the run's folder.
std::string importRun(RunStore& store, const std::filesystem::path& file, std::stop_token stop = {}, const Progress& progress = {});

// One row an epoch: stage, epoch (from 1), phase, train_loss, valid_loss, the metrics, seconds, skipped_steps; with a header line.
std::string historyCsv(const RunRecord& record);

}  // namespace panicle
