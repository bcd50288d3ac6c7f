#include "core/train/fit_steps.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/train/trainer_state.h"

namespace panicle {

FitSteps::FitSteps(std::vector<OptimizedParameter> parameters, const OptimizerOptions& optimizer, const GradientOptions& gradients)
    : optimizer_(std::move(parameters), optimizer, {.frozen_decay = gradients.fidelity == Fidelity::Fastai}),
      gradients_(optimizer_, gradients),
      byBatch_(gradients.fidelity == Fidelity::Fastai) {}

void FitSteps::beginFit(const FitPhase& phase, const BatchOptions& batch, std::size_t batches) {
  phase_ = phase;
  gradients_.beginFit(batch);
  const std::size_t gathered = gradients_.batchesPerStep();
  stepsPerEpoch_ = (batches + gathered - 1) / gathered;
  position_.emplace(phase.epochs, byBatch_ ? batches : stepsPerEpoch_);
  smooth_.reset();
  reduction_ = 1;
}

void FitSteps::beginEpoch(int epoch) {
  position_->beginEpoch(epoch);
}

StepRates FitSteps::rates() const {
  StepRates rates{{}, phase_.momentum(position_->position())};
  for (std::size_t group = 0; group < phase_.lr_max.size(); ++group) {
    const double scheduled = phase_.lr(group, position_->position()) * userScale_;
    rates.lr.push_back(reduction_ == 1 ? scheduled : std::max(scheduled / reduction_, std::min(scheduled, leastRate_)));
  }
  return rates;
}

StepReport FitSteps::take(const at::Tensor& loss, std::size_t images, bool lastOfEpoch) {
  backward(loss, images, 1);
  return close(loss.item<float>(), images, lastOfEpoch);
}

StepReport FitSteps::close(float loss, std::size_t images, bool lastOfEpoch) {
  StepReport report{.rates = rates()};
  const GradientStep::Result result = gradients_.close(loss, images, report.rates, lastOfEpoch);
  report.loss = result.loss;
  report.stepped = result.stepped;
  report.skipped = result.skipped;
  if (!report.rates.momentum) report.rates.momentum = optimizer_.momentum();
  if (!std::isfinite(report.loss)) return report;
  smooth_.add(report.loss);
  report.smooth_loss = smooth_.value();
  moveOn(result.due());
  return report;
}

void FitSteps::pass(bool lastOfEpoch) {
  const bool single = gradients_.batchesPerStep() == 1;
  const bool flushed = lastOfEpoch && gradients_.flush(rates()).due();
  moveOn(single || flushed);
}

void FitSteps::moveOn(bool due) {
  if (byBatch_ || due) position_->advance();
}

void FitSteps::change(const RateChange& change) {
  userScale_ = change.lr_scale;
  if (change.wd) optimizer_.setWeightDecay(*change.wd);
}

void FitSteps::reduce(double factor, double least) {
  if (byBatch_ && phase_.shape != ScheduleKind::Fit) return;  // fastai's other schedules set the rate anew at every step
  reduction_ *= factor;
  leastRate_ = least;
}

void FitSteps::save(TrainerState& state) const {
  optimizer_.save(state);
  state.numbers["steps"] = {{"gradients", gradients_.state()},
                            {"position", position_ ? position_->position() : 0},
                            {"smooth", smooth_.state()},
                            {"user_scale", userScale_},
                            {"reduction", reduction_},
                            {"least_rate", leastRate_}};
}

void FitSteps::load(const TrainerState& state, const StoredTensors& tensors) {
  optimizer_.load(state, tensors);
  userScale_ = state.numbers.at("steps").at("user_scale").get<double>();
}

void FitSteps::goOn(const Json& steps) {
  gradients_.setState(steps.at("gradients"));
  position_->setPosition(steps.at("position").get<double>());
  smooth_.setState(steps.at("smooth"));
  reduction_ = steps.at("reduction").get<double>();
  leastRate_ = steps.at("least_rate").get<double>();
}

}  // namespace panicle
