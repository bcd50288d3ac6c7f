// runs star, rename, tag, note, keep, trash, restore, purge: what a person says of runs.
#include <spdlog/fmt/fmt.h>

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "core/base/error.h"

namespace panicle::cli {
namespace {

struct Arguments {
  std::string workspace;
  std::string run;
  std::string text;
  std::vector<std::string> runs;
  std::vector<std::string> added;
  std::vector<std::string> removed;
  bool off = false;
  bool all = false;
  bool json = false;

  // Those that the command is about.
  std::vector<std::string> named() const { return run.empty() ? runs : std::vector{run}; }
};

Json labelsJson(const RunStore& store, const std::vector<std::string>& runs) {
  Json all = Json::array();
  for (const std::string& run : runs) {
    const RunRecord record = store.get(run);
    all.push_back({{"run", run},
                   {"name", record.name},
                   {"status", toString(record.status)},
                   {"starred", record.starred},
                   {"tags", record.tags},
                   {"note", record.note},
                   {"trashed", record.trashed}});
  }
  return {{"runs", all}};
}

// A command with --workspace whose `work` is given the open store. With --json it tells what is now known of the runs.
template <typename Work>
CLI::App* addCommand(CLI::App& runs, const std::string& name, const std::string& help, const std::shared_ptr<Arguments>& arguments, Work work) {
  auto* command = runs.add_subcommand(name, help);
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments, work] {
    RunStore store = openWorkspace(arguments->workspace);
    work(store, *arguments);
    if (arguments->json) printJson(labelsJson(store, arguments->named()));
  });
  return command;
}

void addRunList(CLI::App& command, Arguments& arguments) {
  command.add_option("RUN", arguments.runs, "The runs' numbers")->required();
}

void tagRuns(RunStore& store, const Arguments& arguments) {
  if (arguments.added.empty() && arguments.removed.empty()) throw Error("name a tag with --add or --remove");
  for (const std::string& run : arguments.runs) {
    for (const std::string& tag : arguments.added) store.addTag(run, tag);
    for (const std::string& tag : arguments.removed) store.removeTag(run, tag);
  }
}

void purge(const Arguments& arguments) {
  RunStore store = openWorkspace(arguments.workspace);
  std::vector<std::string> runs = arguments.runs;
  if (arguments.all) {
    for (const RunSummary& run : store.summaries(Shown::Trashed)) runs.push_back(run.id);
  }
  if (runs.empty() && !arguments.all) throw Error("name the runs, or all that is in the trash with --all");
  const std::uint64_t bytes = store.purge(runs);
  if (arguments.json) return printJson({{"runs", runs}, {"bytes", bytes}});
  fmt::print("{} {} removed for ever, {:.1f} MiB\n", runs.size(), runs.size() == 1 ? "run" : "runs", static_cast<double>(bytes) / (1 << 20));
}

void addTrashCommands(CLI::App& runs) {
  auto trash = std::make_shared<Arguments>();
  addRunList(*addCommand(runs, "trash", "Put runs into the trash; 'runs restore' brings them back", trash,
                         [](RunStore& store, const Arguments& arguments) { store.moveToTrash(arguments.runs); }),
             *trash);
  auto restore = std::make_shared<Arguments>();
  addRunList(*addCommand(runs, "restore", "Bring runs back from the trash", restore,
                         [](RunStore& store, const Arguments& arguments) { store.restore(arguments.runs); }),
             *restore);
  auto purged = std::make_shared<Arguments>();
  auto* command = runs.add_subcommand("purge", "Remove runs that are in the trash for ever, with their files");
  addWorkspace(*command, purged->workspace);
  addJson(*command, purged->json);
  command->callback([purged] { purge(*purged); });
  command->add_option("RUN", purged->runs, "The runs' numbers");
  command->add_flag("--all", purged->all, "All that is in the trash");
}

}  // namespace

void addLabelCommands(CLI::App& runs) {
  auto star = std::make_shared<Arguments>();
  auto* command = addCommand(runs, "star", "Give runs a star", star, [](RunStore& store, const Arguments& arguments) {
    for (const std::string& run : arguments.runs) store.setStarred(run, !arguments.off);
  });
  addRunList(*command, *star);
  command->add_flag("--off", star->off, "Take it away");

  auto name = std::make_shared<Arguments>();
  command = addCommand(runs, "rename", "Give a run another name", name,
                       [](RunStore& store, const Arguments& arguments) { store.rename(arguments.run, arguments.text); });
  command->add_option("RUN", name->run, "The run's number")->required();
  command->add_option("NAME", name->text, "Its new name")->required();

  auto note = std::make_shared<Arguments>();
  command = addCommand(runs, "note", "Keep a note with a run, in place of the one it has; empty: none", note,
                       [](RunStore& store, const Arguments& arguments) { store.setNote(arguments.run, arguments.text); });
  command->add_option("RUN", note->run, "The run's number")->required();
  command->add_option("TEXT", note->text, "The note")->required();

  auto tag = std::make_shared<Arguments>();
  command = addCommand(runs, "tag", "Give runs tags, or take them away", tag, tagRuns);
  addRunList(*command, *tag);
  command->add_option("--add", tag->added, "A tag; may be repeated")->allow_extra_args(false);
  command->add_option("--remove", tag->removed, "A tag; may be repeated")->allow_extra_args(false);

  auto keep = std::make_shared<Arguments>();
  addRunList(*addCommand(runs, "keep", "Keep interrupted runs as they are: they count as stopped, with the model they have", keep,
                         [](RunStore& store, const Arguments& arguments) {
                           for (const std::string& run : arguments.runs) store.keepAsIs(run);
                         }),
             *keep);
  addTrashCommands(runs);
}

}  // namespace panicle::cli
