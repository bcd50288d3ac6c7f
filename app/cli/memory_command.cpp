// memory: what a run will need before it starts, and which architectures fit.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>

#include "app/cli/commands.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/models/architecture.h"
#include "core/runs/fit_table.h"
#include "core/runs/memory_plan.h"
#include "core/runs/planner_error.h"
#include "core/runs/run_store.h"

namespace panicle::cli {
namespace {

constexpr double kMiB = 1 << 20;

struct Arguments {
  std::string spec;  // a file; "": the options alone
  std::string arch;
  std::vector<std::string> sizes;
  std::optional<int> batch, accum;
  std::int64_t outputs = 10;
  std::vector<std::string> settings;
  std::string profile;
  std::optional<double> budget;  // MiB
  bool measure = false, csv = false, json = false;
  std::string workspace;
};

double mib(std::uint64_t bytes) {
  return static_cast<double>(bytes) / kMiB;
}

RunSpec specOf(const Arguments& arguments) {
  RunSpec spec;
  if (arguments.spec.empty()) {
    spec.stages[0].augment.reset();
  } else {
    spec = readSpec(arguments.spec);
  }
  if (!arguments.arch.empty()) spec.model.arch = arguments.arch;
  if (arguments.batch) spec.batch = {.size = *arguments.batch};
  if (arguments.accum) spec.batch.accum = *arguments.accum;
  if (!arguments.sizes.empty()) {
    spec.stages.resize(1);
    spec.stages[0].resize.size = parseSize(arguments.sizes.front());
    spec.stages[0].augment.reset();
  }
  applySettings(spec, arguments.settings);
  return spec;
}

// The runs that tell how far plans were off; none where there is no workspace yet.
std::vector<MeasuredRun> measuredRuns(const Arguments& arguments) {
  const std::filesystem::path workspace = arguments.workspace.empty() ? defaultWorkspace() : std::filesystem::path(arguments.workspace);
  if (!std::filesystem::exists(workspace / "panicle.db")) return {};
  return RunStore(workspace).measuredRuns();
}

DeviceProfile profileOf(const Arguments& arguments, const std::vector<MeasuredRun>& runs) {
  const std::vector<DeviceProfile> profiles = deviceProfiles();
  DeviceProfile chosen = profiles.front();
  if (!arguments.profile.empty()) {
    const auto found = std::ranges::find(profiles, arguments.profile, &DeviceProfile::name);
    if (found == profiles.end()) {
      std::string names;
      for (const DeviceProfile& profile : profiles) names += "\n  " + profile.name;
      throw Error("no profile is called '" + arguments.profile + "'; there are:" + names);
    }
    chosen = *found;
  }
  learnOverhead(chosen, runs);
  if (arguments.budget) chosen.total = static_cast<std::uint64_t>(*arguments.budget * kMiB);
  return chosen;
}

struct Answer {
  RunSpec spec;
  DeviceProfile profile;
  RunPlan plan;
  std::optional<std::uint64_t> measured;  // tensors; with CUDA what the allocator held
  std::optional<int> smallest_accum;
  std::vector<PlannerError> errors;  // so far

  int effective() const { return spec.batch.effectiveSize(); }
  Fit fit() const { return judge(profile, plan.peak()); }
};

Answer answerFor(const Arguments& arguments, std::stop_token stop) {
  const std::vector<MeasuredRun> runs = measuredRuns(arguments);
  Answer answer{.spec = specOf(arguments),
                .profile = profileOf(arguments, runs),
                .plan = {},
                .measured = {},
                .smallest_accum = {},
                .errors = plannerError(runs)};
  answer.plan = predict(answer.spec, arguments.outputs, answer.profile, stop);
  answer.smallest_accum =
      smallestAccum(answer.spec, arguments.outputs, answer.profile, answer.effective(), stop);
  if (arguments.measure) {
    const StagePlan& worst = answer.plan.stages[answer.plan.worst];
    answer.measured = measurePlan(
        planRequest(answer.spec, worst.stage, worst.frozen, arguments.outputs, answer.profile), stop);
  }
  return answer;
}

std::string meaningOf(const MemoryPart& part, const Answer& answer) {
  if (part.bytes != &MemoryParts::overhead) return part.meaning;
  return std::string(part.meaning) + (answer.profile.overhead_measured ? "; measured in earlier runs" : "; an assumption, until a run was measured");
}

Json errorsJson(const std::vector<PlannerError>& errors) {
  Json list = Json::array();
  for (const PlannerError& error : errors) {
    list.push_back({{"kind", error.kind == ComputeKind::Cpu ? "cpu" : "cuda"},
                    {"runs", error.runs},
                    {"median_ratio", error.median},
                    {"worst_ratio", error.worst},
                    {"worst_run", error.worst_run}});
  }
  return list;
}

void printAnswerJson(const Answer& answer) {
  Json parts = Json::object();
  const MemoryParts& planned = answer.plan.parts();
  for (const MemoryPart& part : memoryParts()) parts[part.name] = mib(planned.*part.bytes);
  const auto measured = [&]() -> Json {
    if (!answer.measured) return nullptr;
    return mib(*answer.measured + planned.loader + planned.overhead);
  };
  printJson({{"predicted_peak_mib", mib(answer.plan.peak())},
             {"parts", parts},
             {"measured_peak_mib", measured()},
             {"measured_tensors_mib", answer.measured ? Json(mib(*answer.measured)) : Json(nullptr)},
             {"fits", answer.fit() != Fit::No},
             {"fit", words(answer.fit())},
             {"accum", answer.spec.batch.accum},
             {"smallest_accum", answer.smallest_accum ? Json(*answer.smallest_accum) : Json(nullptr)},
             {"budget_mib", mib(answer.profile.total)},
             {"profile", answer.profile.name},
             {"overhead_measured", answer.profile.overhead_measured},
             {"planner_error", errorsJson(answer.errors)},
             {"precision", enumName(answer.plan.precision)},
             {"stage", answer.plan.worst},
             {"frozen", answer.plan.stages[answer.plan.worst].frozen}});
}

void printAnswer(const Answer& answer) {
  const MemoryParts& planned = answer.plan.parts();
  fmt::print("{} on {}: needs about {:.0f} of {:.0f} MiB: {}\n\n", answer.spec.model.arch,
             answer.profile.name, mib(answer.plan.peak()), mib(answer.profile.total), words(answer.fit()));
  TextTable table({"part", "MiB", "what it is"}, Align::Left);
  for (const MemoryPart& part : memoryParts()) {
    const std::uint64_t bytes = planned.*part.bytes;
    if (bytes > 0) table.add({part.name, fmt::format("{:>9.1f}", mib(bytes)), meaningOf(part, answer)});
  }
  table.print();
  if (answer.measured) {
    const std::uint64_t foretold = planned.held();
    fmt::print("\nmeasured of tensors: {:.1f} MiB; predicted {:.1f}, {:+.1f} %\n",
               mib(*answer.measured), mib(foretold),
               100 * (static_cast<double>(foretold) / static_cast<double>(*answer.measured) - 1));
  }
  for (const PlannerError& error : answer.errors) fmt::print("\nso far {}\n", words(error));
  if (answer.fit() != Fit::No) return;
  if (answer.smallest_accum) {
    fmt::print("\nit fits with accum {}: --bs {} --accum {}\n", *answer.smallest_accum,
               answer.effective() / *answer.smallest_accum, *answer.smallest_accum);
  } else {
    fmt::print(
        "\nno accum makes it fit: take smaller images or another architecture, or "
        "model.gradient_checkpointing=true\n");
  }
}

FitTableOptions tableOptions(const Arguments& arguments, const RunSpec& spec) {
  FitTableOptions options;
  for (const Architecture& architecture : architectures()) options.architectures.push_back(architecture.name);
  for (const std::string& size : arguments.sizes) options.sizes.push_back(parseSize(size));
  if (options.sizes.empty()) options.sizes = {{128, 128}, {192, 192}, {224, 224}, {256, 256}};
  if (arguments.batch) options.effective = spec.batch.effectiveSize();
  return options;
}

Json cellJson(const FitCell& cell) {
  return {{"arch", cell.architecture},
          {"size", {cell.size.height, cell.size.width}},
          {"bs", cell.batch},
          {"accum", cell.accum},
          {"predicted_peak_mib", cell.parts ? Json(mib(cell.parts->total())) : Json(nullptr)},
          {"fit", cell.parts ? Json(words(cell.fit)) : Json(nullptr)},
          {"problem", cell.problem}};
}

void printFitTable(const Arguments& arguments, std::stop_token stop) {
  const RunSpec spec = specOf(arguments);
  std::vector<FitCell> cells;
  ProgressLine line;
  fitTable(
      spec, arguments.outputs, profileOf(arguments, measuredRuns(arguments)), tableOptions(arguments, spec),
      [&cells](const FitCell& cell) { cells.push_back(cell); }, stop, line.counter("planned"));
  line.clear();
  if (arguments.csv) {
    fmt::print("{}", fitTableCsv(cells));
    return;
  }
  if (arguments.json) {
    Json list = Json::array();
    for (const FitCell& cell : cells) list.push_back(cellJson(cell));
    printJson(list);
    return;
  }
  TextTable table({"architecture", "size", "bs", "accum", "MiB", "fit"});
  for (const FitCell& cell : cells) {
    if (!cell.parts) continue;  // a size that it does not take
    table.add({cell.architecture, toString(cell.size), std::to_string(cell.batch), std::to_string(cell.accum),
               fmt::format("{:.0f}", mib(cell.parts->total())), words(cell.fit)});
  }
  table.print();
}

void plan(const Arguments& arguments) {
  std::stop_source stop;
  const InterruptWatch watch("stopping", [&stop] { stop.request_stop(); });
  try {
    if (arguments.arch.empty() && arguments.spec.empty()) return printFitTable(arguments, stop.get_token());
    const Answer answer = answerFor(arguments, stop.get_token());
    arguments.json ? printAnswerJson(answer) : printAnswer(answer);
  } catch (const Cancelled&) {
    throw Error("stopped before the end");
  }
}

}  // namespace

void addMemoryCommand(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = program.add_subcommand(
      "memory", "What a run will need; without --arch and SPEC, which architectures fit");
  command->add_option("spec", arguments->spec, "A RunSpec to plan for; the options below change it")
      ->type_name("SPEC.json");
  command->add_option("--arch", arguments->arch, "timm's name of the architecture");
  command->add_option("--size", arguments->sizes, "That the network gets; of the table several")
      ->type_name("H,W");
  command->add_option("--bs", arguments->batch, "Images that go through the network together")
      ->check(CLI::Range(2, 65536));
  command->add_option("--accum", arguments->accum, "Batches a step of the optimizer")
      ->check(CLI::Range(1, 65536));
  command->add_option("--classes", arguments->outputs, "Outputs of the head")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  addSettings(*command, arguments->settings);
  command->add_option("--profile", arguments->profile,
                      "The device to plan for, by name; without it this machine's");
  command->add_option("--budget-mib", arguments->budget, "Its memory, if it is another")
      ->check(CLI::PositiveNumber);
  command->add_flag("--measure", arguments->measure,
                    "Take two steps for real on this machine, and tell what they needed");
  command->add_flag("--csv", arguments->csv, "The table of what fits as CSV");
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->footer(
      "Nothing is read but the document: photos and weight files need not be there. Profiles: this machine, "
      "Kaggle P100,\n"
      "Kaggle T4, and cards of 8 to 80 GB; a name that is not known lists them.");
  command->callback([arguments] { plan(*arguments); });
}

}  // namespace panicle::cli
