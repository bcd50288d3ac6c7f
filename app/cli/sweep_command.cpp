// sweep: one run for each of many settings.
#include <spdlog/fmt/fmt.h>

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/spec_argument.h"
#include "core/base/error.h"
#include "core/runs/queue.h"
#include "core/runs/sweep.h"

namespace panicle::cli {
namespace {

struct Arguments {
  SpecArgument spec;
  std::vector<std::string> axes;
  std::optional<int> random;
  SweepOptions options;
  std::vector<int> rungs;
  int eta = 3;
  std::string group;
  std::string workspace;
  bool queue = false;
  bool dry = false;
  bool json = false;
};

Json memberJson(const SweepMember& member) {
  Json settings = Json::object();
  for (const auto& [key, value] : member.settings) settings[key] = value;
  return {{"name", member.spec.name}, {"seed", member.spec.seed}, {"settings", settings}, {"problems", member.problems}};
}

void printMembers(const std::vector<SweepMember>& members) {
  TextTable table({"", "run", "problem"}, Align::Left);
  for (std::size_t i = 0; i < members.size(); ++i) {
    table.add({std::to_string(i + 1), members[i].spec.name, members[i].problems.empty() ? "" : members[i].problems.front()});
  }
  table.print();
}

std::vector<RunSpec> runnable(const std::vector<SweepMember>& members) {
  std::vector<RunSpec> specs;
  for (const SweepMember& member : members) {
    if (member.problems.empty()) specs.push_back(member.spec);
  }
  return specs;
}

void sweep(Arguments& arguments) {
  const RunSpec base = readSpecArgument(arguments.spec);
  for (const std::string& axis : arguments.axes) arguments.options.axes.push_back(parseSweepAxis(axis));
  arguments.options.random = arguments.random;
  const std::vector<SweepMember> members = planSweep(base, arguments.options);
  const std::vector<RunSpec> specs = runnable(members);
  std::vector<std::int64_t> ids;
  if (arguments.queue && !arguments.dry) {
    if (specs.empty()) throw Error("none of the " + std::to_string(members.size()) + " members can run: " + members.front().problems.front());
    const RunStore store(arguments.workspace);
    QueueOptions options;
    options.group = arguments.group.empty() ? "sweep of " + (base.name.empty() ? base.model.arch : base.name) : arguments.group;
    if (!arguments.rungs.empty()) options.halving = Halving{.epochs = arguments.rungs, .eta = arguments.eta};
    ids = RunQueue(store).add(specs, options);
  }
  if (arguments.json) {
    Json list = Json::array();
    for (const SweepMember& member : members) list.push_back(memberJson(member));
    return printJson({{"members", list}, {"queued", ids}});
  }
  printMembers(members);
  if (!ids.empty()) fmt::print("\n{} runs wait in the queue; 'panicle-cli queue run' works on it\n", ids.size());
}

}  // namespace

void addSweepCommand(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = program.add_subcommand("sweep", "List the runs of a grid, or of a random sample, over any settings; with --queue they wait for their turn");
  addSpecArgument(*command, arguments->spec);
  command
      ->add_option("--vary", arguments->axes,
                   "What is varied: KEY=V1,V2,...; KEY=LOW..HIGH:COUNT; KEY=log:LOW..HIGH:COUNT; KEY1+KEY2=V1+W1,V2+W2 for settings that go together; "
                   "may be repeated. A size of two sides is written [640,480]")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--random", arguments->random, "So many random draws in place of the grid");
  command->add_option("--seed", arguments->options.seed, "Of the random draws")->capture_default_str();
  command->add_option("--repeat", arguments->options.repeat, "Each with so many seeds")->capture_default_str();
  command->add_option("--halving", arguments->rungs,
                      "Successive halving, such as 3,9,27: all train for 3 epochs, the best third of them again for 9, the best third of those for 27")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--eta", arguments->eta, "Of a halving: one of so many goes on")->capture_default_str();
  command->add_flag("--queue", arguments->queue, "Put those that can run into the queue");
  command->add_flag("--dry-run", arguments->dry, "List them only, also with --queue");
  command->add_option("--group", arguments->group, "How the queue names them together");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { sweep(*arguments); });
}

}  // namespace panicle::cli
