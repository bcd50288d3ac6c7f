// lr-find: a short training with a rising rate, what it suggests, and its plot.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "app/cli/commands.h"
#include "app/cli/interrupt.h"
#include "app/cli/lr_plot.h"
#include "app/cli/output.h"
#include "app/cli/spec_argument.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/encode.h"
#include "core/runs/lr_find.h"

namespace panicle::cli {
namespace {

struct Arguments {
  SpecArgument spec;
  std::string workspace;
  LrFindOptions find;
  bool whole = false;  // goes on when the loss runs away
  std::string out;
  bool json = false;
};

struct Suggestion {
  const char* name;
  std::optional<double> rate;
  const char* meaning;
};

std::array<Suggestion, 4> listed(const LrSuggestions& found) {
  return {{{"valley", found.valley, "the middle of the longest fall; fastai's default"},
           {"slide", found.slide, "where the last even stretch of 15 batches begins"},
           {"minimum", found.minimum, "a tenth of the rate with the lowest loss"},
           {"steep", found.steep, "where the loss falls most steeply"}}};
}

Json answer(const Arguments& arguments, const LrSweep& sweep) {
  Json suggestions = Json::object(), lrs = Json::array(), losses = Json::array(), raw = Json::array();
  for (const Suggestion& suggestion : listed(sweep.suggestions))
    suggestions[suggestion.name] = suggestion.rate ? Json(*suggestion.rate) : Json(nullptr);
  for (const LrPoint& point : sweep.points) {
    lrs.push_back(point.lr);
    losses.push_back(point.smooth_loss);
    raw.push_back(point.loss);
  }
  return {{"suggestions", suggestions},
          {"lrs", lrs},
          {"losses", losses},
          {"batch_losses", raw},
          {"stage", arguments.find.stage},
          {"learns", sweep.frozen},
          {"start", sweep.start},
          {"ended", sweep.ended},
          {"out", arguments.out.empty() ? Json(nullptr) : Json(arguments.out)}};
}

// The key that takes the rate.
std::string rateKey(const RunSpec& spec, int stage) {
  const bool fineTune = spec.stages[static_cast<std::size_t>(stage)].schedule.kind == ScheduleKind::FineTune;
  return "stages." + std::to_string(stage) + ".schedule." + (fineTune ? "base_lr" : "lr_max");
}

void print(const Arguments& arguments, const RunSpec& spec, const LrSweep& sweep) {
  fmt::print("starts from {}\n{}; ended: {}\n\n", sweep.start, sweep.frozen, sweep.ended);
  TextTable table({"suggestion", "rate", "what it is"}, Align::Left);
  for (const Suggestion& suggestion : listed(sweep.suggestions)) {
    table.add({suggestion.name,
               suggestion.rate ? fmt::format("{:.2e}", *suggestion.rate) : "none: too few points",
               suggestion.meaning});
  }
  table.print();
  if (sweep.suggestions.valley)
    fmt::print("\ntrain with it: --set {}={:.2g}\n", rateKey(spec, arguments.find.stage),
               *sweep.suggestions.valley);
  if (!arguments.out.empty()) fmt::print("plot: {}\n", arguments.out);
}

// "resnet18, 128 x 128, batches of 64".
std::string title(const RunSpec& spec, int stage) {
  const StageOptions& options = spec.stages[static_cast<std::size_t>(stage)];
  const Size size = makePipeline(spec, options).outputSize();
  const std::string which =
      spec.stages.size() > 1 ? fmt::format(", stage {} of {}", stage + 1, spec.stages.size()) : "";
  return fmt::format("{}, {} x {}, batches of {}{}", spec.model.arch, size.height, size.width,
                     spec.batchOf(options).size, which);
}

LrSweep sweep(const Arguments& arguments, const RunSpec& spec) {
  TrainControl control;
  const InterruptWatch watch("stopping after this batch", [&control] { control.stopNow(); });
  ProgressLine progress;
  LrFindObserver observer;
  observer.phase = [&](const std::string& what) { progress.show(what); };
  observer.point = [&](const LrPoint& point) {
    progress.show(fmt::format("batch {} of at most {}  rate {:.2e}  loss {:.4f}", point.iteration + 1,
                              arguments.find.sweep.num_it, point.lr, point.smooth_loss));
  };
  observer.warning = [&](const std::string& message) {
    progress.clear();
    spdlog::warn("{}", message);
  };
  try {
    return findLearningRate(spec, arguments.workspace, arguments.find, control, observer);
  } catch (const Cancelled&) {
    throw Error("the sweep was stopped before its end");
  }
}

void findRate(const Arguments& arguments) {
  const RunSpec spec = readSpecArgument(arguments.spec);
  const LrSweep found = sweep(arguments, spec);
  if (!arguments.out.empty()) writePng(arguments.out, drawSweep(found, title(spec, arguments.find.stage)));
  if (arguments.json) {
    printJson(answer(arguments, found));
  } else {
    print(arguments, spec, found);
  }
}

void addSweepOptions(CLI::App& command, LrSweepOptions& sweep) {
  command.add_option("--start-lr", sweep.start_lr, "The first rate")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--end-lr", sweep.end_lr, "The rate that the last batch comes close to")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--num-it", sweep.num_it, "Batches at most; below 6 counts as 6")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
}

}  // namespace

void addLrFindCommand(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = program.add_subcommand(
      "lr-find", "Suggest a learning rate: train some batches with a rising rate and look at the loss");
  addSpecArgument(*command, arguments->spec);
  command
      ->add_option("--stage", arguments->find.stage,
                   "The stage, from 0, whose photos, batch, loss and frozen layers are tried")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  addSweepOptions(*command, arguments->find.sweep);
  command->add_flag("--whole", arguments->whole, "Go on when the loss passes 4 times its best");
  command->add_option("--out", arguments->out, "A PNG to write: the loss over the rate, suggestions marked")
      ->type_name("FILE.png")
      ->check([](const std::string& text) {
        return text.ends_with(".png") ? std::string()
                                      : "the plot is a PNG: end its name in .png, not '" + text + "'";
      });
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->footer(
      "The network starts as the run's would, and nothing of it is kept: no run is made, the data folder is "
      "not\n"
      "written to. To look from what a run has learnt: --set "
      "model.weights=WORKSPACE/runs/RUN/model.safetensors");
  command->callback([arguments] {
    arguments->find.sweep.stop_div = !arguments->whole;
    findRate(*arguments);
  });
}

}  // namespace panicle::cli
