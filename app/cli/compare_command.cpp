// runs compare: what runs have apart.
#include <spdlog/fmt/fmt.h>

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "core/runs/compare_runs.h"

namespace panicle::cli {
namespace {

struct Arguments {
  std::vector<std::string> runs;
  std::string workspace;
  bool tta = false;
  bool json = false;
};

double bestOf(const RunRecord& run) {
  const EpochRow* best = run.best();
  return best ? best->value(run.monitor()) : RunSummary::kUnknown;
}

Spread spreadOf(const RunComparison& comparison, const std::vector<std::size_t>& group) {
  std::vector<double> values;
  for (const std::size_t run : group) values.push_back(bestOf(comparison.runs[run]));
  return panicle::spreadOf(values);
}

std::string idsOf(const RunComparison& comparison, const std::vector<std::size_t>& group) {
  std::string ids;
  for (const std::size_t run : group) ids += (ids.empty() ? "" : ",") + comparison.runs[run].id;
  return ids;
}

Json flipsJson(const std::vector<Flip>& flips) {
  Json all = Json::array();
  for (const Flip& flip : flips) {
    all.push_back({{"image_id", flip.id},
                   {"path", flip.path},
                   {"actual", flip.actual},
                   {"predicted", {flip.predicted_a, flip.predicted_b}},
                   {"probability", {flip.probability_a, flip.probability_b}}});
  }
  return all;
}

Json pairedJson(const RunComparison& comparison, const RunComparison::Paired& paired) {
  Json json{{"run", comparison.runs[paired.run].id}, {"with", comparison.runs.front().id}};
  if (!paired.problem.empty()) {
    json["problem"] = paired.problem;
    return json;
  }
  const PairedComparison& result = paired.result;
  json["images"] = result.counts.images();
  json["both_right"] = result.counts.both_right;
  json["both_wrong"] = result.counts.both_wrong;
  json["error_rate"] = {result.error_a, result.error_b};
  json["interval"] = {result.difference.low, result.difference.high};
  json["mcnemar"] = {{"mid_p", result.test.mid_p}, {"exact", result.test.exact}, {"chi_square", result.test.chi_square}};
  json["only_in_one"] = {result.only_in_a, result.only_in_b};
  json["relabelled"] = result.relabelled;
  json["right_to_wrong"] = flipsJson(result.right_to_wrong);
  json["wrong_to_right"] = flipsJson(result.wrong_to_right);
  return json;
}

Json comparisonJson(const RunComparison& comparison) {
  Json json{{"runs", Json::array()}, {"settings", Json::array()}, {"repetitions", Json::array()}, {"paired", Json::array()}};
  for (const RunRecord& run : comparison.runs) {
    json["runs"].push_back({{"run", run.id}, {"name", run.name}, {"monitor", run.monitor()}, {"best", bestOf(run)}});
  }
  for (const SettingDifference& setting : comparison.settings) {
    Json values = Json::array();
    for (const Json& value : setting.values) values.push_back(value.is_discarded() ? Json(nullptr) : value);
    json["settings"].push_back({{"key", setting.path}, {"values", values}});
  }
  for (const auto& group : comparison.repetitions) {
    const Spread spread = spreadOf(comparison, group);
    Json runs = Json::array();
    for (const std::size_t run : group) runs.push_back(comparison.runs[run].id);
    json["repetitions"].push_back({{"runs", runs}, {"count", spread.count}, {"mean", spread.mean}, {"deviation", spread.deviation}});
  }
  for (const auto& paired : comparison.paired) json["paired"].push_back(pairedJson(comparison, paired));
  return json;
}

void printSettings(const RunComparison& comparison) {
  if (comparison.settings.empty()) return fmt::print("no setting differs\n");
  std::vector<std::string> header{"setting"};
  for (const RunRecord& run : comparison.runs) header.push_back("run " + run.id);
  TextTable table(header, Align::Left);
  for (const SettingDifference& setting : comparison.settings) {
    std::vector<std::string> row{setting.path};
    for (const Json& value : setting.values) row.push_back(settingText(value));
    table.add(row);
  }
  table.print();
}

void printBest(const RunComparison& comparison) {
  TextTable table({"runs", "monitor", "best", "deviation"}, Align::Left);
  for (const auto& group : comparison.repetitions) {
    const Spread spread = spreadOf(comparison, group);
    table.add({idsOf(comparison, group), comparison.runs[group.front()].monitor(), fmt::format("{:.4f}", spread.mean),
               spread.count > 1 ? fmt::format("{:.4f} of {} seeds", spread.deviation, spread.count) : ""});
  }
  table.print();
}

void printComparison(const RunComparison& comparison) {
  printSettings(comparison);
  fmt::print("\n");
  printBest(comparison);
  fmt::print("\n");
  const std::string first = "run " + comparison.runs.front().id;
  for (const auto& paired : comparison.paired) {
    const std::string other = "run " + comparison.runs[paired.run].id;
    if (!paired.problem.empty()) {
      fmt::print("{} and {} are not compared on images: {}\n", first, other, paired.problem);
      continue;
    }
    const PairedComparison& result = paired.result;
    fmt::print("{}\n  {} went from right to wrong, {} from wrong to right\n", comparisonInWords(result, first, other),
               result.right_to_wrong.size(), result.wrong_to_right.size());
  }
}

}  // namespace

void addCompareCommand(CLI::App& runs) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = runs.add_subcommand(
      "compare", "What 2 to 12 runs have apart: settings, spread over seeds, and on the same validation images the first beside each other one");
  command->add_option("RUN", arguments->runs, "The runs' numbers")->required()->expected(2, 12);
  command->add_flag("--tta", arguments->tta, "Compare the predictions with test-time augmentation");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] {
    const RunStore store = openWorkspace(arguments->workspace);
    const RunComparison comparison = compareRuns(store, arguments->runs, arguments->tta ? ttaStem("valid") : "valid");
    arguments->json ? printJson(comparisonJson(comparison)) : printComparison(comparison);
  });
}

}  // namespace panicle::cli
