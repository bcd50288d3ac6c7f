// interpret, submit: from a run's predictions to what they say.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/eval/interpretation.h"
#include "core/eval/predictions.h"
#include "core/eval/submission.h"
#include "core/train/metrics.h"

namespace panicle::cli {
namespace {

// Which of a run's kept predictions are meant.
struct Kept {
  std::string run;
  std::string workspace;
  std::string split;   // "valid" or "test"
  std::string target;  // "": the label
  bool tta = false;
};

struct FoundPredictions {
  std::filesystem::path folder;
  std::string stem;
  bool number = false;
};

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

FoundPredictions findPredictions(const Kept& kept, const std::string& whyMissing) {
  const RunStore store = openWorkspace(kept.workspace);
  const RunRecord record = store.get(kept.run);
  const DataOptions& data = record.spec.data;
  FoundPredictions found{.folder = store.folder(kept.run),
                         .stem = kept.tta ? ttaStem(kept.split) : kept.split};
  if (!kept.target.empty() && kept.target != data.label_columns.front()) {
    if (!contains(data.label_columns, kept.target)) {
      const std::string near = nearestName(kept.target, data.label_columns);
      throw Error("run " + kept.run + " has not learnt '" + kept.target + "'" +
                  (near.empty() ? std::string("; its label column is ") + data.label_columns.front()
                                : "; did you mean '" + near + "'?"));
    }
    found.stem = targetStem(found.stem, kept.target);
    found.number = contains(data.regression_columns, kept.target);
  }
  if (!hasPredictions(found.folder, found.stem)) {
    throw Error("run " + kept.run + " (" + toString(record.status) + ") has no predictions on its " +
                kept.split + " images" +
                (kept.tta ? " with test-time augmentation; its spec must set tta, and" : ";") + " " +
                whyMissing);
  }
  return found;
}

bool hasTta(const Kept& kept) {
  const RunStore store = openWorkspace(kept.workspace);
  store.get(kept.run);  // says that there is no such run
  return hasPredictions(store.folder(kept.run), ttaStem(kept.split));
}

// --- interpret

struct InterpretArguments {
  Kept kept{.split = "valid"};
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
          {"error_rate", predictions.errorRate()},
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
  fmt::print("error rate {:.4f}\n\n", predictions.errorRate());
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

// --- interpret, of a target that is a number

// Labelled images, the farthest off first.
std::vector<std::size_t> farthestOff(const NumberPredictions& predictions) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    if (!std::isnan(predictions.truths[i])) order.push_back(i);
  }
  const auto off = [&](std::size_t i) {
    const float difference = std::abs(predictions.values[i] - predictions.truths[i]);
    return std::isnan(difference) ? std::numeric_limits<float>::infinity() : difference;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return off(a) > off(b); });
  return order;
}

void interpretNumbers(const NumberPredictions& predictions, std::size_t top, bool json) {
  NumberMetrics metrics;
  metrics.add(predictions.values, predictions.truths);
  std::vector<std::size_t> order = farthestOff(predictions);
  const std::size_t labelled = order.size();
  order.resize(std::min(labelled, top));
  if (json) {
    Json off = Json::array();
    for (const std::size_t i : order) {
      off.push_back({{"image_id", predictions.ids[i]},
                     {"path", predictions.paths[i]},
                     {"actual", predictions.truths[i]},
                     {"predicted", predictions.values[i]}});
    }
    printJson({{"target", predictions.name},
               {"images", labelled},
               {"mae", metrics.value("mae")},
               {"rmse", metrics.value("rmse")},
               {"r2", metrics.value("r2")},
               {"farthest_off", off}});
    return;
  }
  TextTable table({"target", "photos", "mae", "rmse", "r2"});
  table.add({predictions.name, grouped(labelled), fmt::format("{:.3f}", metrics.value("mae")),
             fmt::format("{:.3f}", metrics.value("rmse")), fmt::format("{:.3f}", metrics.value("r2"))});
  table.print();
  fmt::print("\n");
  TextTable off({"farthest off", "actual", "predicted"});
  for (const std::size_t i : order) {
    off.add({predictions.paths[i], numberText(predictions.truths[i]),
             fmt::format("{:.3f}", predictions.values[i])});
  }
  off.print();
}

void interpret(const InterpretArguments& arguments) {
  const FoundPredictions found =
      findPredictions(arguments.kept, "a run keeps them when it ends and has validation images");
  if (found.number) {
    interpretNumbers(readNumberPredictions(found.folder, found.stem), arguments.top, arguments.json);
    return;
  }
  const Predictions predictions = readPredictions(found.folder, found.stem);
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
  command->add_option("RUN", arguments->kept.run, "The run's number")->required();
  command->add_option("--target", arguments->kept.target,
                      "A further label column that the run has learnt; without it the label");
  command->add_flag("--tta", arguments->kept.tta, "The predictions of test-time augmentation");
  command->add_option("--top", arguments->top, "How many of the highest losses")->capture_default_str();
  addWorkspace(*command, arguments->kept.workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { interpret(*arguments); });
}

// --- submit

struct SubmitArguments {
  Kept kept{.split = "test"};
  bool noTta = false;
  std::string predictions;
  std::string sample;
  std::string out;
  bool json = false;
};

// Those of test-time augmentation where the run has them, unless the plain ones are asked for.
Predictions runPredictions(const SubmitArguments& arguments) {
  Kept kept = arguments.kept;
  kept.tta = !arguments.noTta && hasTta(kept);
  const FoundPredictions found =
      findPredictions(kept, "a run keeps them when it ends and its data set has a folder of test images");
  if (found.number) {
    throw Error("'" + kept.target + "' is a number; a submission holds classes. Its predictions are in " +
                (found.folder / (found.stem + "_preds.csv")).string());
  }
  return readPredictions(found.folder, found.stem);
}

void submit(const SubmitArguments& arguments) {
  const Predictions predictions =
      arguments.kept.run.empty() ? readPredictionTable(arguments.predictions) : runPredictions(arguments);
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
  auto* run = source->add_option(
      "--run", arguments->kept.run,
      "A run: its predictions on the test images, with test-time augmentation where it has them");
  source->add_option("--preds", arguments->predictions,
                     "A CSV with image_id and one probability column for each class");
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
  command->add_option("--out", arguments->out, "The CSV to write")->required();
  addWorkspace(*command, arguments->kept.workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { submit(*arguments); });
}

}  // namespace

void addResultCommands(CLI::App& program) {
  addInterpret(program);
  addSubmit(program);
}

}  // namespace panicle::cli
