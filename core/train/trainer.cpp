#include "core/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/loader/batch_piece.h"
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
      pieces_(model_, device_, options_.split_batches && options_.fidelity == Fidelity::Default),
      validated_(device_),
      watch_(options_.callbacks),
      timeLeft_(options_.plan) {
  if (options_.callbacks.ema_decay) average_.emplace(*model_, *options_.callbacks.ema_decay);
}

FitEnd Trainer::fit(const StageFit& stage, Loader& loader, const FitData& data, const std::vector<Sample>& samples) {
  const Objective objective(targets_, stage.loss, data.train, device_);
  pieces_.beginStage(resumed_ ? resumed_->at("pieces").get<int>() : 1);
  if (!resumed_) place_ = {.stage = stage.stage};
  while (place_.phase < stage.phases.size()) {
    const FitEnd end = fitPhase(stage, stage.phases[place_.phase], objective, loader, data, samples);
    if (end == FitEnd::StoppedAfterEpoch) return end;
  }
  resumed_.reset();
  return FitEnd::Done;
}

FitEnd Trainer::fitPhase(const StageFit& stage, const FitPhase& phase, const Objective& objective, Loader& loader, const FitData& data,
                         const std::vector<Sample>& samples) {
  bool over = false;
  while (!over) {
    try {
      beginEpoch(stage, phase, loader, data);
      over = fitEpoch(stage, phase, objective, loader, data, samples);
    } catch (const Cancelled&) {
      tellBoundary(Boundary::Stop);
      throw;
    }
    ++place_.epoch;
    place_.batch = 0;
    if (over) {
      endFit();
      ++place_.phase;
      place_.epoch = 0;
    }
    const bool stopped = control_.stopAfterEpochRequested();
    tellBoundary(stopped ? Boundary::Stop : Boundary::Epoch);
    if (stopped) return FitEnd::StoppedAfterEpoch;
  }
  return FitEnd::Done;
}

// Of a training that was restored within an epoch, what is left of it.
void Trainer::beginEpoch(const StageFit& stage, const FitPhase& phase, Loader& loader, const FitData& data) {
  const bool begins = place_.epoch == 0 && place_.batch == 0;
  if (begins) freeze(phase.frozen_groups);
  Pass pass = trainPass(stage, data, epoch_);
  pass.first_batch = place_.batch;
  loader.begin(std::move(pass));
  const std::optional<Json> resumed = std::exchange(resumed_, std::nullopt);
  if (begins || resumed) steps_.beginFit(phase, stage.batch, loader.batchCount());
  if (begins) {
    watch_.beginFit();
  } else if (resumed) {
    steps_.goOn(*resumed);
  }
  if (place_.batch > 0) return;
  epochBegan_ = std::chrono::steady_clock::now();
  paused_ = 0;
  skippedInEpoch_ = 0;
  steps_.beginEpoch(place_.epoch);
  timeLeft_.beginEpoch(fit_);
}

bool Trainer::fitEpoch(const StageFit& stage, const FitPhase& phase, const Objective& objective, Loader& loader, const FitData& data,
                       const std::vector<Sample>& samples) {
  trainEpoch(stage, objective, loader, samples);
  for (;;) {
    pauseWhenAsked();  // not in the validation: the state is to be kept with the weights that learn
    const AverageInPlace average(average_);
    const std::optional<Validation> validation = validate(stage, objective, loader, data, samples);
    if (!validation) continue;
    timeLeft_.endEpoch();
    const EpochEnded ended = epochEnded(stage.stage, phase, *validation, epochSeconds());
    const bool stop = endEpoch(ended);
    observer_(ended);
    return stop || place_.epoch + 1 == phase.epochs;
  }
}

void Trainer::tellBoundary(Boundary boundary) {
  if (options_.on_boundary && steps_.settled()) options_.on_boundary(boundary);
}

double Trainer::epochSeconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - epochBegan_).count() - paused_;
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

bool Trainer::settle() {
  const bool best = takeBest();
  if (!best && average_) average_->swap();
  average_.reset();
  return best || (place_.batch == 0 && !lastMetrics_.empty());
}

Pass Trainer::trainPass(const StageFit& stage, const FitData& data, int epoch) const {
  const auto small = options_.fidelity == Fidelity::Fastai ? SmallSet::LeaveOut : SmallSet::Train;
  return trainingPass(data.train, options_.seed, static_cast<std::uint64_t>(epoch), stage.batch.size, small);
}

void Trainer::trainEpoch(const StageFit& stage, const Objective& objective, Loader& loader, const std::vector<Sample>& samples) {
  model_->train();
  const std::size_t batches = loader.batchCount();
  GatheredBatch gathered;
  Batch& batch = gathered.batch;
  for (std::size_t index = place_.batch + 1; index <= batches; ++index) {
    pauseWhenAsked();
    const Stopwatch watch;
    if (!loader.next(batch, control_.token())) break;
    reportBad(batch);
    takeChange();
    if (batch.count < 2) {  // batch norm needs two values; only bad images make a batch this small
      steps_.pass(index == batches);
      if (steps_.settled()) pieces_.forget();
      place_.batch = index;
      continue;
    }
    gathered.index = index;
    gathered.epoch = static_cast<std::uint64_t>(epoch_);
    gathered.step = step_;
    const int pieces = pieces_.pieces(), images = batch.count;
    const auto goBack = [&](const GatheredBatch& one, int parts) { return this->goBack(one, parts, stage, objective, loader.pipeline()); };
    const float loss = pieces_.take(gathered, goBack, [this] { steps_.forget(); });
    if (pieces_.pieces() > pieces) tellSplit(stage.stage, images);
    const StepReport report = steps_.close(loss, static_cast<std::size_t>(images), index == batches);
    if (!std::isfinite(report.loss)) failNotFinite(batch, samples, "in epoch " + std::to_string(epoch_ + 1));
    if (report.stepped && average_) average_->update();
    skippedInEpoch_ += report.skipped;
    skipped_ += report.skipped;
    ++step_;
    const double seconds = watch.seconds();
    elapsed_ += seconds;
    timeLeft_.trained(static_cast<std::size_t>(images), seconds);
    pieces_.taken(std::move(gathered), steps_.settled());
    observer_(BatchEnded{epoch_, step_, index, batches, report.loss, report.smooth_loss, report.rates.lr.back(),
                         *report.rates.momentum, elapsed_, timeLeft_.seconds()});
    place_.batch = index;
    if (control_.token().stop_requested()) throw Cancelled();
    tellBoundary(Boundary::Batch);
  }
}

bool Trainer::waitWhilePaused() {
  const Stopwatch watch;
  control_.waitWhilePaused();
  while (!options_.on_boundary && control_.freesDevice()) {  // nobody is there who could free it
    control_.keepDevice();
    control_.waitWhilePaused();
  }
  paused_ += watch.seconds();
  return control_.freesDevice() && options_.on_boundary && steps_.settled();
}

void Trainer::pauseWhenAsked() {
  while (waitWhilePaused()) tellBoundary(Boundary::Free);
}

void Trainer::takeChange() {
  auto change = control_.takeChange();
  while (nextChange_ < options_.changes.size() && options_.changes[nextChange_].step <= step_ + 1) {
    const PlannedChange& planned = options_.changes[nextChange_++];
    if (!change && planned.step == step_ + 1) change = planned.change;
  }
  if (!change) return;
  steps_.change(*change);
  observer_(RatesChanged{epoch_, step_ + 1, change->lr_scale, steps_.optimizer().weightDecay()});
}

torch::Tensor Trainer::logits(const torch::Tensor& images) {
  const Autocast autocast(device_, options_.precision);
  return model_->forward(images).to(torch::kFloat32);
}

torch::Tensor Trainer::logitsByPieces(const Batch& batch, const Pipeline& pipeline) {
  const int pieces = validated_.pieces();
  torch::Tensor all = validated_(batch.count, [&](int first, int count) {
    if (count == batch.count) return logits(batchTensor(batch, pipeline, device_));
    const Batch piece = pieceOf(batch, first, count);
    return logits(batchTensor(piece, pipeline, device_));
  });
  if (validated_.pieces() > pieces)
    observer_(Warning{"out of memory in validation: batches go through in " + std::to_string(validated_.pieces()) + " pieces from here", ""});
  return all;
}

float Trainer::goBack(const GatheredBatch& gathered, int pieces, const StageFit& stage, const Objective& objective,
                      const Pipeline& pipeline) {
  const Batch& batch = gathered.batch;
  const auto images = static_cast<std::size_t>(batch.count);
  const auto lossOf = [&](const Batch& part, int piece) {
    return this->lossOf(part, gathered.index, stage, objective, pipeline, gathered.epoch, gathered.step, piece);
  };
  pieces = std::clamp(batch.count / StepPieces::kLeastImages, 1, pieces);
  if (pieces == 1) {
    const torch::Tensor loss = lossOf(batch, 0);
    steps_.backward(loss, images, 1);
    return loss.item<float>();
  }
  double mean = 0;
  for (int piece = 0; piece < pieces; ++piece) {
    const int first = batch.count * piece / pieces, end = batch.count * (piece + 1) / pieces;
    const Batch part = pieceOf(batch, first, end - first);
    const double share = static_cast<double>(part.count) / batch.count;
    const torch::Tensor loss = lossOf(part, piece);
    steps_.backward(loss, images, share);
    mean += share * loss.item<double>();
  }
  return static_cast<float>(mean);
}

void Trainer::tellSplit(int stage, int images) {
  const int pieces = pieces_.pieces();
  observer_(BatchesSplit{stage, epoch_, step_ + 1, pieces});
  observer_(Warning{"out of memory with " + std::to_string(images) + " images at once: from step " + std::to_string(step_ + 1) +
                        " on each batch goes through in " + std::to_string(pieces) + " pieces, as with a batch of " +
                        std::to_string((images + pieces - 1) / pieces) + " and " + std::to_string(pieces) + " times the accum",
                    ""});
}

torch::Tensor Trainer::lossOf(const Batch& batch, std::size_t index, const StageFit& stage, const Objective& objective,
                              const Pipeline& pipeline, std::uint64_t epoch, std::uint64_t step, int piece) {
  const std::string own = piece == 0 ? "" : " " + std::to_string(piece);  // of the random streams
  model_->seedDropout(streamSeed(options_.seed, "dropout" + own, epoch, step));
  torch::Tensor images = batchTensor(batch, pipeline, device_);
  if (!stage.mix) return objective.loss(logits(images), batch.items);
  const MixDraw mix = drawMix(*stage.mix, static_cast<std::size_t>(batch.count), batch.size,
                              RandomStream(options_.seed, "mix" + own, epoch, index));
  images = applyMix(images, mix);
  return objective.loss(logits(images), batch.items, &mix);
}

std::optional<Trainer::Validation> Trainer::validate(const StageFit& stage, const Objective& objective, Loader& loader, const FitData& data,
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
    if (waitWhilePaused()) return std::nullopt;
    const Stopwatch watch;
    if (!loader.next(batch, control_.token())) break;
    reportBad(batch);
    if (batch.count > 0) {
      const torch::Tensor predicted = logitsByPieces(batch, loader.pipeline());
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
  return Validation{loss / static_cast<double>(images), table.values()};
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
