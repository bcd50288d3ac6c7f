// runs list, runs show: what the workspace holds.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/epoch_table.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/runs/run_query.h"
#include "core/runs/self_check.h"

namespace panicle::cli {
namespace {

struct Arguments {
  std::string run;
  std::string workspace;
  std::string query;
  bool trash = false;
  bool json = false;
};

Json epochJson(const EpochRow& row) {
  return {{"stage", row.stage},           {"epoch", row.epoch},           {"phase", row.phase},
          {"train_loss", row.train_loss}, {"valid_loss", row.valid_loss}, {"metrics", row.metrics},
          {"seconds", row.seconds},       {"skipped_steps", row.skipped_steps}};
}

Json changeJson(const ChangeRow& row) {
  return {{"epoch", row.epoch}, {"step", row.step}, {"lr_scale", row.lr_scale}, {"wd", row.wd}};
}

Json bestJson(const RunRecord& record) {
  const EpochRow* best = record.best();
  if (!best) return nullptr;
  Json json = epochJson(*best);
  json["monitor"] = record.monitor();
  return json;
}

std::string bestText(const RunSummary& run) {
  return run.best_epoch < 0 ? std::string() : fmt::format("{} {:.4f}", run.monitor, run.best);
}

std::string tagText(const RunSummary& run) {
  std::string text = run.starred ? "*" : "";
  for (const std::string& tag : run.tags) text += (text.empty() ? "" : " ") + tag;
  return text;
}

Json summaryJson(const RunSummary& run, const RunRecord& record) {
  return {{"run", run.id},
          {"name", run.name},
          {"status", toString(run.status)},
          {"message", run.message},
          {"created", run.created},
          {"finished", run.finished},
          {"seconds", run.seconds},
          {"arch", run.architecture},
          {"transforms", run.transforms},
          {"schedule", run.schedule},
          {"device", run.device},
          {"precision", run.precision},
          {"seed", run.seed},
          {"settings", run.settings},
          {"epochs", run.epochs},
          {"planned_epochs", run.planned_epochs},
          {"best", bestJson(record)},
          {"last", run.last},
          {"tta_error_rate", run.tta},
          {"seconds_per_epoch", run.seconds_per_epoch},
          {"peak_bytes", {{"predicted", run.predicted_peak_bytes}, {"measured", run.peak_bytes}}},
          {"starred", run.starred},
          {"tags", run.tags},
          {"note", run.note},
          {"results", record.results}};
}

// Where the mistake in a query is, under the query itself.
std::string pointedAt(const std::string& query, const QueryError& error) {
  return fmt::format("{}\n  {}\n  {}{}", error.what(), query, std::string(error.position(), ' '), std::string(error.length(), '^'));
}

std::vector<RunSummary> chosenRuns(const RunStore& store, const Arguments& arguments) {
  const std::vector<RunSummary> all = store.summaries(arguments.trash ? Shown::Trashed : Shown::Kept);
  std::vector<RunSummary> chosen;
  try {
    for (const std::size_t i : RunQuery(arguments.query).filter(all)) chosen.push_back(all[i]);
  } catch (const QueryError& error) {
    throw Error(pointedAt(arguments.query, error));
  }
  return chosen;
}

void listRuns(const Arguments& arguments) {
  const RunStore store = openWorkspace(arguments.workspace);
  const std::vector<RunSummary> chosen = chosenRuns(store, arguments);
  if (arguments.json) {
    Json runs = Json::array();
    for (const RunSummary& run : chosen) runs.push_back(summaryJson(run, store.get(run.id)));
    printJson(runs);
    return;
  }
  TextTable table({"run", "name", "status", "created", "time", "arch", "transforms", "epochs", "best epoch", "tags"}, Align::Left);
  for (const RunSummary& run : chosen) {
    table.add({run.id, run.name, toString(run.status), run.created, formatTime(run.seconds), run.architecture, run.transforms,
               std::to_string(run.epochs), bestText(run), tagText(run)});
  }
  table.print();
}

Json stagePeakJson(const StageMemory& stage) {
  Json json{{"stage", stage.stage == kOutsideStages ? Json(nullptr) : Json(stage.stage)},
            {"whole", stage.whole},
            {"measured",
             {{"tensors", stage.measured.tensors},
              {"reserved", stage.measured.reserved},
              {"process", stage.measured.process},
              {"others", stage.measured.others}}},
            {"predicted", nullptr}};
  if (!stage.predicted) return json;
  json["frozen"] = stage.frozen;
  json["predicted"] = Json::object();
  for (const MemoryPart& part : memoryParts()) json["predicted"][part.name] = (*stage.predicted).*part.bytes;
  return json;
}

// predicted and measured are of tensors (on a card of what the allocator holds for them), process_* of all of the process.
Json peakJson(const RunRecord& record) {
  const RunMemory& memory = record.memory;
  const StageMemory* worst = memory.worst();
  Json stages = Json::array();
  for (const StageMemory& stage : memory.stages) stages.push_back(stagePeakJson(stage));
  return {{"predicted", memory.predictedHeld() ? Json(*memory.predictedHeld()) : Json(nullptr)},
          {"measured", memory.cuda ? memory.measuredHeld() : record.peak_tensor_bytes},
          {"process_predicted", worst ? Json(worst->predicted->total()) : Json(nullptr)},
          {"process_measured", memory.measured().process},
          {"profile", memory.profile},
          {"stages", stages}};
}

Json splitsJson(const RunRecord& record) {
  Json splits = Json::array();
  for (const auto& split : record.splits) {
    splits.push_back({{"stage", split.stage}, {"epoch", split.epoch}, {"step", split.step}, {"pieces", split.pieces}});
  }
  return splits;
}

Json remediesJson(const RunRecord& record) {
  Json remedies = Json::array();
  for (const auto& remedy : record.remedies) {
    Json settings = Json::object();
    for (const auto& [key, value] : remedy.settings) settings[key] = value;
    remedies.push_back({{"words", remedy.words}, {"settings", settings}, {"predicted_bytes", remedy.predicted}});
  }
  return remedies;
}

Json selfCheckOf(const RunStore& store, const RunRecord& record) {
  const auto check = readSelfCheck(store.folder(record.id));
  return check ? selfCheckJson(*check) : Json(nullptr);
}

Json recordJson(const RunStore& store, const RunRecord& record) {
  Json epochs = Json::array();
  for (const auto& row : record.epochs) epochs.push_back(epochJson(row));
  Json changes = Json::array();
  for (const auto& row : record.changes) changes.push_back(changeJson(row));
  return {{"run", record.id},
          {"name", record.name},
          {"status", toString(record.status)},
          {"message", record.message},
          {"created", record.created},
          {"finished", record.finished},
          {"seconds", record.seconds},
          {"folder", store.folder(record.id).string()},
          {"spec", specToJson(record.spec)},
          {"epochs", epochs},
          {"changes", changes},
          {"best", bestJson(record)},
          {"results", record.results},
          {"self_check", selfCheckOf(store, record)},
          {"peak_bytes", peakJson(record)},
          {"splits", splitsJson(record)},
          {"remedies", remediesJson(record)},
          {"environment", record.environment},
          {"warnings", record.warnings},
          {"starred", record.starred},
          {"tags", record.tags},
          {"note", record.note},
          {"trashed", record.trashed}};
}

// Metrics of the epochs: first as they were asked for, then what they brought for further targets and for classes.
std::vector<std::string> columnsOf(const RunRecord& record) {
  const auto& stored = record.epochs.front().metrics;
  std::vector<std::string> columns;
  for (const auto& metric : record.spec.metrics) {
    if (stored.contains(metric)) columns.push_back(metric);
  }
  for (const auto& [metric, value] : stored) {
    if (std::find(columns.begin(), columns.end(), metric) == columns.end()) columns.push_back(metric);
  }
  return columns;
}

std::string resultWords(const RunRecord& record) {
  std::string words;
  for (const auto& [name, value] : record.results) words += fmt::format("{}{} {:.4f}", words.empty() ? "" : ", ", name, value);
  return words;
}

void printRecord(const RunStore& store, const RunRecord& record) {
  fmt::print("run {}{}: {}, {}, created {}\n", record.id, record.name.empty() ? "" : " '" + record.name + "'",
             toString(record.status), formatTime(record.seconds), record.created);
  if (!record.trashed.empty()) fmt::print("in the trash since {}\n", record.trashed);
  if (!record.message.empty()) fmt::print("{}\n", record.message);
  if (!record.note.empty()) fmt::print("note: {}\n", record.note);
  fmt::print("{} on {}\n", record.spec.model.arch, record.spec.data.root);
  for (const char* key : {"start", "device", "precision", "blas", "kernels"}) {
    if (record.environment.contains(key)) fmt::print("{}: {}\n", key, record.environment[key].get<std::string>());
  }
  fmt::print("results: {}\n", store.folder(record.id).string());
  for (const auto& warning : record.warnings) fmt::print("warning: {}\n", warning);
  for (const auto& change : record.changes) {
    fmt::print("changed while it ran: from step {} on (epoch {}) learning rates times {:g}, weight decay {:g}\n", change.step,
               change.epoch + 1, change.lr_scale, change.wd);
  }
  if (record.epochs.empty()) return;
  fmt::print("\n");
  EpochTable table(columnsOf(record));
  for (const auto& row : record.epochs) {
    table.add({row.stage, row.epoch, row.phase, row.train_loss, row.valid_loss, row.metrics, row.seconds, row.skipped_steps});
  }
  if (!record.results.empty()) fmt::print("\nkept model: {}\n", resultWords(record));
  if (const auto check = readSelfCheck(store.folder(record.id)))
    fmt::print("{}: {}\n", check->agrees() ? "self-check passed" : "SELF-CHECK FAILED", check->words());
}

void showRun(const Arguments& arguments) {
  const RunStore store = openWorkspace(arguments.workspace);
  const RunRecord record = store.get(arguments.run);
  if (arguments.json) {
    printJson(recordJson(store, record));
  } else {
    printRecord(store, record);
  }
}

}  // namespace

void addRunCommands(CLI::App& program) {
  auto* runs = program.add_subcommand("runs", "The runs of a workspace: list, show, compare, label, give away, throw away");
  runs->require_subcommand(1);

  auto listArguments = std::make_shared<Arguments>();
  auto* list = runs->add_subcommand("list", "All runs, newest first, with the best epoch of each: by what keep_best watches, else by error_rate");
  list->add_option("--query", listArguments->query,
                   "Only those that match: words, arch:convnext, error<0.05, tag:baseline, status:failed, starred; a - before a term leaves such runs out");
  list->add_flag("--trash", listArguments->trash, "Those in the trash");
  addWorkspace(*list, listArguments->workspace);
  addJson(*list, listArguments->json);
  list->callback([listArguments] { listRuns(*listArguments); });

  auto showArguments = std::make_shared<Arguments>();
  auto* show = runs->add_subcommand(
      "show", "One run: its epochs, warnings, and where its files are; with --json its spec too");
  show->add_option("RUN", showArguments->run, "The run's number")->required();
  addWorkspace(*show, showArguments->workspace);
  addJson(*show, showArguments->json);
  show->callback([showArguments] { showRun(*showArguments); });

  addCompareCommand(*runs);
  addArchiveCommands(*runs);
  addLabelCommands(*runs);
}

}  // namespace panicle::cli
