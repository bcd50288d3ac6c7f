// train: a run from its document to its predictions.
#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/epoch_table.h"
#include "app/cli/interrupt.h"
#include "core/base/error.h"
#include "core/eval/predictions.h"
#include "core/runs/execute.h"

namespace panicle::cli {
namespace {

struct Arguments {
  std::string spec;
  std::string workspace;
  std::vector<std::string> settings;
  bool json = false;
};

RunSpec readSpecArgument(const Arguments& arguments) {
  RunSpec spec;
  if (arguments.spec == "-") {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    spec = specFromJson(parseJson(text, "standard input"), "standard input");
  } else {
    spec = readSpec(arguments.spec);
  }
  applySettings(spec, arguments.settings);
  // The run must find its photos again from any folder.
  if (!spec.data.root.empty())
    spec.data.root = std::filesystem::absolute(spec.data.root).lexically_normal().string();
  return spec;
}

void printResults(const RunStore& store, const std::string& run) {
  const RunRecord record = store.get(run);
  const std::filesystem::path folder = store.folder(run);
  fmt::print("\nrun {} {} after {}", run, toString(record.status), formatTime(record.seconds));
  if (const EpochRow* best = record.best()) {
    fmt::print(", best error rate {:.4f} in epoch {} of {}", best->metrics.at("error_rate"), best->epoch + 1,
               record.epochs.size());
  }
  fmt::print("\nresults: {}\n", folder.string());
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
  const RunSpec spec = readSpecArgument(arguments);
  throwProblems("the run cannot start:", check(spec));
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
  command
      ->add_option("SPEC", arguments->spec,
                   "The run's JSON document ('panicle-cli spec' prints one); - reads standard input")
      ->required();
  addWorkspace(*command, arguments->workspace);
  addSettings(*command, arguments->settings);
  addJson(*command, arguments->json);
  command->footer(
      "With --json one object a line: started, epoch, finished.\n"
      "Ctrl+C stops after the batch in work and keeps the run; a second Ctrl+C ends at once.\n"
      "A run that was stopped or failed gives exit status 1.");
  command->callback([arguments] { train(*arguments); });
}

}  // namespace panicle::cli
