#include "core/train/callback_options.h"

#include <algorithm>
#include <array>

namespace panicle {
namespace {

constexpr const char* kMonitorHelp =
    "The column of the epoch table that is watched: valid_loss, train_loss or one of the run's metrics. Losses and error rates are "
    "better when smaller, all others when larger.";
constexpr const char* kMinDeltaHelp = "An epoch counts as better only when it is better by more than this.";
constexpr double kLongest = 10000;

}  // namespace

std::span<const Field<KeepBestOptions>> fieldTable(const KeepBestOptions*) {
  using O = KeepBestOptions;
  static constexpr std::array table{
      field<&O::monitor>({.name = "monitor", .label = "Watched", .help = kMonitorHelp, .fastai = "SaveModelCallback(monitor)"}),
      field<&O::min_delta>(
          {.name = "min_delta", .label = "Least difference", .help = kMinDeltaHelp, .fastai = "SaveModelCallback(min_delta)", .min = 0}),
  };
  return table;
}

std::span<const Field<EarlyStoppingOptions>> fieldTable(const EarlyStoppingOptions*) {
  using O = EarlyStoppingOptions;
  static constexpr std::array table{
      field<&O::monitor>({.name = "monitor", .label = "Watched", .help = kMonitorHelp, .fastai = "EarlyStoppingCallback(monitor)"}),
      field<&O::patience>({.name = "patience",
                           .label = "Patience",
                           .help = "Epochs without a better value after which the fit ends.",
                           .fastai = "EarlyStoppingCallback(patience)",
                           .unit = "epochs",
                           .min = 1,
                           .max = kLongest}),
      field<&O::min_delta>(
          {.name = "min_delta", .label = "Least difference", .help = kMinDeltaHelp, .fastai = "EarlyStoppingCallback(min_delta)", .min = 0}),
  };
  return table;
}

std::span<const Field<ReduceLrOptions>> fieldTable(const ReduceLrOptions*) {
  using O = ReduceLrOptions;
  static constexpr std::array table{
      field<&O::monitor>({.name = "monitor", .label = "Watched", .help = kMonitorHelp, .fastai = "ReduceLROnPlateau(monitor)"}),
      field<&O::patience>({.name = "patience",
                           .label = "Patience",
                           .help = "Epochs without a better value after which the learning rate goes down.",
                           .fastai = "ReduceLROnPlateau(patience)",
                           .unit = "epochs",
                           .min = 1,
                           .max = kLongest}),
      field<&O::factor>({.name = "factor",
                         .label = "Divided by",
                         .help = "What the learning rates are divided by, to the end of the fit. With fidelity fastai this holds for the "
                                 "schedule fit alone, since the others set the rate anew at every step.",
                         .fastai = "ReduceLROnPlateau(factor)",
                         .min = 1.0001,
                         .max = 1e6}),
      field<&O::min_lr>({.name = "min_lr",
                         .label = "Lowest rate",
                         .help = "The learning rate is not reduced below this.",
                         .fastai = "ReduceLROnPlateau(min_lr)",
                         .min = 0,
                         .max = 100}),
      field<&O::min_delta>(
          {.name = "min_delta", .label = "Least difference", .help = kMinDeltaHelp, .fastai = "ReduceLROnPlateau(min_delta)", .min = 0}),
  };
  return table;
}

std::span<const Field<CallbackOptions>> fieldTable(const CallbackOptions*) {
  using O = CallbackOptions;
  static constexpr std::array table{
      field<&O::keep_best>({.name = "keep_best",
                            .label = "Keep the best epoch",
                            .help = "At the end of each fit (of fine_tune there are two) the weights of its best epoch come back, in "
                                    "place of the last one's.",
                            .fastai = "SaveModelCallback"}),
      field<&O::early_stopping>({.name = "early_stopping",
                                 .label = "Stop early",
                                 .help = "Ends a fit that no longer gets better; the next one begins.",
                                 .fastai = "EarlyStoppingCallback"}),
      field<&O::reduce_lr>({.name = "reduce_lr",
                            .label = "Reduce the rate on a plateau",
                            .help = "Lowers the learning rate when a fit no longer gets better. Made for the schedule fit, which keeps "
                                    "it constant.",
                            .fastai = "ReduceLROnPlateau"}),
      field<&O::grad_clip>({.name = "grad_clip",
                            .label = "Clip gradients at",
                            .help = "The largest norm of all gradients of a step together; those of a longer one are shortened to it. "
                                    "Try 1 where single batches throw the training off.",
                            .fastai = "GradientClip(max_norm)",
                            .min = 1e-6,
                            .max = 1e6}),
      field<&O::ema_decay>({.name = "ema_decay",
                            .label = "Average weights with decay",
                            .help = "Validation, predictions and the saved model take a moving average of the weights, of which each "
                                    "step replaces one minus this share: .999 averages over about 1000 steps. For long trainings.",
                            .fastai = "timm's ModelEmaV2(decay)",
                            .min = 0,
                            .max = 0.999999}),
  };
  return table;
}

namespace {

void addProblem(const char* callback, const std::string& monitor, std::vector<std::string> known,
                std::vector<std::string>& problems) {
  known.insert(known.end(), {"valid_loss", "train_loss"});
  const std::string near = nearestName(monitor, known);
  std::string problem = callback;
  problem += ".monitor '" + monitor + "' is not among the run's metrics";
  if (near.empty()) {
    problem += "; write valid_loss, train_loss, or add it to metrics";
  } else {
    problem += "; did you mean '" + near + "'?";
  }
  problems.push_back(std::move(problem));
}

template <typename Visit>
void forEachMonitor(const CallbackOptions& options, const Visit& visit) {
  if (options.keep_best) visit("keep_best", options.keep_best->monitor);
  if (options.early_stopping) visit("early_stopping", options.early_stopping->monitor);
  if (options.reduce_lr) visit("reduce_lr", options.reduce_lr->monitor);
}

}  // namespace

std::vector<std::string> check(const CallbackOptions& options, const std::vector<std::string>& metrics) {
  std::vector<std::string> problems;
  forEachMonitor(options, [&](const char* callback, const std::string& monitor) {
    // A metric of a further target bears the target's name before its own (numbers have mae where none is asked for); a recall is
    // followed by its class.
    const auto fits = [&](const std::string& metric) {
      return monitor == metric || monitor.ends_with("_" + metric) || monitor.starts_with(metric + "/");
    };
    const bool loss = monitor == "valid_loss" || monitor == "train_loss";
    if (!loss && !monitor.ends_with("_mae") && std::none_of(metrics.begin(), metrics.end(), fits))
      addProblem(callback, monitor, metrics, problems);
  });
  return problems;
}

std::vector<std::string> checkMonitors(const CallbackOptions& options, const std::vector<std::string>& columns,
                                       bool validates) {
  std::vector<std::string> problems;
  forEachMonitor(options, [&](const char* callback, const std::string& monitor) {
    if (monitor == "train_loss") return;
    if (!validates) {
      problems.push_back("callbacks." + std::string(callback) + ".monitor '" + monitor +
                         "' needs validation photos, and the split leaves none; write train_loss");
    } else if (monitor != "valid_loss" && std::find(columns.begin(), columns.end(), monitor) == columns.end()) {
      addProblem(("callbacks." + std::string(callback)).c_str(), monitor, columns, problems);
    }
  });
  return problems;
}

}  // namespace panicle
