// runs export, import, history: a run as files.
#include <spdlog/fmt/fmt.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "core/base/file.h"
#include "core/runs/run_archive.h"

namespace panicle::cli {
namespace {

struct Arguments {
  std::string workspace;
  std::string run;
  std::string file;
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
}

}  // namespace panicle::cli
