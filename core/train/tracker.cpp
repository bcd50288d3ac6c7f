#include "core/train/tracker.h"

#include <cmath>
#include <limits>
#include <utility>

#include "core/train/metrics.h"

namespace panicle {

Tracker::Tracker(std::string monitor, double min_delta)
    : monitor_(std::move(monitor)), minDelta_(min_delta), smaller_(smallerIsBetter(monitor_)) {
  beginFit();
}

void Tracker::beginFit() {
  best_ = (smaller_ ? 1 : -1) * std::numeric_limits<double>::infinity();
  since_ = 0;
}

bool Tracker::improves(const std::map<std::string, double>& values) {
  const auto found = values.find(monitor_);
  const bool better =
      found != values.end() && (smaller_ ? found->second + minDelta_ < best_ : found->second - minDelta_ > best_);
  if (better) best_ = found->second;
  since_ = better ? 0 : since_ + 1;
  return better;
}

// JSON has no infinity, which is what the best is before the first epoch: null.
Json Tracker::state() const {
  return {{"best", std::isfinite(best_) ? Json(best_) : Json(nullptr)}, {"since", since_}};
}

void Tracker::setState(const Json& state) {
  beginFit();
  if (const Json& best = state.at("best"); !best.is_null()) best_ = best.get<double>();
  since_ = state.at("since").get<int>();
}

namespace {

template <typename Options>
std::optional<Tracker> trackerOf(const std::optional<Options>& options) {
  if (!options) return std::nullopt;
  return Tracker(options->monitor, options->min_delta);
}

std::string epochsWithout(const Tracker& tracker) {
  const int epochs = tracker.epochsSince();
  return tracker.monitor() + " has not improved for " + std::to_string(epochs) + (epochs == 1 ? " epoch" : " epochs");
}

}  // namespace

FitWatch::FitWatch(const CallbackOptions& options)
    : options_(options),
      best_(trackerOf(options.keep_best)),
      stopping_(trackerOf(options.early_stopping)),
      plateau_(trackerOf(options.reduce_lr)) {}

void FitWatch::beginFit() {
  for (auto* tracker : {&best_, &stopping_, &plateau_}) {
    if (*tracker) (*tracker)->beginFit();
  }
}

Json FitWatch::state() const {
  const auto of = [](const std::optional<Tracker>& tracker) { return tracker ? tracker->state() : Json(nullptr); };
  return {{"best", of(best_)}, {"stopping", of(stopping_)}, {"plateau", of(plateau_)}};
}

void FitWatch::setState(const Json& state) {
  if (best_) best_->setState(state.at("best"));
  if (stopping_) stopping_->setState(state.at("stopping"));
  if (plateau_) plateau_->setState(state.at("plateau"));
}

FitWatch::Verdict FitWatch::afterEpoch(const std::map<std::string, double>& values) {
  Verdict verdict;
  verdict.keep = best_ && best_->improves(values);
  if (stopping_ && !stopping_->improves(values) && stopping_->epochsSince() >= options_.early_stopping->patience) {
    verdict.stop = true;
    verdict.notes.push_back("stopped early: " + epochsWithout(*stopping_));
  }
  if (plateau_ && !plateau_->improves(values) && plateau_->epochsSince() >= options_.reduce_lr->patience) {
    verdict.reduce = true;
    verdict.notes.push_back("learning rate reduced: " + epochsWithout(*plateau_));
    plateau_->forgive();
  }
  return verdict;
}

}  // namespace panicle
