#include "core/train/trainer.h"

#include <chrono>
#include <cmath>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/loader/batch_tensor.h"
#include "core/models/autocast.h"
#include "core/transforms/mix_torch.h"

namespace panicle {
namespace {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Puts the moving average into the model while it lives; nothing where there is none.
class AverageInPlace {
 public:
  explicit AverageInPlace(std::optional<WeightAverage>& average) : average_(average) {
    if (average_) average_->swap();
  }
  ~AverageInPlace() {
    if (average_) average_->swap();
  }
  AverageInPlace(const AverageInPlace&) = delete;
  AverageInPlace& operator=(const AverageInPlace&) = delete;

 private:
  std::optional<WeightAverage>& average_;
};

GradientOptions gradientOptions(const TrainerOptions& options) {
  return {.fidelity = options.fidelity, .clip = options.callbacks.grad_clip, .scaled = options.precision == Precision::Fp16};
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

Trainer::Trainer(std::shared_ptr<Classifier> model, torch::Device device, std::shared_ptr<const std::vector<TargetColumn>> targets,
                 TrainerOptions options, TrainControl& control, TrainObserver observer)
    : model_(std::move(model)),
      device_(device),
      targets_(std::move(targets)),
      options_(std::move(options)),
      control_(control),
      observer_(std::move(observer)),
      groups_(model_->parameterGroups().size()),
      steps_(optimizedParameters(*model_), options_.optimizer, gradientOptions(options_)),
      watch_(options_.callbacks),
      timeLeft_(options_.plan) {
  if (options_.callbacks.ema_decay) average_.emplace(*model_, *options_.callbacks.ema_decay);
}

FitEnd Trainer::fit(const StageFit& stage, Loader& loader, const FitData& data, const std::vector<Sample>& samples) {
  const Objective objective(targets_, stage.loss, data.train, device_);
  for (const FitPhase& phase : stage.phases) {
    const FitEnd end = fitPhase(stage, phase, objective, loader, data, samples);
    endFit();
    if (end == FitEnd::StoppedAfterEpoch) return end;
  }
  return FitEnd::Done;
}

FitEnd Trainer::fitPhase(const StageFit& stage, const FitPhase& phase, const Objective& objective, Loader& loader, const FitData& data,
                         const std::vector<Sample>& samples) {
  freeze(phase.frozen_groups);
  loader.begin(trainPass(stage, data, epoch_));
  steps_.beginFit(phase, stage.batch, loader.batchCount());
  watch_.beginFit();
  for (int epoch = 0; epoch < phase.epochs; ++epoch) {
    const Stopwatch watch;
    paused_ = 0;
    if (epoch > 0) loader.begin(trainPass(stage, data, epoch_));
    steps_.beginEpoch(epoch);
    timeLeft_.beginEpoch(fit_);
    trainEpoch(stage, objective, loader, samples);
    const AverageInPlace average(average_);
    const Validation validation = validate(stage, objective, loader, data, samples);
    timeLeft_.endEpoch();
    const EpochEnded ended = epochEnded(stage.stage, phase, validation, watch.seconds() - paused_);
    const bool stop = endEpoch(ended);
    observer_(ended);
    if (control_.stopAfterEpochRequested()) return FitEnd::StoppedAfterEpoch;
    if (stop) break;
  }
  return FitEnd::Done;
}

void Trainer::freeze(std::size_t groups) {
  if (groups == frozenGroups_) return;
  frozenGroups_ = groups;
  model_->setFrozen(groups > 0);
  steps_.optimizer().clearState();
}

void Trainer::endFit() {
  timeLeft_.endFit();
  ++fit_;
  if (takeBest() && average_) average_->restart();
}

bool Trainer::takeBest() {
  if (!std::exchange(hasBest_, false)) return false;
  best_->restore();
  lastMetrics_ = bestMetrics_;
  return true;
}

void Trainer::settle() {
  if (!takeBest() && average_) average_->swap();
  average_.reset();
}

Pass Trainer::trainPass(const StageFit& stage, const FitData& data, int epoch) const {
  const auto small = options_.fidelity == Fidelity::Fastai ? SmallSet::LeaveOut : SmallSet::Train;
  return trainingPass(data.train, options_.seed, static_cast<std::uint64_t>(epoch), stage.batch.size, small);
}

void Trainer::trainEpoch(const StageFit& stage, const Objective& objective, Loader& loader, const std::vector<Sample>& samples) {
  model_->train();
  const std::size_t batches = loader.batchCount();
  skippedInEpoch_ = 0;
  Batch batch;
  for (std::size_t index = 1; index <= batches; ++index) {
    waitWhilePaused();
    const Stopwatch watch;
    if (!loader.next(batch, control_.token())) break;
    reportBad(batch);
    takeChange();
    if (batch.count < 2) {  // batch norm needs two values; only bad images make a batch this small
      steps_.pass(index == batches);
      continue;
    }
    const torch::Tensor loss =
        lossOf(batch, index, stage, objective, loader.pipeline(), static_cast<std::uint64_t>(epoch_), step_);
    const StepReport report = steps_.take(loss, static_cast<std::size_t>(batch.count), index == batches);
    if (!std::isfinite(report.loss)) failNotFinite(batch, samples, "in epoch " + std::to_string(epoch_ + 1));
    if (report.stepped && average_) average_->update();
    skippedInEpoch_ += report.skipped;
    skipped_ += report.skipped;
    ++step_;
    const double seconds = watch.seconds();
    elapsed_ += seconds;
    timeLeft_.trained(static_cast<std::size_t>(batch.count), seconds);
    observer_(BatchEnded{epoch_, step_, index, batches, report.loss, report.smooth_loss, report.rates.lr.back(),
                         *report.rates.momentum, elapsed_, timeLeft_.seconds()});
    if (control_.token().stop_requested()) throw Cancelled();
  }
}

void Trainer::waitWhilePaused() {
  const Stopwatch watch;
  control_.waitWhilePaused();
  paused_ += watch.seconds();
}

void Trainer::takeChange() {
  const auto change = control_.takeChange();
  if (!change) return;
  steps_.change(*change);
  observer_(RatesChanged{epoch_, step_ + 1, change->lr_scale, steps_.optimizer().weightDecay()});
}

torch::Tensor Trainer::logits(const torch::Tensor& images) {
  const Autocast autocast(device_, options_.precision);
  return model_->forward(images).to(torch::kFloat32);
}

torch::Tensor Trainer::lossOf(const Batch& batch, std::size_t index, const StageFit& stage, const Objective& objective,
                              const Pipeline& pipeline, std::uint64_t epoch, std::uint64_t step) {
  model_->seedDropout(streamSeed(options_.seed, "dropout", epoch, step));
  torch::Tensor images = batchTensor(batch, pipeline, device_);
  if (!stage.mix) return objective.loss(logits(images), batch.items);
  const MixDraw mix = drawMix(*stage.mix, static_cast<std::size_t>(batch.count), batch.size,
                              RandomStream(options_.seed, "mix", epoch, index));
  images = applyMix(images, mix);
  return objective.loss(logits(images), batch.items, &mix);
}

Trainer::Validation Trainer::validate(const StageFit& stage, const Objective& objective, Loader& loader, const FitData& data,
                                      const std::vector<Sample>& samples) {
  const torch::NoGradGuard noGrad;
  model_->eval();
  loader.begin({data.valid, stage.batch.size, false, Mode::Valid, static_cast<std::uint64_t>(epoch_)});
  const std::size_t batches = loader.batchCount();
  MetricTable table(options_.metrics, targets_);
  Batch batch;
  double loss = 0;
  std::int64_t images = 0;
  for (std::size_t index = 1; index <= batches; ++index) {
    waitWhilePaused();
    const Stopwatch watch;
    if (!loader.next(batch, control_.token())) break;
    reportBad(batch);
    if (batch.count > 0) {
      const torch::Tensor predicted = logits(batchTensor(batch, loader.pipeline(), device_));
      const double mean = objective.loss(predicted, batch.items).item<double>();
      // The last step has spoilt the weights: what was saved before it must not be replaced.
      if (!std::isfinite(mean)) failNotFinite(batch, samples, "in the validation of epoch " + std::to_string(epoch_ + 1));
      loss += mean * batch.count;
      table.add(predicted, batch.items);
      images += batch.count;
    }
    const double seconds = watch.seconds();
    elapsed_ += seconds;
    timeLeft_.validated(static_cast<std::size_t>(batch.count), seconds);
    observer_(ValidationProgress{epoch_, index, batches});
  }
  return {loss / static_cast<double>(images), table.values()};
}

EpochEnded Trainer::epochEnded(int stage, const FitPhase& phase, const Validation& validation, double seconds) {
  EpochEnded ended{stage, epoch_, phase.name, steps_.smoothLoss(), validation.loss, validation.metrics, seconds, skippedInEpoch_};
  ++epoch_;
  lastMetrics_ = validation.metrics;
  lastMetrics_["valid_loss"] = validation.loss;
  return ended;
}

// Whether the fit ends here.
bool Trainer::endEpoch(const EpochEnded& ended) {
  std::map<std::string, double> values = ended.metrics;
  values["valid_loss"] = ended.valid_loss;
  values["train_loss"] = ended.train_loss;
  const FitWatch::Verdict verdict = watch_.afterEpoch(values);
  keepsEpoch_ = verdict.keep || !options_.callbacks.keep_best;
  if (verdict.keep) {
    if (best_) best_->take();
    else best_.emplace(*model_);
    hasBest_ = true;
    bestMetrics_ = lastMetrics_;
  }
  if (verdict.reduce) {
    steps_.reduce(options_.callbacks.reduce_lr->factor, options_.callbacks.reduce_lr->min_lr);
  }
  for (const std::string& note : verdict.notes) observer_(Warning{note, ""});
  return verdict.stop;
}

void Trainer::reportBad(const Batch& batch) {
  for (const BadSample& bad : batch.bad) {
    if (options_.bad_images == BadImagePolicy::Refuse) {
      throw Error(bad.reason + "\nRemove the file, or let the run pass over bad images (data.bad_images: skip).");
    }
    if (reported_.insert(bad.item).second) observer_(Warning{"left out: " + bad.reason, ""});
  }
}

void Trainer::failNotFinite(const Batch& batch, const std::vector<Sample>& samples, const std::string& when) {
  std::string files;
  for (const std::uint32_t item : batch.items) files += "\n  " + samples[item].file.string();
  throw Error("the loss is not a finite number " + when + "; lower the learning rate. The batch held:" + files);
}

}  // namespace panicle
