// What watches a run and steps in: the `callbacks` section of a RunSpec. Each is off while null.
// Source: fastai.callback.tracker (SaveModelCallback, EarlyStoppingCallback, ReduceLROnPlateau), fastai.callback.fp16 / training (GradientClip),
// timm.utils.ModelEmaV2.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/fields.h"

namespace panicle {

// `monitor` names valid_loss, train_loss or one of the run's metrics; losses and error rates are better when smaller, as in fastai.

struct KeepBestOptions {  // SaveModelCallback: at the end of each fit the weights of its best epoch come back
  std::string monitor = "valid_loss";
  double min_delta = 0;
};

struct EarlyStoppingOptions {
  std::string monitor = "valid_loss";
  int patience = 1;       // epochs without improvement before the fit ends
  double min_delta = 0;
};

struct ReduceLrOptions {  // ReduceLROnPlateau
  std::string monitor = "valid_loss";
  int patience = 1;
  double factor = 10;     // the rate is divided by this
  double min_lr = 0;
  double min_delta = 0;
};

struct CallbackOptions {
  std::optional<KeepBestOptions> keep_best;
  std::optional<EarlyStoppingOptions> early_stopping;
  std::optional<ReduceLrOptions> reduce_lr;
  std::optional<double> grad_clip;  // fastai's GradientClip(max_norm)
  std::optional<double> ema_decay;  // validation, predictions and the saved model take a moving average of the weights
};

std::span<const Field<KeepBestOptions>> fieldTable(const KeepBestOptions*);
std::span<const Field<EarlyStoppingOptions>> fieldTable(const EarlyStoppingOptions*);
std::span<const Field<ReduceLrOptions>> fieldTable(const ReduceLrOptions*);
std::span<const Field<CallbackOptions>> fieldTable(const CallbackOptions*);
// `metrics` are the names that the run computes (metricNames()).
std::vector<std::string> check(const CallbackOptions& options, const std::vector<std::string>& metrics);
// When the data are known: monitors must be `columns` of the epoch table, and without validation photos train_loss.
std::vector<std::string> checkMonitors(const CallbackOptions& options, const std::vector<std::string>& columns,
                                       bool validates);

}  // namespace panicle
