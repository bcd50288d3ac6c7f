#include "core/train/time_left.h"

#include <algorithm>
#include <utility>

namespace panicle {
namespace {

// The first batches of a run pay for caches and memory: they say nothing of the others.
constexpr std::size_t kWarmUpBatches = 2;
// An epoch's own speed counts once this share of it is done; until then the epoch's before it does.
constexpr double kTellingShare = 0.2;
// Of a training step: forward one part, the way back through the activations one, the gradients of the weights one. With the
// body frozen the last is left out, in validation both are.
constexpr double kFrozenShare = 2.0 / 3;
constexpr double kValidationShare = 1.0 / 3;

}  // namespace

void TimeLeft::Cost::add(std::size_t count, double took) {
  images += count;
  seconds += took;
}

void TimeLeft::Cost::beginEpoch() {
  if (images > 0) before = seconds / static_cast<double>(images);
  images = 0;
  seconds = 0;
}

std::optional<double> TimeLeft::Cost::perImage() const {
  if (images > 0) return seconds / static_cast<double>(images);
  return before;
}

TimeLeft::TimeLeft(TimePlan plan) : plan_(std::move(plan)), costs_(plan_.fits.size()), warmUp_(kWarmUpBatches) {}

void TimeLeft::beginEpoch(std::size_t fit) {
  if (fit >= costs_.size()) {
    unplanned_ = true;
    costs_.resize(fit + 1);
    plan_.fits.resize(fit + 1);
  }
  current_ = fit;
  inEpoch_ = true;
  trainedImages_ = 0;
  validatedImages_ = 0;
  costs_[fit].train.beginEpoch();
  costs_[fit].valid.beginEpoch();
}

void TimeLeft::trained(std::size_t images, double seconds) {
  trainedImages_ += images;
  if (warmUp_ > 0) {
    --warmUp_;
    return;
  }
  costs_[current_].train.add(images, seconds);
}

void TimeLeft::validated(std::size_t images, double seconds) {
  validatedImages_ += images;
  costs_[current_].valid.add(images, seconds);
}

void TimeLeft::endEpoch() {
  inEpoch_ = false;
  ++costs_[current_].epochs;
}

void TimeLeft::endFit() {
  costs_[current_].over = true;
}

std::optional<double> TimeLeft::trainCost(std::size_t fit) const {
  const PlannedFit& wanted = plan_.fits[fit];
  const Cost& own = costs_[fit].train;
  if (const bool young = static_cast<double>(own.images) < kTellingShare * static_cast<double>(wanted.train_images); young && own.before)
    return own.before;
  if (const auto cost = own.perImage()) return cost;
  // The newest fit that froze the same comes first, then the newest of all.
  std::optional<double> nearest;
  bool nearestSame = false;
  for (std::size_t other = 0; other < plan_.fits.size(); ++other) {
    const PlannedFit& seen = plan_.fits[other];
    const auto cost = costs_[other].train.perImage();
    const bool same = seen.frozen == wanted.frozen;
    if (!cost || (nearestSame && !same)) continue;
    nearestSame = same;
    nearest = *cost * wanted.pixels / seen.pixels;
    if (!same) *nearest *= wanted.frozen ? kFrozenShare : 1 / kFrozenShare;
  }
  return nearest;
}

std::optional<double> TimeLeft::validCost(std::size_t fit) const {
  if (const auto cost = costs_[fit].valid.perImage()) return cost;
  const PlannedFit& wanted = plan_.fits[fit];
  std::optional<double> nearest;
  for (std::size_t other = 0; other < plan_.fits.size(); ++other) {
    if (const auto cost = costs_[other].valid.perImage()) nearest = *cost * wanted.pixels / plan_.fits[other].pixels;
  }
  if (nearest) return nearest;
  const auto training = trainCost(fit);
  if (!training) return std::nullopt;
  return *training * kValidationShare / (wanted.frozen ? kFrozenShare : 1);
}

double TimeLeft::seconds() const {
  if (unplanned_) return -1;
  double total = 0;
  for (std::size_t fit = 0; fit < plan_.fits.size(); ++fit) {
    const PlannedFit& planned = plan_.fits[fit];
    const int epochs = costs_[fit].over ? 0 : planned.epochs - costs_[fit].epochs;
    if (epochs <= 0) continue;
    const auto train = trainCost(fit), valid = validCost(fit);
    if (!train || !valid) return -1;
    const bool begun = inEpoch_ && fit == current_;
    const auto images = static_cast<double>(epochs) * static_cast<double>(planned.train_images) -
                        static_cast<double>(begun ? std::min(trainedImages_, planned.train_images) : 0);
    const auto validImages = static_cast<double>(epochs) * static_cast<double>(planned.valid_images) -
                             static_cast<double>(begun ? std::min(validatedImages_, planned.valid_images) : 0);
    total += images * *train + validImages * *valid;
  }
  if (plan_.predicted_images > 0 && !plan_.fits.empty()) {
    const auto cost = validCost(plan_.fits.size() - 1);
    if (!cost) return -1;
    total += *cost * static_cast<double>(plan_.predicted_images);
  }
  return total;
}

Json TimeLeft::state() const {
  const auto cost = [](const Cost& of) {
    return Json{{"images", of.images}, {"seconds", of.seconds}, {"before", of.before ? Json(*of.before) : Json(nullptr)}};
  };
  Json fits = Json::array();
  for (const FitCost& fit : costs_) {
    fits.push_back({{"train", cost(fit.train)}, {"valid", cost(fit.valid)}, {"epochs", fit.epochs}, {"over", fit.over}});
  }
  return {{"fits", fits},
          {"current", current_},
          {"in_epoch", inEpoch_},
          {"warm_up", warmUp_},
          {"trained", trainedImages_},
          {"validated", validatedImages_}};
}

void TimeLeft::setState(const Json& state) {
  const auto cost = [](const Json& json) {
    Cost of{.images = json.at("images").get<std::size_t>(), .seconds = json.at("seconds").get<double>(), .before = std::nullopt};
    if (const Json& before = json.at("before"); !before.is_null()) of.before = before.get<double>();
    return of;
  };
  const Json& fits = state.at("fits");
  if (fits.size() > costs_.size()) {  // of a training without a plan
    unplanned_ = true;
    costs_.resize(fits.size());
    plan_.fits.resize(fits.size());
  }
  for (std::size_t i = 0; i < fits.size(); ++i) {
    costs_[i] = {.train = cost(fits[i].at("train")),
                 .valid = cost(fits[i].at("valid")),
                 .epochs = fits[i].at("epochs").get<int>(),
                 .over = fits[i].at("over").get<bool>()};
  }
  current_ = state.at("current").get<std::size_t>();
  inEpoch_ = state.at("in_epoch").get<bool>();
  warmUp_ = state.at("warm_up").get<std::size_t>();
  trainedImages_ = state.at("trained").get<std::size_t>();
  validatedImages_ = state.at("validated").get<std::size_t>();
}

}  // namespace panicle
