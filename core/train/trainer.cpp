#include "core/train/trainer.h"

#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/loader/batch_tensor.h"
#include "core/models/autocast.h"

namespace panicle {
namespace {

// The first batches of a run pay for caches and memory: they say nothing of the time left.
constexpr std::size_t kWarmUpBatches = 2;
// A validation batch has no backward pass; until one was timed it is taken for this share of a training batch.
constexpr double kValidationShare = 0.35;

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

[[noreturn]] void failNotFinite(const Batch& batch, const std::vector<Sample>& samples, int epoch) {
  std::string files;
  for (std::size_t i = 0; i < batch.items.size() && i < 5; ++i) files += "\n  " + samples[batch.items[i]].file.string();
  if (batch.items.size() > 5) files += "\n  and " + std::to_string(batch.items.size() - 5) + " more";
  throw Error("the loss is not a finite number in epoch " + std::to_string(epoch) +
              "; lower the learning rate. The batch held:" + files);
}

}  // namespace

std::vector<OptimizedParameter> optimizedParameters(const Classifier& model) {
  std::vector<OptimizedParameter> parameters;
  const auto groups = model.parameterGroups();
  for (std::size_t group = 0; group < groups.size(); ++group) {
    for (const auto& tensor : groups[group].decayed) parameters.push_back({tensor, group, true});
    for (const auto& tensor : groups[group].undecayed) parameters.push_back({tensor, group, false});
  }
  return parameters;
}

Trainer::Trainer(std::shared_ptr<Classifier> model, torch::Device device, TrainerOptions options, TrainControl& control,
                 TrainObserver observer)
    : model_(std::move(model)), device_(device), options_(options), control_(control), observer_(std::move(observer)) {
  groups_ = model_->parameterGroups().size();
  adam_ = std::make_unique<Adam>(optimizedParameters(*model_), options_.optimizer);
}

FitEnd Trainer::fit(int stage, const std::vector<FitPhase>& phases, Loader& loader, const FitData& data,
                    const std::vector<Sample>& samples) {
  for (const FitPhase& phase : phases) {
    beginPhase(phase);
    loader.begin(trainPass(data));
    PositionCounter position(phase.epochs, loader.batchCount());
    for (int epoch = 0; epoch < phase.epochs; ++epoch) {
      const Stopwatch watch;
      if (epoch > 0) loader.begin(trainPass(data));
      position.beginEpoch(epoch);
      trainEpoch(phase, position, loader, samples);
      const Validation validation = validate(loader, data);
      endEpoch(stage, phase, validation, watch.seconds());
      if (control_.stopAfterEpochRequested()) return FitEnd::StoppedAfterEpoch;
    }
  }
  return FitEnd::Done;
}

void Trainer::beginPhase(const FitPhase& phase) {
  smooth_.reset();
  adam_->zeroGrad();
  if (phase.frozen == frozen_) return;
  frozen_ = phase.frozen;
  model_->setFrozen(frozen_);
  adam_->clearState();
}

Pass Trainer::trainPass(const FitData& data) const {
  return trainingPass(data.train, options_.seed, static_cast<std::uint64_t>(epoch_), options_.batch.size);
}

void Trainer::trainEpoch(const FitPhase& phase, PositionCounter& position, Loader& loader, const std::vector<Sample>& samples) {
  model_->train();
  const std::size_t batches = loader.batchCount();
  Batch batch;
  for (std::size_t index = 1; index <= batches; ++index) {
    control_.waitWhilePaused();
    const Stopwatch watch;
    if (!loader.next(batch, control_.token())) break;
    reportBad(batch);
    StepRates rates{{}, phase.momentum(position.position())};
    for (std::size_t group = 0; group < groups_; ++group) rates.lr.push_back(phase.lr(group, position.position()));
    position.advance();
    if (batch.count < 2) continue;  // batch norm needs two values; only bad images make a batch this small
    const float loss = trainBatch(batch, loader.pipeline(), rates, index == batches);
    if (!std::isfinite(loss)) failNotFinite(batch, samples, epoch_);
    smooth_.add(loss);
    const double seconds = watch.seconds();
    elapsed_ += seconds;
    if (++step_ > kWarmUpBatches) {
      trainSeconds_ += seconds;
      ++trainTimed_;
    }
    observer_(BatchEnded{epoch_, step_, index, batches, loss, smooth_.value(), rates.lr.back(), rates.momentum, elapsed_,
                         timeLeft(batches - index, batches)});
    if (control_.token().stop_requested()) throw Cancelled();
  }
}

torch::Tensor Trainer::logits(const Batch& batch, const Pipeline& pipeline) {
  const torch::Tensor images = batchTensor(batch, pipeline, device_);
  const Autocast autocast(device_, options_.precision);
  return model_->forward(images).to(torch::kFloat32);
}

float Trainer::trainBatch(const Batch& batch, const Pipeline& pipeline, const StepRates& rates, bool lastOfEpoch) {
  model_->seedDropout(streamSeed(options_.seed, "dropout", static_cast<std::uint64_t>(epoch_), step_));
  const auto loss = torch::nn::functional::cross_entropy(logits(batch, pipeline), targetsTensor(batch.targets, device_));
  // Gradients are means over the images of all batches of a step, an incomplete last group included.
  const bool single = options_.batch.accum == 1;
  const double nominal = options_.batch.size;
  (single ? loss : loss * (batch.count / nominal)).backward();
  accumulated_ += batch.count;
  if (++pending_ >= static_cast<std::size_t>(options_.batch.accum) || lastOfEpoch) {
    adam_->step(rates, single ? 1 : static_cast<double>(accumulated_) / nominal);
    adam_->zeroGrad();
    accumulated_ = 0;
    pending_ = 0;
  }
  return loss.item<float>();
}

Trainer::Validation Trainer::validate(Loader& loader, const FitData& data) {
  const torch::NoGradGuard noGrad;
  const Stopwatch watch;
  model_->eval();
  loader.begin({data.valid, options_.batch.size, false, Mode::Valid, static_cast<std::uint64_t>(epoch_)});
  const std::size_t batches = loader.batchCount();
  Batch batch;
  double loss = 0;
  std::int64_t wrong = 0, images = 0;
  for (std::size_t index = 1; loader.next(batch, control_.token()); ++index) {
    control_.waitWhilePaused();
    reportBad(batch);
    if (batch.count > 0) {
      const auto predicted = logits(batch, loader.pipeline());
      const auto targets = targetsTensor(batch.targets, device_);
      loss += torch::nn::functional::cross_entropy(predicted, targets).item<double>() * batch.count;
      wrong += predicted.argmax(1).ne(targets).sum().item<std::int64_t>();
      images += batch.count;
    }
    observer_(ValidationProgress{epoch_, index, batches});
  }
  validSeconds_ = watch.seconds();
  validBatches_ = batches;
  elapsed_ += validSeconds_;
  const auto count = static_cast<double>(images);
  return {loss / count, static_cast<double>(wrong) / count};
}

void Trainer::endEpoch(int stage, const FitPhase& phase, const Validation& validation, double seconds) {
  lastMetrics_ = {{"valid_loss", validation.loss},
                  {"error_rate", validation.error_rate},
                  {"accuracy", 1 - validation.error_rate}};
  EpochEnded event{stage, epoch_, phase.name, smooth_.value(), validation.loss, lastMetrics_, seconds};
  event.metrics.erase("valid_loss");
  ++epoch_;
  observer_(event);
}

void Trainer::reportBad(const Batch& batch) {
  for (const BadSample& bad : batch.bad) {
    if (options_.bad_images == BadImagePolicy::Refuse) {
      throw Error(bad.reason + "\nRemove the file, or let the run pass over bad images (data.bad_images: skip).");
    }
    if (reported_.insert(bad.item).second) observer_(Warning{"left out: " + bad.reason, ""});
  }
}

double Trainer::timeLeft(std::size_t batchesLeft, std::size_t batches) const {
  if (trainTimed_ < 2) return -1;
  const double perBatch = trainSeconds_ / static_cast<double>(trainTimed_);
  const double perValidation =
      validSeconds_ >= 0 ? validSeconds_ : perBatch * kValidationShare * static_cast<double>(validBatches_);
  const int epochsLeft = options_.total_epochs - epoch_ - 1;
  return perBatch * static_cast<double>(batchesLeft + batches * static_cast<std::size_t>(std::max(0, epochsLeft))) +
         perValidation * std::max(1, epochsLeft + 1);
}

}  // namespace panicle
