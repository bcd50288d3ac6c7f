// interpret, submit: from a run's predictions to what they say.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/eval/interpretation.h"
#include "core/eval/predictions.h"
#include "core/eval/submission.h"

namespace panicle::cli {
namespace {

Predictions runPredictions(const std::string& workspace, const std::string& run, const std::string& stem,
                           const std::string& whyMissing) {
  const RunStore store = openWorkspace(workspace);
  const RunRecord record = store.get(run);
  if (!hasPredictions(store.folder(run), stem)) {
    throw Error("run " + run + " (" + toString(record.status) + ") has no predictions on its " + stem +
                " images; " + whyMissing);
  }
  return readPredictions(store.folder(run), stem);
}

// --- interpret

struct InterpretArguments {
  std::string run;
  std::string workspace;
  std::size_t top = 20;
  bool json = false;
};

const std::string& label(const Predictions& predictions, int target) {
  return predictions.vocab[static_cast<std::size_t>(target)];
}

Json confusionJson(const ConfusionMatrix& matrix) {
  Json rows = Json::array();
  for (std::size_t actual = 0; actual < matrix.vocab.size(); ++actual) {
    Json row = Json::array();
    for (std::size_t predicted = 0; predicted < matrix.vocab.size(); ++predicted)
      row.push_back(matrix.at(actual, predicted));
    rows.push_back(row);
  }
  return rows;
}

Json interpretationJson(const Predictions& predictions, const ConfusionMatrix& matrix,
                        const std::vector<std::uint32_t>& top) {
  Json confused = Json::array();
  for (const auto& cell : mostConfused(matrix)) {
    confused.push_back({label(predictions, cell.actual), label(predictions, cell.predicted), cell.count});
  }
  Json losses = Json::array();
  for (const auto i : top) {
    const int predicted = predictions.predicted(i);
    losses.push_back({{"image_id", predictions.ids[i]},
                      {"path", predictions.paths[i]},
                      {"actual", label(predictions, predictions.targets[i])},
                      {"predicted", label(predictions, predicted)},
                      {"loss", predictions.losses[i]},
                      {"probability", predictions.row(i)[static_cast<std::size_t>(predicted)]}});
  }
  Json classes = Json::array();
  const auto reports = perClass(matrix);
  for (std::size_t c = 0; c < reports.size(); ++c) {
    classes.push_back({{"label", matrix.vocab[c]},
                       {"precision", reports[c].precision},
                       {"recall", reports[c].recall},
                       {"f1", reports[c].f1},
                       {"support", reports[c].support}});
  }
  return {{"vocab", predictions.vocab},
          {"confusion", confusionJson(matrix)},
          {"most_confused", confused},
          {"top_losses", losses},
          {"per_class", classes}};
}

// Rows and columns by number: names would be too wide.
void printConfusion(const ConfusionMatrix& matrix) {
  const std::size_t classes = matrix.vocab.size();
  std::vector<std::string> header{"actual \\ predicted"};
  for (std::size_t c = 0; c < classes; ++c) header.push_back(std::to_string(c));
  TextTable table(std::move(header));
  for (std::size_t actual = 0; actual < classes; ++actual) {
    std::vector<std::string> row{fmt::format("{} {}", actual, matrix.vocab[actual])};
    for (std::size_t c = 0; c < classes; ++c) row.push_back(std::to_string(matrix.at(actual, c)));
    table.add(std::move(row));
  }
  table.print();
}

void printInterpretation(const Predictions& predictions, const ConfusionMatrix& matrix,
                         const std::vector<std::uint32_t>& top) {
  constexpr std::size_t kMostColumns = 20;
  if (matrix.vocab.size() <= kMostColumns) {
    printConfusion(matrix);
    fmt::print("\n");
  }
  TextTable classes({"class", "photos", "precision", "recall", "f1"});
  const auto reports = perClass(matrix);
  for (std::size_t c = 0; c < reports.size(); ++c) {
    classes.add({matrix.vocab[c], grouped(reports[c].support), fmt::format("{:.3f}", reports[c].precision),
                 fmt::format("{:.3f}", reports[c].recall), fmt::format("{:.3f}", reports[c].f1)});
  }
  classes.print();
  fmt::print("\n");
  TextTable confused({"actual", "predicted", "photos"}, Align::Left);
  const auto cells = mostConfused(matrix);
  for (std::size_t i = 0; i < std::min<std::size_t>(cells.size(), 10); ++i) {
    confused.add({label(predictions, cells[i].actual), label(predictions, cells[i].predicted),
                  grouped(cells[i].count)});
  }
  confused.print();
  fmt::print("\n");
  TextTable losses({"highest losses", "actual", "predicted", "loss", "probability"}, Align::Left);
  for (const auto i : top) {
    const int predicted = predictions.predicted(i);
    losses.add({predictions.paths[i], label(predictions, predictions.targets[i]),
                label(predictions, predicted), fmt::format("{:.3f}", predictions.losses[i]),
                fmt::format("{:.3f}", predictions.row(i)[static_cast<std::size_t>(predicted)])});
  }
  losses.print();
}

void interpret(const InterpretArguments& arguments) {
  const Predictions predictions = runPredictions(arguments.workspace, arguments.run, "valid",
                                                 "a run keeps them when it ends and has validation images");
  const ConfusionMatrix matrix = confusionMatrix(predictions);
  std::vector<std::uint32_t> top = topLosses(predictions);
  top.resize(std::min(top.size(), arguments.top));
  if (arguments.json) {
    printJson(interpretationJson(predictions, matrix, top));
  } else {
    printInterpretation(predictions, matrix, top);
  }
}

void addInterpret(CLI::App& program) {
  auto arguments = std::make_shared<InterpretArguments>();
  auto* command = program.add_subcommand(
      "interpret", "What a run got wrong: confusion matrix, most confused, top losses, per class");
  command->add_option("RUN", arguments->run, "The run's number")->required();
  command->add_option("--top", arguments->top, "How many of the highest losses")->capture_default_str();
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { interpret(*arguments); });
}

// --- submit

struct SubmitArguments {
  std::string run;
  std::string predictions;
  std::string sample;
  std::string out;
  std::string workspace;
  bool json = false;
};

void submit(const SubmitArguments& arguments) {
  const Predictions predictions =
      arguments.run.empty()
          ? readPredictionTable(arguments.predictions)
          : runPredictions(arguments.workspace, arguments.run, "test",
                           "a run keeps them when it ends and its data set has a folder of test images");
  const Submission submission = makeSubmission(predictions, arguments.sample);
  writeSubmission(submission, arguments.out);
  if (arguments.json) {
    printJson({{"out", arguments.out}, {"sample", arguments.sample}, {"rows", submission.rows.size()}});
  } else {
    fmt::print("{}: {} rows in the order of {}\n", arguments.out, grouped(submission.rows.size()),
               arguments.sample);
  }
}

void addSubmit(CLI::App& program) {
  auto arguments = std::make_shared<SubmitArguments>();
  auto* command = program.add_subcommand("submit", "Write the CSV that a competition asks for");
  auto* source = command->add_option_group("predictions", "Where the predictions come from");
  source->add_option("--run", arguments->run, "A run: its predictions on the test images");
  source->add_option("--preds", arguments->predictions,
                     "A CSV with image_id and one probability column for each class");
  source->require_option(1);
  command
      ->add_option("--sample", arguments->sample,
                   "The competition's sample_submission.csv: header, ids and order")
      ->required();
  command->add_option("--out", arguments->out, "The CSV to write")->required();
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { submit(*arguments); });
}

}  // namespace

void addResultCommands(CLI::App& program) {
  addInterpret(program);
  addSubmit(program);
}

}  // namespace panicle::cli
