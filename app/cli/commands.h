// One function a command group: it adds the group's subcommands to the program. A subcommand's callback does
// the work and throws panicle::Error when it cannot; CLI11's own errors are usage errors.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/runs/run_spec.h"
#include "core/runs/run_store.h"

namespace panicle::cli {

void addCacheCommand(CLI::App& program);    // cache
void addDataCommands(CLI::App& program);    // sample, census, split
void addMemoryCommand(CLI::App& program);   // memory
void addModelCommands(CLI::App& program);   // models, weights, download
void addPreviewCommand(CLI::App& program);  // preview
void addRecipeCommands(CLI::App& program);  // recipes
void addReviewCommands(CLI::App& program);  // review, leaks, corrections
void addSpecCommand(CLI::App& program);     // spec
void addLrFindCommand(CLI::App& program);   // lr-find
void addTrainCommand(CLI::App& program);    // train, resume
void addRunCommands(CLI::App& program);     // runs: list, show, and the three below
void addCompareCommand(CLI::App& runs);     // compare
void addArchiveCommands(CLI::App& runs);    // export, import, history, tensorboard, check-data
void addLabelCommands(CLI::App& runs);      // star, rename, tag, note, keep, trash, restore, purge
void addQueueCommands(CLI::App& program);   // queue: add, list, run, hold, release, cancel, move, retry, remove, on-failure
void addSweepCommand(CLI::App& program);    // sweep
void addPredictCommand(CLI::App& program);    // predict
void addInterpretCommand(CLI::App& program);  // interpret
void addEnsembleCommand(CLI::App& program);   // ensemble
void addSubmitCommand(CLI::App& program);     // submit

// --set KEY=VALUE, as often as wanted, for the commands that change a RunSpec.
void addSettings(CLI::App& command, std::vector<std::string>& settings);
void applySettings(RunSpec& spec, const std::vector<std::string>& settings);

// The run of a recipe that comes with Panicle; `member` counts from 1, and without it the first of several is taken and a note says so.
RunSpec recipeRun(const std::string& name, std::optional<int> member);

// --json and --workspace, the same for every command that has them.
void addJson(CLI::App& command, bool& json);
void addWorkspace(CLI::App& command, std::string& workspace);

// The store of a workspace that must be there already: looking at runs makes no folders.
RunStore openWorkspace(const std::string& workspace);

}  // namespace panicle::cli
