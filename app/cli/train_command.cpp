// train, resume: a run from its document, or from where it was left, to its predictions.
#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

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
  std::string run;  // of resume
  std::string workspace;
  bool json = false;
  std::optional<double> saveEvery;  // minutes
};

// For a command that the user may copy.
std::string workspaceOption(const RunStore& store) {
  const bool elsewhere = store.workspace() != std::filesystem::absolute(defaultWorkspace());
  return elsewhere ? " --workspace " + store.workspace().string() : "";
}

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
  const std::string workspace = workspaceOption(store);
  if (hasPredictions(folder, "valid"))
    fmt::print("what went wrong: panicle-cli interpret {}{}\n", run, workspace);
  if (hasPredictions(folder, "test")) {
    const auto known = std::filesystem::path(record.spec.data.root) / "sample_submission.csv";
    const std::string sample = std::filesystem::exists(known) ? known.string() : known.filename().string();
    fmt::print("submission: panicle-cli submit --run {}{} --sample {} --out subm.csv\n", run, workspace,
               sample);
  }
}

// `perform` is execute() or resume().
void follow(RunStore& store, bool json, const std::function<RunOutcome(TrainControl&, const TrainObserver&)>& perform) {
  TrainControl control;
  const InterruptWatch watch(control);
  RunOutcome outcome;
  if (json) {
    outcome = perform(control, printEventLine);
  } else {
    TextReport report;
    outcome = perform(control, std::ref(report));
  }
  if (!json) printResults(store, outcome.run);
  if (outcome.status == RunStatus::Failed) throw Error("run " + outcome.run + " failed: " + outcome.message);
  if (outcome.status == RunStatus::Finished) return;
  throw Error("run " + outcome.run + " was " + toString(outcome.status) + " before its end; go on with: panicle-cli resume " +
              outcome.run + workspaceOption(store));
}

void train(const Arguments& arguments) {
  RunSpec spec = readSpecArgument(arguments.spec);
  if (arguments.saveEvery) {
    spec.checkpoint.every_minutes = *arguments.saveEvery;
    spec.checkpoint.max_share = 1;  // who asks for it gets it, whatever part of the time it takes
  }
  RunStore store(arguments.workspace);
  follow(store, arguments.json, [&](TrainControl& control, const TrainObserver& observer) { return execute(store, spec, control, observer); });
}

void resumeRun(const Arguments& arguments) {
  RunStore store = openWorkspace(arguments.workspace);
  follow(store, arguments.json,
         [&](TrainControl& control, const TrainObserver& observer) { return resume(store, arguments.run, control, observer); });
}

}  // namespace

void addTrainCommand(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = program.add_subcommand("train", "Train a run and print fastai's epoch table as it grows");
  addSpecArgument(*command, arguments->spec);
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command
      ->add_option("--save-every", arguments->saveEvery,
                   "Save what the run can be resumed from each so many minutes, beside the end of every epoch; 0: as often as the disk allows. "
                   "Short for checkpoint.every_minutes with checkpoint.max_share 1")
      ->check(CLI::Range(0.0, 1440.0));
  command->footer(
      "With --json one object a line: started, epoch, finished.\n"
      "Ctrl+C stops after the batch in work and keeps the run; a second Ctrl+C ends at once.\n"
      "SIGUSR1 pauses the run and gives the device back, SIGUSR2 lets it go on.\n"
      "A run that was stopped or failed gives exit status 1.");
  command->callback([arguments] { train(*arguments); });

  auto resumed = std::make_shared<Arguments>();
  auto* resume = program.add_subcommand("resume", "Go on with a run that was stopped, interrupted or has failed, from its newest checkpoint");
  resume->add_option("RUN", resumed->run, "The run's number")->required();
  addWorkspace(*resume, resumed->workspace);
  addJson(*resume, resumed->json);
  resume->footer(
      "On the processor the run ends with the very weights that it would have had without the interruption;\n"
      "where that cannot be, a warning says why. Prints, and takes signals, as train does.");
  resume->callback([resumed] { resumeRun(*resumed); });
}

}  // namespace panicle::cli
