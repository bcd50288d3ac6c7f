#include "core/train/optimizer_update.h"

#include <algorithm>
#include <cmath>

// A clone of each loop for wider vectors, chosen when the program starts; sanitizers fail on how that works.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PANICLE_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define PANICLE_VECTOR_CLONES
#endif

namespace panicle {
namespace {

constexpr int kLanes = 16;

PANICLE_VECTOR_CLONES
void plain(float* __restrict p, const float* __restrict g, std::int64_t count, const Update& u) {
  const float rate = u.rate * u.gradient_scale;
  for (std::int64_t i = 0; i < count; ++i) p[i] = u.shrink * p[i] - rate * g[i];
}

PANICLE_VECTOR_CLONES
void momentum(float* __restrict p, const float* __restrict g, float* __restrict m, std::int64_t count,
              const Update& u) {
  for (std::int64_t i = 0; i < count; ++i) {
    m[i] = u.momentum * m[i] + u.dampening * (g[i] * u.gradient_scale);
    p[i] = u.shrink * p[i] - u.rate * m[i];
  }
}

PANICLE_VECTOR_CLONES
void average(float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v,
             std::int64_t count, const Update& u) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float gradient = g[i] * u.gradient_scale;
    m[i] = u.momentum * m[i] + u.dampening * gradient;
    v[i] = u.square_momentum * v[i] + u.square_dampening * gradient * gradient;
    p[i] = u.shrink * p[i] - u.rate * m[i];
  }
}

PANICLE_VECTOR_CLONES
void adaptive(float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v,
              std::int64_t count, const Update& u) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float gradient = g[i] * u.gradient_scale;
    m[i] = u.momentum * m[i] + u.dampening * gradient;
    v[i] = u.square_momentum * v[i] + u.square_dampening * gradient * gradient;
    p[i] = u.shrink * p[i] - u.rate * m[i] / (std::sqrt(v[i] * u.square_scale) + u.eps);
  }
}

PANICLE_VECTOR_CLONES
TrustSums averagesAndSums(float* __restrict p, const float* __restrict g, float* __restrict m,
                          float* __restrict v, std::int64_t count, const Update& u) {
  float weights[kLanes] = {}, change[kLanes] = {};
  const auto element = [&](std::int64_t i, int lane) {
    const float gradient = g[i] * u.gradient_scale;
    m[i] = u.momentum * m[i] + u.dampening * gradient;
    v[i] = u.square_momentum * v[i] + u.square_dampening * gradient * gradient;
    p[i] = u.shrink * p[i];
    const float step = u.average_scale * m[i] / (std::sqrt(v[i] * u.square_scale) + u.eps);
    weights[lane] += p[i] * p[i];
    change[lane] += step * step;
  };
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) element(i + lane, lane);
  }
  for (; i < count; ++i) element(i, 0);
  TrustSums sums;
  for (const float sum : weights) sums.weights += sum;
  for (const float sum : change) sums.change += sum;
  return sums;
}

PANICLE_VECTOR_CLONES
void trusted(float* __restrict p, const float* __restrict m, const float* __restrict v, std::int64_t count,
             const Update& u, float rate) {
  for (std::int64_t i = 0; i < count; ++i) p[i] -= rate * m[i] / (std::sqrt(v[i] * u.square_scale) + u.eps);
}

// RAdam's length of the rectified step; 0 while the average of squares is not to be relied on.
double rectification(double squareMomentum, double step) {
  const double power = std::pow(squareMomentum, step);
  const double limit = 2 / (1 - squareMomentum) - 1;
  const double r = limit - 2 * step * power / (1 - power);
  if (r <= 5) return 0;
  return std::sqrt((r - 4) * (r - 2) * limit / ((limit - 4) * (limit - 2) * r));
}

}  // namespace

bool keepsAverage(const OptimizerOptions& options) {
  return options.kind != OptimizerKind::Sgd || options.momentum() != 0;
}

bool keepsSquare(const OptimizerOptions& options) {
  return options.kind != OptimizerKind::Sgd;
}

Update makeUpdate(const OptimizerOptions& options, const UpdateRates& rates) {
  Update update;
  const auto rounded = [](double value) { return static_cast<float>(value); };
  update.shrink = rounded(1 - rates.lr * rates.wd);
  update.gradient_scale = rounded(1 / rates.divisor);
  update.rate = rounded(rates.lr);
  if (options.kind == OptimizerKind::Sgd) {
    if (!keepsAverage(options)) return update;
    update.form = UpdateForm::Momentum;
    update.momentum = rounded(rates.momentum);
    return update;
  }
  const auto step = static_cast<double>(rates.step);
  const double averageScale = 1 / (1 - std::pow(rates.momentum, step));
  update.form = options.kind == OptimizerKind::Lamb ? UpdateForm::Trust : UpdateForm::Adaptive;
  update.momentum = rounded(rates.momentum);
  update.dampening = rounded(1 - rates.momentum);
  update.square_momentum = rounded(options.sqr_mom);
  update.square_dampening = rounded(1 - options.sqr_mom);
  update.square_scale = rounded(1 / (1 - std::pow(options.sqr_mom, step)));
  update.average_scale = rounded(averageScale);
  update.eps = rounded(options.epsilon());
  double length = update.form == UpdateForm::Trust ? rates.lr : rates.lr * averageScale;
  if (options.kind == OptimizerKind::RAdam || options.kind == OptimizerKind::Ranger) {
    const double rectified = rectification(options.sqr_mom, step);
    if (rectified == 0) update.form = UpdateForm::Average;
    if (rectified != 0) length *= rectified;
  }
  update.rate = rounded(length);
  return update;
}

double trustRatio(double weights, double change) {
  if (weights == 0 || change == 0) return 1;
  return std::min(std::sqrt(weights / change), kLargestTrust);
}

void applyUpdate(const UpdateSpan& s, const Update& update) {
  switch (update.form) {
    case UpdateForm::Plain:
      return plain(s.p, s.g, s.count, update);
    case UpdateForm::Momentum:
      return momentum(s.p, s.g, s.m, s.count, update);
    case UpdateForm::Average:
      return average(s.p, s.g, s.m, s.v, s.count, update);
    case UpdateForm::Adaptive:
      return adaptive(s.p, s.g, s.m, s.v, s.count, update);
    case UpdateForm::Trust:
      break;  // in two passes
  }
}

TrustSums applyAverages(const UpdateSpan& s, const Update& update) {
  return averagesAndSums(s.p, s.g, s.m, s.v, s.count, update);
}

void applyTrusted(const UpdateSpan& s, const Update& update, double trust) {
  const auto rate = static_cast<float>(static_cast<double>(update.rate) * update.average_scale * trust);
  trusted(s.p, s.m, s.v, s.count, update, rate);
}

}  // namespace panicle
