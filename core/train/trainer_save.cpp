// A training's state, into a checkpoint and out of it.
#include "core/base/error.h"
#include "core/train/trainer.h"

namespace panicle {
namespace {

constexpr const char* kModel = "model.";
constexpr const char* kAverage = "average.";
constexpr const char* kBest = "best.";

}  // namespace

TrainerState Trainer::saveState() const {
  TrainerState state;
  state.numbers = {{"stage", place_.stage},
                   {"phase", place_.phase},
                   {"epoch_of_phase", place_.epoch},
                   {"batch", place_.batch},
                   {"fit", fit_},
                   {"epoch", epoch_},
                   {"step", step_},
                   {"skipped", skipped_},
                   {"skipped_in_epoch", skippedInEpoch_},
                   {"frozen_groups", frozenGroups_},
                   {"reported", reported_},
                   {"elapsed", elapsed_},
                   {"epoch_seconds", epochSeconds()},
                   {"keeps_epoch", keepsEpoch_},
                   {"last_metrics", lastMetrics_},
                   {"average", average_.has_value()},
                   {"best_metrics", hasBest_ ? Json(bestMetrics_) : Json(nullptr)},
                   {"watch", watch_.state()},
                   {"time_left", timeLeft_.state()}};
  state.add(kModel, model_->stateDict());
  steps_.save(state);
  state.numbers["steps"]["pieces"] = pieces_.pieces();
  if (average_) state.add(kAverage, average_->average());
  if (hasBest_) state.add(kBest, best_->kept());
  return state;
}

void Trainer::restoreState(const TrainerState& state) {
  const Json& numbers = state.numbers;
  const StoredTensors tensors(state);
  place_ = {.stage = numbers.at("stage").get<int>(),
            .phase = numbers.at("phase").get<std::size_t>(),
            .epoch = numbers.at("epoch_of_phase").get<int>(),
            .batch = numbers.at("batch").get<std::size_t>()};
  fit_ = numbers.at("fit").get<std::size_t>();
  epoch_ = numbers.at("epoch").get<int>();
  step_ = numbers.at("step").get<std::uint64_t>();
  skipped_ = numbers.at("skipped").get<std::uint64_t>();
  skippedInEpoch_ = numbers.at("skipped_in_epoch").get<std::uint64_t>();
  reported_ = numbers.at("reported").get<std::set<std::uint32_t>>();
  elapsed_ = numbers.at("elapsed").get<double>();
  paused_ = 0;
  epochBegan_ = std::chrono::steady_clock::now() - std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                       std::chrono::duration<double>(numbers.at("epoch_seconds").get<double>()));
  keepsEpoch_ = numbers.at("keeps_epoch").get<bool>();
  lastMetrics_ = numbersOf(numbers.at("last_metrics"));
  watch_.setState(numbers.at("watch"));
  timeLeft_.setState(numbers.at("time_left"));
  frozenGroups_ = numbers.at("frozen_groups").get<std::size_t>();
  model_->setFrozen(frozenGroups_ > 0);
  tensors.copyTo(kModel, model_->stateDict());
  steps_.load(state, tensors);
  if (numbers.at("average").get<bool>() != average_.has_value()) throw Error("the checkpoint is of a run with another callbacks.ema_decay");
  if (average_) tensors.copyTo(kAverage, average_->average());
  hasBest_ = !numbers.at("best_metrics").is_null();
  if (hasBest_) {
    bestMetrics_ = numbersOf(numbers.at("best_metrics"));
    best_.emplace(*model_);
    tensors.copyTo(kBest, best_->kept());
  }
  resumed_ = numbers.at("steps");
}

}  // namespace panicle
