// interpret: what a run got wrong, from the predictions that it has kept.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stop_token>

#include "app/cli/commands.h"
#include "app/cli/interrupt.h"
#include "app/cli/kept_predictions.h"
#include "app/cli/output.h"
#include "app/cli/prediction_progress.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/eval/calibration.h"
#include "core/eval/interpretation.h"
#include "core/eval/matrix_order.h"
#include "core/runs/run_report.h"
#include "core/runs/self_check.h"
#include "core/train/metrics.h"

namespace panicle::cli {
namespace {

struct InterpretArguments {
  KeptArgument kept;
  std::string workspace;
  std::string report;  // the file to write; "": none
  std::size_t top = 20;
  bool selfCheck = false;
  bool json = false;
};

constexpr std::size_t kReliabilityBins = 15;

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

Json rangeJson(const Interval& range) {
  return {range.low, range.high};
}

std::vector<std::uint32_t> first(std::vector<std::uint32_t> rows, std::size_t count) {
  rows.resize(std::min(rows.size(), count));
  return rows;
}

Json photosJson(const Predictions& predictions, const std::vector<std::uint32_t>& rows) {
  Json photos = Json::array();
  for (const auto i : rows) {
    const int predicted = predictions.predicted(i);
    const int actual = predictions.targets[i];
    photos.push_back({{"image_id", predictions.ids[i]},
                      {"path", predictions.paths[i]},
                      {"actual", actual < 0 ? Json(nullptr) : Json(label(predictions, actual))},
                      {"predicted", label(predictions, predicted)},
                      {"loss", actual < 0 ? Json(nullptr) : Json(predictions.losses[i])},
                      {"probability", predictions.row(i)[static_cast<std::size_t>(predicted)]},
                      {"entropy", uncertaintyOf(predictions, i, Uncertainty::Entropy)}});
  }
  return photos;
}

Json classesJson(const Predictions& predictions, const ConfusionMatrix& matrix) {
  Json classes = Json::array();
  const auto reports = perClass(matrix);
  const auto precisions = averagePrecisions(predictions);
  for (std::size_t c = 0; c < reports.size(); ++c) {
    classes.push_back({{"label", matrix.vocab[c]},
                       {"precision", reports[c].precision},
                       {"recall", reports[c].recall},
                       {"f1", reports[c].f1},
                       {"support", reports[c].support},
                       {"predicted", reports[c].predicted},
                       {"precision_range", rangeJson(reports[c].precision_range)},
                       {"recall_range", rangeJson(reports[c].recall_range)},
                       {"f1_range", rangeJson(reports[c].f1_range)},
                       {"average_precision", precisions[c]}});
  }
  return classes;
}

Json calibrationJson(const Calibration& result) {
  Json bins = Json::array();
  for (const ReliabilityBin& bin : result.bins) {
    bins.push_back({{"low", bin.low},
                    {"high", bin.high},
                    {"images", bin.images},
                    {"confidence", bin.confidence},
                    {"accuracy", bin.accuracy},
                    {"accuracy_range", rangeJson(bin.accuracy_range)}});
  }
  return {{"images", result.images},
          {"confidence", result.confidence},
          {"accuracy", result.accuracy},
          {"expected_error", result.expected_error},
          {"largest_error", result.largest_error},
          {"brier", result.brier},
          {"log_loss", result.log_loss},
          {"bins", bins}};
}

Json interpretationJson(const Predictions& predictions, const ConfusionMatrix& matrix,
                        const std::vector<std::uint32_t>& top) {
  Json confused = Json::array();
  for (const auto& cell : mostConfused(matrix)) {
    confused.push_back({label(predictions, cell.actual), label(predictions, cell.predicted), cell.count});
  }
  const Json losses = photosJson(predictions, top);
  Json orders = Json::object();
  for (const MatrixOrder order : {MatrixOrder::Confusion, MatrixOrder::Clusters}) {
    Json names = Json::array();
    for (const std::size_t c : classOrder(matrix, order)) names.push_back(matrix.vocab[c]);
    orders[enumName(order)] = names;
  }
  return {{"vocab", predictions.vocab},
          {"images", predictions.size()},
          {"error_rate", predictions.errorRate()},
          {"confusion", confusionJson(matrix)},
          {"orders", orders},
          {"most_confused", confused},
          {"top_losses", losses},
          {"confident_mistakes", photosJson(predictions, first(mostConfidentMistakes(predictions), top.size()))},
          {"most_uncertain", photosJson(predictions, first(mostUncertain(predictions, Uncertainty::Entropy), top.size()))},
          {"per_class", classesJson(predictions, matrix)},
          {"calibration", calibrationJson(calibration(predictions, kReliabilityBins))}};
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
  TextTable classes({"class", "photos", "precision", "recall", "f1", "f1, 95 %"});
  const auto reports = perClass(matrix);
  for (std::size_t c = 0; c < reports.size(); ++c) {
    classes.add({matrix.vocab[c], grouped(reports[c].support), fmt::format("{:.3f}", reports[c].precision),
                 fmt::format("{:.3f}", reports[c].recall), fmt::format("{:.3f}", reports[c].f1),
                 fmt::format("{:.3f} - {:.3f}", reports[c].f1_range.low, reports[c].f1_range.high)});
  }
  classes.print();
  const Calibration sure = calibration(predictions, kReliabilityBins);
  fmt::print("\nmean confidence {:.4f}, accuracy {:.4f}, expected calibration error {:.4f}\n", sure.confidence, sure.accuracy, sure.expected_error);
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

// Predicts the validation images anew with the weights as they lie on the disk.
void checkItself(const RunStore& store, const InterpretArguments& arguments) {
  std::stop_source source;
  const InterruptWatch watch("stopping; nothing is changed", [source]() mutable { source.request_stop(); });
  SelfCheck check;
  {
    ProgressLine line;
    check = selfCheckOfWeights(store, arguments.kept.which.run, showPredicting(line), source.get_token());
  }
  writeSelfCheck(store.folder(arguments.kept.which.run), check);
  if (arguments.json) {
    printJson(selfCheckJson(check));
  } else {
    fmt::print("{}: {}\n", check.agrees() ? "self-check passed" : "SELF-CHECK FAILED", check.words());
    fmt::print("largest difference of a probability from the kept predictions {:.2g}; {} of {} photos are now of another class\n", check.largest_change,
               grouped(check.changed_classes), grouped(check.images));
  }
  if (!check.agrees()) throw Error("run " + arguments.kept.which.run + ": " + check.words());
}

void interpret(const InterpretArguments& arguments) {
  const RunStore store = openWorkspace(arguments.workspace);
  if (arguments.selfCheck) return checkItself(store, arguments);
  const FoundPredictions found = requirePredictions(store, arguments.kept);
  if (found.number) {
    interpretNumbers(readNumberPredictions(found.place.folder, found.place.stem), arguments.top, arguments.json);
    return;
  }
  const Predictions predictions = readPredictions(found.place.folder, found.place.stem);
  const ConfusionMatrix matrix = confusionMatrix(predictions);
  const std::vector<std::uint32_t> top = first(topLosses(predictions), arguments.top);
  if (!arguments.report.empty()) {
    writeRunReport(store, arguments.kept.which, predictions, arguments.report);
    spdlog::info("report: {}", arguments.report);
  }
  if (!arguments.json) return printInterpretation(predictions, matrix, top);
  Json json = interpretationJson(predictions, matrix, top);
  const auto check = readSelfCheck(store.folder(arguments.kept.which.run));
  json["self_check"] = check ? selfCheckJson(*check) : Json(nullptr);
  printJson(json);
}

}  // namespace

void addInterpretCommand(CLI::App& program) {
  auto arguments = std::make_shared<InterpretArguments>();
  auto* command = program.add_subcommand(
      "interpret", "What a run got wrong: confusion matrix, most confused, top losses, per class, calibration");
  addKept(*command, arguments->kept);
  command->add_option("--top", arguments->top, "How many photos of each list")->capture_default_str();
  command->add_flag("--self-check", arguments->selfCheck,
                    "Instead: predict the validation photos anew with the weights from their file, and compare with what training logged");
  command->add_option("--report", arguments->report, "Also write all of it into one HTML file, which needs no network")->type_name("FILE.html");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { interpret(*arguments); });
}

}  // namespace panicle::cli
