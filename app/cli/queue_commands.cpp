// queue: runs that wait for their device.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/epoch_table.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/spec_argument.h"
#include "core/base/error.h"
#include "core/runs/queue.h"
#include "core/runs/recipes.h"
#include "core/runs/sweep.h"

namespace panicle::cli {
namespace {

struct Arguments {
  std::string workspace;
  SpecArgument spec;
  std::vector<std::int64_t> entries;
  std::int64_t entry = 0;
  std::optional<std::int64_t> before;
  QueueOptions options;
  int repeat = 1;
  std::string lane;
  std::string policy;
  std::string whenDone;
  bool json = false;
};

// --workspace and --json.
std::shared_ptr<Arguments> addTo(CLI::App& command) {
  auto arguments = std::make_shared<Arguments>();
  addWorkspace(command, arguments->workspace);
  addJson(command, arguments->json);
  return arguments;
}

Json entryJson(const QueueEntry& entry) {
  return {{"entry", entry.id},     {"state", toString(entry.state)}, {"lane", entry.lane},   {"name", entry.spec.name},
          {"arch", entry.spec.model.arch}, {"seed", entry.spec.seed},  {"group", entry.group}, {"run", entry.run},
          {"message", entry.message}, {"added", entry.added},         {"started", entry.started}, {"ended", entry.ended}};
}

// Of a file, or all runs of a recipe.
std::vector<RunSpec> askedRuns(const SpecArgument& argument) {
  const auto named = [&](const Recipe& each) { return each.name == argument.file; };
  const auto found = std::find_if(recipes().begin(), recipes().end(), named);
  if (found == recipes().end() || std::filesystem::exists(argument.file)) return {readSpecArgument(argument)};
  std::vector<RunSpec> runs;
  for (const RunSpec& run : found->runs) runs.push_back(settledSpec(run, argument.settings));
  return runs;
}

void addRuns(const Arguments& arguments) {
  std::vector<RunSpec> specs;
  for (const RunSpec& spec : askedRuns(arguments.spec)) {
    for (RunSpec& each : withSeeds(spec, arguments.repeat)) specs.push_back(std::move(each));
  }
  const RunStore store(arguments.workspace);
  const std::vector<std::int64_t> ids = RunQueue(store).add(specs, arguments.options);
  if (arguments.json) return printJson({{"entries", ids}});
  for (const std::int64_t id : ids) fmt::print("entry {}\n", id);
}

void printQueueJson(const RunQueue& queue) {
  Json list = Json::array();
  for (const QueueEntry& entry : queue.list()) list.push_back(entryJson(entry));
  printJson({{"entries", list}, {"on_failure", queue.onFailure() == OnFailure::Hold ? "hold" : "continue"}});
}

void listQueue(const Arguments& arguments) {
  const RunStore store = openWorkspace(arguments.workspace);
  const RunQueue queue(store);
  if (arguments.json) return printQueueJson(queue);
  const std::vector<QueueEntry> entries = queue.list();
  TextTable table({"entry", "state", "lane", "name", "arch", "group", "run", "message"}, Align::Left);
  for (const QueueEntry& entry : entries) {
    table.add({std::to_string(entry.id), toString(entry.state), entry.lane, entry.spec.name, entry.spec.model.arch, entry.group, entry.run,
               entry.message.substr(0, entry.message.find('\n'))});
  }
  table.print();
}

void printEntryLine(const char* event, const QueueEntry& entry) {
  Json json{{"event", event}};
  json.update(entryJson(entry));
  printJsonLine(json);
}

LaneObserver observerOf(bool json, std::optional<TextReport>& report) {
  LaneObserver observer;
  observer.started = [json, &report](const QueueEntry& entry, TrainControl&) {
    if (json) return printEntryLine("entry", entry);
    report.emplace();
    fmt::print("\nentry {}{}\n", entry.id, entry.spec.name.empty() ? "" : ": " + entry.spec.name);
  };
  observer.event = [json, &report](const TrainEvent& event) { json ? printEventLine(event) : (*report)(event); };
  observer.ended = [json, &report](const QueueEntry& entry) {
    if (json) return printEntryLine("entry_ended", entry);
    report.reset();
    fmt::print("entry {} {}{}\n", entry.id, toString(entry.state), entry.message.empty() ? "" : ": " + entry.message);
  };
  return observer;
}

struct QueueResult {
  int ran = 0, failed = 0;
  bool stopped = false;  // by the user; others may wait
};

QueueResult workThrough(const Arguments& arguments) {
  RunStore store = openWorkspace(arguments.workspace);
  RunQueue queue(store);
  std::stop_source stop;
  const InterruptWatch watch("stopping after this batch and keeping what there is; the rest of the queue waits", [&] { stop.request_stop(); });
  LaneRunner runner(store, queue, laneOf(arguments.lane));
  std::optional<TextReport> report;
  QueueResult result;
  LaneObserver observer = observerOf(arguments.json, report);
  observer.ended = [&result, told = observer.ended](const QueueEntry& entry) {
    if (entry.state != QueueState::Finished) ++result.failed;
    told(entry);
  };
  result.ran = runner.runAll(observer, stop.get_token());
  result.stopped = stop.stop_requested();
  return result;
}

// Of a shell, which finds in its environment how it went. Its output goes to standard error: standard output may be read by a program.
void runWhenDone(const std::string& command, const QueueResult& result) {
  ::setenv("PANICLE_FINISHED", std::to_string(result.ran - result.failed).c_str(), 1);
  ::setenv("PANICLE_FAILED", std::to_string(result.failed).c_str(), 1);
  std::fflush(stdout);
  const int status = std::system(("{ " + command + "\n} 1>&2").c_str());
  if (status != 0) throw Error("the command of --when-done did not succeed: " + command);
}

void runQueue(const Arguments& arguments) {
  const QueueResult result = workThrough(arguments);
  if (!arguments.json) fmt::print("{} of {} finished\n", result.ran - result.failed, result.ran);
  if (!arguments.whenDone.empty() && !result.stopped) runWhenDone(arguments.whenDone, result);
  if (result.failed == 0) return;
  throw Error(std::to_string(result.failed) + " of " + std::to_string(result.ran) + " runs did not finish; 'panicle-cli queue list' says why");
}

// A command on entries, one after the other.
void addEntryCommand(CLI::App& queue, const std::string& name, const std::string& help, void (RunQueue::*act)(std::int64_t)) {
  auto* command = queue.add_subcommand(name, help);
  auto arguments = addTo(*command);
  command->add_option("ENTRY", arguments->entries, "The entries' numbers")->required();
  command->callback([arguments, act] {
    const RunStore store = openWorkspace(arguments->workspace);
    RunQueue queue(store);
    for (const std::int64_t entry : arguments->entries) (queue.*act)(entry);
    if (arguments->json) printQueueJson(queue);
  });
}

void addAddCommand(CLI::App& queue) {
  auto* command = queue.add_subcommand("add", "Put a run, or all runs of a recipe named in its place, at the end of the queue; later changes of the file do not reach them");
  auto arguments = addTo(*command);
  addSpecArgument(*command, arguments->spec);
  command->add_option("--repeat", arguments->repeat, "With so many seeds: the spec's and those after it")->check(CLI::Range(1, 1000));
  command->add_option("--group", arguments->options.group, "A name for those that belong together");
  command->add_flag("--held", arguments->options.held, "It does not run until it is released");
  command->callback([arguments] { addRuns(*arguments); });
}

void addMoveCommand(CLI::App& queue) {
  auto* command = queue.add_subcommand("move", "Change the order: an entry goes before another, or to the end");
  auto arguments = addTo(*command);
  command->add_option("ENTRY", arguments->entry, "The entry's number")->required();
  command->add_option("--before", arguments->before, "The entry that it goes before");
  command->callback([arguments] {
    const RunStore store = openWorkspace(arguments->workspace);
    RunQueue queue(store);
    queue.moveBefore(arguments->entry, arguments->before);
    if (arguments->json) printQueueJson(queue);
  });
}

void addPolicyCommand(CLI::App& queue) {
  auto* command = queue.add_subcommand("on-failure", "What those that wait do when a run fails: continue, or hold");
  auto arguments = addTo(*command);
  command->add_option("POLICY", arguments->policy, "continue or hold")->required()->check(CLI::IsMember({"continue", "hold"}));
  command->callback([arguments] {
    const RunStore store(arguments->workspace);
    RunQueue queue(store);
    queue.setOnFailure(arguments->policy == "hold" ? OnFailure::Hold : OnFailure::Continue);
    if (arguments->json) printQueueJson(queue);
  });
}

}  // namespace

void addQueueCommands(CLI::App& program) {
  auto* queue = program.add_subcommand("queue", "Runs that wait for their device, kept in the workspace");
  queue->require_subcommand(1);
  addAddCommand(*queue);

  auto* list = queue->add_subcommand("list", "What runs, waits and has ended");
  auto listArguments = addTo(*list);
  list->callback([listArguments] { listQueue(*listArguments); });

  auto* run = queue->add_subcommand("run", "Work on the queue of a device until nothing waits");
  auto runArguments = addTo(*run);
  runArguments->lane = "auto";
  run->add_option("--device", runArguments->lane, "auto, cpu, cuda:0 ...")->capture_default_str();
  run->add_option("--when-done", runArguments->whenDone,
                  "A command for the shell when nothing waits any more, such as \"systemctl poweroff\" or one that sends a message; it finds "
                  "PANICLE_FINISHED and PANICLE_FAILED in its environment. Ctrl+C leaves it out");
  run->footer("Ctrl+C stops the run in work, which is kept, and leaves the others waiting.\nExit status 1 when a run did not finish.");
  run->callback([runArguments] { runQueue(*runArguments); });

  addEntryCommand(*queue, "hold", "Let entries wait until they are released", &RunQueue::hold);
  addEntryCommand(*queue, "release", "Let held entries have their turn", &RunQueue::release);
  addEntryCommand(*queue, "cancel", "Take entries out; one that runs is stopped and keeps its model", &RunQueue::cancel);
  addEntryCommand(*queue, "retry", "Put entries that did not finish at the end of the queue again", &RunQueue::retry);
  addEntryCommand(*queue, "remove", "Forget entries that do not run; their runs stay", &RunQueue::remove);
  addMoveCommand(*queue);
  addPolicyCommand(*queue);
}

}  // namespace panicle::cli
