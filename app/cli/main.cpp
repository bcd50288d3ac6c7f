// panicle-cli: everything Panicle does, without a window. Answers go to standard output, logs and errors to
// standard error.
#include <spdlog/fmt/fmt.h>

#include "app/cli/commands.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/models/kernels.h"

namespace {

constexpr int kFailure = 1;
constexpr int kUsageError = 2;

int usageError(const CLI::App& program, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
  const CLI::App* command = &program;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  std::string name = command->get_name();
  for (const CLI::App* parent = command->get_parent(); parent; parent = parent->get_parent()) {
    name = parent->get_name() + " " + name;
  }
  fmt::print(stderr, "error: {}\nSee: {} --help\n", error.what(), name);
  return kUsageError;
}

std::string versionWords() {
  const panicle::LinearAlgebra algebra = panicle::describeLinearAlgebra();
  return "panicle-cli " PANICLE_VERSION "\n" + algebra.words() +
         (algebra.warning.empty() ? "" : "\nwarning: " + algebra.warning);
}

}  // namespace

int main(int argc, char** argv) {
  panicle::useBestKernels(argv);
  panicle::initLogging();
  CLI::App program("Trains image classifiers on folders of labelled photos, without a window.",
                   "panicle-cli");
  program.set_version_flag("--version", versionWords);
  program.require_subcommand(1);
  panicle::cli::addDataCommands(program);
  panicle::cli::addPreviewCommand(program);
  panicle::cli::addModelCommands(program);
  panicle::cli::addRecipeCommands(program);
  panicle::cli::addSpecCommand(program);
  panicle::cli::addLrFindCommand(program);
  panicle::cli::addTrainCommand(program);
  panicle::cli::addRunCommands(program);
  panicle::cli::addQueueCommands(program);
  panicle::cli::addSweepCommand(program);
  panicle::cli::addPredictCommand(program);
  panicle::cli::addInterpretCommand(program);
  panicle::cli::addReviewCommands(program);
  panicle::cli::addEnsembleCommand(program);
  panicle::cli::addSubmitCommand(program);
  panicle::cli::addCacheCommand(program);
  panicle::cli::addMemoryCommand(program);
  program.footer(
      "Every command has --help, and --json for an answer that programs can read.\n"
      "Exit status: 0 success, 2 wrong usage, 1 anything else.");
  try {
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    return usageError(program, error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return kFailure;
  }
}
