// runs export, import, history, tensorboard: a run as files. runs check-data: what it trained on.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/cli/commands.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/runs/data_change.h"
#include "core/runs/run_archive.h"
#include "core/runs/tensorboard.h"

namespace panicle::cli {
namespace {

struct Arguments {
  std::string workspace;
  std::string run;
  std::vector<std::string> runs;
  std::string file;
  bool content = false;
  bool json = false;
};

void exportOne(const Arguments& arguments) {
  const RunStore store = openWorkspace(arguments.workspace);
  std::stop_source stop;
  const InterruptWatch watch("stopping; nothing is written", [&] { stop.request_stop(); });
  ProgressLine line;
  exportRun(store, arguments.run, arguments.file, stop.get_token(), line.counter("permille written"));
  line.clear();
  if (arguments.json) printJson({{"run", arguments.run}, {"file", arguments.file}, {"bytes", std::filesystem::file_size(arguments.file)}});
}

void importOne(const Arguments& arguments) {
  RunStore store(arguments.workspace);
  std::stop_source stop;
  const InterruptWatch watch("stopping; nothing is kept", [&] { stop.request_stop(); });
  ProgressLine line;
  const std::string run = importRun(store, arguments.file, stop.get_token(), line.counter("bytes read"));
  line.clear();
  if (arguments.json) return printJson({{"run", run}, {"folder", store.folder(run).string()}});
  fmt::print("run {}: {}\n", run, store.folder(run).string());
}

Json historyJson(const RunRecord& record) {
  Json rows = Json::array();
  for (const EpochRow& row : record.epochs) {
    rows.push_back({{"stage", row.stage},
                    {"epoch", row.epoch},
                    {"phase", row.phase},
                    {"train_loss", row.train_loss},
                    {"valid_loss", row.valid_loss},
                    {"metrics", row.metrics},
                    {"seconds", row.seconds},
                    {"skipped_steps", row.skipped_steps}});
  }
  return rows;
}

void writeHistory(const Arguments& arguments) {
  const RunRecord record = openWorkspace(arguments.workspace).get(arguments.run);
  if (arguments.json) return printJson(historyJson(record));
  const std::string csv = historyCsv(record);
  if (arguments.file.empty()) {
    std::fwrite(csv.data(), 1, csv.size(), stdout);
  } else {
    writeAtomically(arguments.file, csv);
  }
}

// "3-tiny, seed 43", without what a file name may not hold.
std::string folderName(const RunRecord& record) {
  std::string name = record.id + (record.name.empty() ? "" : "-" + record.name);
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

void writeTensorBoard(const Arguments& arguments) {
  const RunStore store = openWorkspace(arguments.workspace);
  Json files = Json::array();
  for (const std::string& run : arguments.runs) {
    const auto file = exportTensorBoard(store, run, std::filesystem::path(arguments.file) / folderName(store.get(run)));
    files.push_back({{"run", run}, {"file", file.string()}});
    if (!arguments.json) fmt::print("{}\n", file.string());
  }
  if (arguments.json) printJson(files);
}

void checkRunsData(const Arguments& arguments) {
  RunStore store = openWorkspace(arguments.workspace);
  std::stop_source stop;
  const InterruptWatch watch("stopping; nothing is recorded", [&] { stop.request_stop(); });
  ProgressLine line;
  const DataChange change = findDataChange(store, arguments.run, arguments.content, stop.get_token(), line.counter("photos read"));
  line.clear();
  if (arguments.json) {
    const auto textOrNull = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    printJson({{"run", arguments.run},
               {"known", change.known},
               {"changed", change.changed()},
               {"words", change.words()},
               {"images", {{"before", change.images_before}, {"now", change.images}}},
               {"same_list", change.same_list},
               {"same_files", change.same_files},
               {"content", {{"before", textOrNull(change.content_before)}, {"now", textOrNull(change.content)}}},
               {"recorded", change.recorded}});
  }
  if (change.changed()) throw Error("run " + arguments.run + ": " + change.words());
  if (!arguments.json) fmt::print("run {}: {}\n", arguments.run, change.words());
}

void addDataCommand(CLI::App& runs) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = runs.add_subcommand("check-data", "Whether the photos and labels that a run trained on are still what they were");
  command->add_option("RUN", arguments->run, "The run's number")->required();
  command->add_flag("--content", arguments->content,
                    "Read every byte of every photo. The first time the hash is recorded with the run, later times it is compared");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->footer("Without --content paths, labels, sizes and times of change are compared, and no photo is opened.\nExit status 1 when they are others.");
  command->callback([arguments] { checkRunsData(*arguments); });
}

void addTensorBoardCommand(CLI::App& runs) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = runs.add_subcommand("tensorboard", "Write the history of runs as event files for TensorBoard, a folder for each");
  command->add_option("RUN", arguments->runs, "The runs' numbers")->required();
  command->add_option("--out", arguments->file, "The folder to write into: what tensorboard --logdir is to be given")->required();
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->footer("A run whose spec says tensorboard: true writes such a file by itself while it is on, into its folder.");
  command->callback([arguments] { writeTensorBoard(*arguments); });
}

}  // namespace

void addArchiveCommands(CLI::App& runs) {
  auto exported = std::make_shared<Arguments>();
  auto* command = runs.add_subcommand("export", "Write a run into one zip file: spec, history, weights, predictions, environment");
  command->add_option("RUN", exported->run, "The run's number")->required();
  command->add_option("--out", exported->file, "The file to write")->required();
  addWorkspace(*command, exported->workspace);
  addJson(*command, exported->json);
  command->callback([exported] { exportOne(*exported); });

  auto imported = std::make_shared<Arguments>();
  command = runs.add_subcommand("import", "Take over a run that was exported elsewhere, under a new number");
  command->add_option("FILE", imported->file, "What 'runs export' wrote")->required();
  addWorkspace(*command, imported->workspace);
  addJson(*command, imported->json);
  command->callback([imported] { importOne(*imported); });

  auto history = std::make_shared<Arguments>();
  command = runs.add_subcommand("history", "The epochs of a run as CSV");
  command->add_option("RUN", history->run, "The run's number")->required();
  command->add_option("--out", history->file, "The file to write; without it, standard output");
  addWorkspace(*command, history->workspace);
  addJson(*command, history->json);
  command->callback([history] { writeHistory(*history); });

  addTensorBoardCommand(runs);
  addDataCommand(runs);
}

}  // namespace panicle::cli
