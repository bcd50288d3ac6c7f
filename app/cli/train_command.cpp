// train: a run from its document to its predictions.
#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/epoch_table.h"
#include "app/cli/interrupt.h"
#include "app/cli/spec_argument.h"
#include "core/base/error.h"
#include "core/eval/predictions.h"
#include "core/runs/execute.h"

namespace panicle::cli {
namespace {

struct Arguments {
  SpecArgument spec;
  std::string workspace;
  bool json = false;
};

void printResults(const RunStore& store, const std::string& run) {
  const RunRecord record = store.get(run);
  const std::filesystem::path folder = store.folder(run);
  fmt::print("\nrun {} {} after {}", run, toString(record.status), formatTime(record.seconds));
  if (const EpochRow* best = record.best()) {
    fmt::print(", best {} {:.4f} in epoch {} of {}", record.monitor(), best->value(record.monitor()), best->epoch + 1,
               record.epochs.size());
  }
  fmt::print("\n");
  if (const auto tta = record.results.find("tta_error_rate"); tta != record.results.end())
    fmt::print("error_rate with test-time augmentation {:.4f}\n", tta->second);
  fmt::print("results: {}\n", folder.string());
  const bool elsewhere = store.workspace() != std::filesystem::absolute(defaultWorkspace());
  const std::string workspace = elsewhere ? " --workspace " + store.workspace().string() : "";
  if (hasPredictions(folder, "valid"))
    fmt::print("what went wrong: panicle-cli interpret {}{}\n", run, workspace);
  if (hasPredictions(folder, "test")) {
    const auto known = std::filesystem::path(record.spec.data.root) / "sample_submission.csv";
    const std::string sample = std::filesystem::exists(known) ? known.string() : known.filename().string();
    fmt::print("submission: panicle-cli submit --run {}{} --sample {} --out subm.csv\n", run, workspace,
               sample);
  }
}

void train(const Arguments& arguments) {
  const RunSpec spec = readSpecArgument(arguments.spec);
  TrainControl control;
  const InterruptWatch watch(control);
  RunStore store(arguments.workspace);
  RunOutcome outcome;
  if (arguments.json) {
    outcome = execute(store, spec, control, printEventLine);
  } else {
    TextReport report;
    outcome = execute(store, spec, control, std::ref(report));
  }
  if (!arguments.json) printResults(store, outcome.run);
  if (outcome.status == RunStatus::Failed) throw Error("run " + outcome.run + " failed: " + outcome.message);
  if (outcome.status != RunStatus::Finished)
    throw Error("run " + outcome.run + " was " + toString(outcome.status) + " before its end");
}

}  // namespace

void addTrainCommand(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = program.add_subcommand("train", "Train a run and print fastai's epoch table as it grows");
  addSpecArgument(*command, arguments->spec);
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->footer(
      "With --json one object a line: started, epoch, finished.\n"
      "Ctrl+C stops after the batch in work and keeps the run; a second Ctrl+C ends at once.\n"
      "A run that was stopped or failed gives exit status 1.");
  command->callback([arguments] { train(*arguments); });
}

}  // namespace panicle::cli
