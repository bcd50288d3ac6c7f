// submit: from predictions to the CSV that a competition asks for.
#include <spdlog/fmt/fmt.h>

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/kept_predictions.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/base/fields.h"
#include "core/eval/provenance.h"
#include "core/eval/submission.h"

namespace panicle::cli {
namespace {

struct SubmitArguments {
  KeptArgument kept{.which = {.run = "", .set = PhotoSet::Test}, .target = ""};
  std::string workspace;
  bool noTta = false;
  std::string predictions;
  std::string check;
  std::string labels;
  std::string sample;
  std::string out;
  bool json = false;
};

// Those of test-time augmentation where the run has them, unless the plain ones are asked for.
Predictions runPredictions(const SubmitArguments& arguments, Json& madeFrom) {
  const RunStore store = openWorkspace(arguments.workspace);
  KeptArgument kept = arguments.kept;
  kept.which.tta = !arguments.noTta && hasTta(store, kept);
  Predictions predictions = requireClasses(store, kept);
  madeFrom = describePredictions(store, kept.which);
  return predictions;
}

// The labels that a submission may hold; none where nobody knows.
Vocab knownLabels(const SubmitArguments& arguments) {
  if (!arguments.labels.empty()) return readVocab(arguments.labels);
  return arguments.kept.target.empty() ? labelsBeside(arguments.sample) : Vocab{};
}

void checkFile(const SubmitArguments& arguments) {
  const auto problems = submissionProblems(arguments.check, arguments.sample, knownLabels(arguments));
  if (arguments.json) printJson({{"file", arguments.check}, {"sample", arguments.sample}, {"good", problems.empty()}, {"problems", problems}});
  throwProblems(arguments.check + " cannot be submitted:", problems);
  if (!arguments.json) fmt::print("{} has all that {} asks for\n", arguments.check, arguments.sample);
}

void submit(const SubmitArguments& arguments) {
  if (!arguments.check.empty()) return checkFile(arguments);
  if (arguments.out.empty()) throw CLI::RequiredError("--out");
  Json madeFrom;
  Predictions predictions;
  if (arguments.kept.which.run.empty()) {
    predictions = readPredictionTable(arguments.predictions);
    madeFrom = describeTable(arguments.predictions);
  } else {
    predictions = runPredictions(arguments, madeFrom);
  }
  Submission submission = makeSubmission(predictions, arguments.sample, knownLabels(arguments));
  submission.made_from = std::move(madeFrom);
  writeSubmission(submission, arguments.out);
  const std::string provenance = provenancePath(arguments.out).string();
  if (arguments.json) {
    printJson({{"out", arguments.out}, {"sample", arguments.sample}, {"rows", submission.rows.size()}, {"provenance", provenance}});
  } else {
    fmt::print("{}: {} rows in the order of {}\nmade from: {}\n", arguments.out, grouped(submission.rows.size()), arguments.sample, provenance);
  }
}

}  // namespace

void addSubmitCommand(CLI::App& program) {
  auto arguments = std::make_shared<SubmitArguments>();
  auto* command = program.add_subcommand("submit", "Write the CSV that a competition asks for");
  auto* source = command->add_option_group("predictions", "Where the predictions come from");
  auto* run = source->add_option(
      "--run", arguments->kept.which.run,
      "A run: its predictions on the test images, with test-time augmentation where it has them");
  source->add_option("--preds", arguments->predictions,
                     "A CSV with image_id and one probability column for each class");
  source->add_option("--check", arguments->check, "Nothing: look whether this CSV, which is there already, has all that the sample asks for");
  source->require_option(1);
  command
      ->add_option("--target", arguments->kept.target,
                   "With --run: a further label column that the run has learnt; without it the label")
      ->needs(run);
  command->add_flag("--no-tta", arguments->noTta, "With --run: the plain predictions")->needs(run);
  command
      ->add_option("--sample", arguments->sample,
                   "The competition's sample_submission.csv: header, ids and order")
      ->required();
  command->add_option("--labels", arguments->labels,
                      "The labels that there are: a JSON list, one a line, or a CSV with a label column; without it train.csv beside the sample");
  command->add_option("--out", arguments->out, "The CSV to write; beside it goes a JSON document that says what it was made from");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { submit(*arguments); });
}

}  // namespace panicle::cli
