#include "core/train/loss_scaler.h"

namespace panicle {
namespace {

constexpr double kGrowth = 2, kBackoff = 0.5;
constexpr int kGrowthInterval = 2000;

}  // namespace

void LossScaler::update(bool finite) {
  if (!finite) {
    scale_ *= kBackoff;
    good_ = 0;
  } else if (++good_ == kGrowthInterval) {
    scale_ *= kGrowth;
    good_ = 0;
  }
}

Json LossScaler::state() const {
  return {{"scale", scale_}, {"good", good_}};
}

void LossScaler::setState(const Json& state) {
  scale_ = state.at("scale").get<double>();
  good_ = state.at("good").get<int>();
}

}  // namespace panicle
