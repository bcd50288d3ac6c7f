#include "core/runs/lr_find.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/models/device.h"
#include "core/runs/prepared_run.h"

namespace panicle {
namespace {

std::vector<std::string> problems(const RunSpec& spec, const LrFindOptions& options) {
  std::vector<std::string> found = check(spec);
  const LrSweepOptions& sweep = options.sweep;
  if (options.stage < 0 || static_cast<std::size_t>(options.stage) >= spec.stages.size())
    found.push_back(fmt::format("there is no stage {}: the run's stages are 0 to {}", options.stage,
                                spec.stages.size() - 1));
  if (!(sweep.start_lr > 0) || !std::isfinite(sweep.end_lr) || !(sweep.end_lr > sweep.start_lr))
    found.push_back(
        fmt::format("the rates must rise from above 0: {:g} to {:g} do not", sweep.start_lr, sweep.end_lr));
  if (sweep.num_it < 1) found.push_back("the number of batches must be 1 or more");
  return found;
}

// "86 of 90 million".
std::string counted(std::int64_t some, std::int64_t all) {
  constexpr std::int64_t kMillion = 1'000'000;
  if (all < kMillion / 10) return fmt::format("{} of {}", some, all);
  const int digits = all < 100 * kMillion ? 1 : 0;
  const auto millions = [](std::int64_t number) { return static_cast<double>(number) / kMillion; };
  return fmt::format("{:.{}f} of {:.{}f} million", millions(some), digits, millions(all), digits);
}

// What learns while the first `frozen` groups of two do not.
std::string learningWords(Classifier& model, std::size_t frozen) {
  if (frozen == 0) return "everything learns";
  model.setFrozen(frozen);
  std::int64_t still = 0, all = 0;
  for (const auto& parameter : model.parameters()) {
    all += parameter.numel();
    if (!parameter.requires_grad()) still += parameter.numel();
  }
  return fmt::format("the body is frozen ({} parameters); the head and the norm layers learn", counted(still, all));
}

// Passes over the training photos that the sweep takes, for the presize cache.
int epochsOf(const LrSweepOptions& sweep, const BatchOptions& batch, std::size_t images) {
  const std::size_t wanted = static_cast<std::size_t>(sweep.num_it) *
                             static_cast<std::size_t>(std::max(batch.size, batch.effectiveSize()));
  return static_cast<int>(std::min<std::size_t>(1000, wanted / std::max<std::size_t>(1, images) + 1));
}

LrSweep sweep(const RunSpec& asked, const std::filesystem::path& workspace, const LrFindOptions& options,
              TrainControl& control, const PreparationObserver& tell, const LrFindObserver& observer) {
  const Start start = findStart(asked.model, workspace);
  const RunSpec spec = withNormalization(asked, start);
  const PreparedRun run = prepareRun(spec, start, tell, control.token());
  const auto stage = static_cast<std::size_t>(options.stage);
  const StageFit fit = stageFit(spec, stage, run.model->parameterGroups().size());
  StageLoader loaders(spec, run, tell);
  Loader& loader =
      loaders.begin(spec.stages[stage], epochsOf(options.sweep, fit.batch, run.data.train.size()), workspace,
                    control.token());

  LrSweep result{.frozen = learningWords(*run.model, fit.phases.front().frozen_groups),
                 .start = start.words()};
  Trainer trainer(run.model, run.device, run.targets, trainerOptions(spec, run.precision), control,
                  [&](const TrainEvent& event) {
                    if (const auto* warning = std::get_if<Warning>(&event)) tell.warning(*warning);
                  });
  tell.phase("sweeping");
  result.ended = trainer.sweep(options.sweep, fit, loader, run.data, *run.samples, [&](const LrPoint& point) {
    result.points.push_back(point);
    if (observer.point) observer.point(point);
  });
  loaders.tellOfCache();
  std::vector<double> lrs, losses;
  for (const LrPoint& point : result.points) {
    lrs.push_back(point.lr);
    losses.push_back(point.smooth_loss);
  }
  result.suggestions = suggestRates(lrs, losses, options.sweep.num_it);
  return result;
}

}  // namespace

LrSweep findLearningRate(const RunSpec& spec, const std::filesystem::path& workspace,
                         const LrFindOptions& options, TrainControl& control,
                         const LrFindObserver& observer) {
  throwProblems("the sweep cannot start:", problems(spec, options));
  PreparationObserver tell;
  tell.phase = [&](const std::string& what) {
    if (observer.phase) observer.phase(what);
  };
  tell.warning = [&](const Warning& warning) {
    if (observer.warning) observer.warning(warning.message);
  };
  setComputeThreads(spec.threads);
  const KeptMemory kept;
  try {
    return sweep(spec, workspace, options, control, tell, observer);
  } catch (const c10::Error& error) {
    if (!isOutOfMemory(error)) throw Error(error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    // Told below, as torch's own.
  }
  const StageOptions& stage = spec.stages[static_cast<std::size_t>(options.stage)];
  throw OutOfMemory("out of memory with " + spec.model.arch + ", batch " +
                    std::to_string(spec.batchOf(stage).size) +
                    "; halve batch.size and double batch.accum, or take smaller images");
}

}  // namespace panicle
