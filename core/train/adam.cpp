#include "core/train/adam.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

namespace panicle {
namespace {

constexpr std::int64_t kGrain = 32768;  // elements a thread takes at least

// What one parameter's update needs, rounded once.
struct Coefficients {
  float shrink, momentum, dampening, squareMomentum, squareDampening, squareScale, eps, rate, gradientScale;
};

Coefficients coefficients(const OptimizerOptions& options, double lr, double momentum, bool decay, std::int64_t step, double divisor) {
  const auto steps = static_cast<double>(step);
  const auto f = [](double value) { return static_cast<float>(value); };
  return {f(decay ? 1 - lr * options.wd : 1),
          f(momentum),
          f(1 - momentum),
          f(options.sqr_mom),
          f(1 - options.sqr_mom),
          f(1 / (1 - std::pow(options.sqr_mom, steps))),
          f(options.eps),
          f(lr / (1 - std::pow(momentum, steps))),
          f(1 / divisor)};
}

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
void update(float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v, std::int64_t count,
            const Coefficients& c) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float gradient = g[i] * c.gradientScale;
    m[i] = c.momentum * m[i] + c.dampening * gradient;
    v[i] = c.squareMomentum * v[i] + c.squareDampening * gradient * gradient;
    p[i] = c.shrink * p[i] - c.rate * m[i] / (std::sqrt(v[i] * c.squareScale) + c.eps);
  }
}

}  // namespace

Adam::Adam(std::vector<OptimizedParameter> parameters, OptimizerOptions options)
    : parameters_(std::move(parameters)), states_(parameters_.size()), options_(options) {}

void Adam::zeroGrad() {
  for (auto& parameter : parameters_) parameter.tensor.mutable_grad() = at::Tensor();
}

void Adam::clearState() { states_.assign(parameters_.size(), {}); }

void Adam::step(const StepRates& rates, double divisor) {
  const at::NoGradGuard noGrad;
  std::vector<std::size_t> elsewhere;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& p = parameters_[i].tensor;
    if (!p.requires_grad() || !p.grad().defined()) continue;
    State& state = states_[i];
    if (!state.average.defined()) {
      state.average = at::zeros_like(p);
      state.square = at::zeros_like(p);
    }
    ++state.steps;
    if (p.is_cpu()) {
      stepCpu(i, rates, divisor);
    } else {
      elsewhere.push_back(i);
    }
  }
  if (!elsewhere.empty()) stepForeach(elsewhere, rates, divisor);
}

void Adam::stepCpu(std::size_t index, const StepRates& rates, double divisor) {
  const OptimizedParameter& parameter = parameters_[index];
  State& state = states_[index];
  const Coefficients c = coefficients(options_, rates.lr[parameter.group], rates.momentum, parameter.decay, state.steps, divisor);
  // All four share the parameter's memory order, so that one loop over raw memory is right.
  const at::Tensor& p = parameter.tensor;
  at::Tensor g = p.grad();
  if (g.strides() != p.strides()) g = at::empty_like(p).copy_(g);
  float* const pp = p.data_ptr<float>();
  const float* const gp = g.data_ptr<float>();
  float* const mp = state.average.data_ptr<float>();
  float* const vp = state.square.data_ptr<float>();
  at::parallel_for(0, p.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    update(pp + begin, gp + begin, mp + begin, vp + begin, end - begin, c);
  });
}

void Adam::stepForeach(const std::vector<std::size_t>& indices, const StepRates& rates, double divisor) {
  // Multi-tensor operations take one scalar a call: parameters that share rate, decay and step count go together.
  struct Bucket {
    Coefficients c;
    std::vector<at::Tensor> p, g, m, v;
  };
  std::vector<Bucket> buckets;
  std::vector<std::tuple<std::size_t, bool, std::int64_t>> keys;
  for (const std::size_t i : indices) {
    const OptimizedParameter& parameter = parameters_[i];
    const std::tuple key(parameter.group, parameter.decay, states_[i].steps);
    std::size_t k = 0;
    while (k < keys.size() && keys[k] != key) ++k;
    if (k == keys.size()) {
      keys.push_back(key);
      buckets.push_back({coefficients(options_, rates.lr[parameter.group], rates.momentum, parameter.decay, states_[i].steps, divisor),
                         {}, {}, {}, {}});
    }
    buckets[k].p.push_back(parameter.tensor);
    buckets[k].g.push_back(parameter.tensor.grad());
    buckets[k].m.push_back(states_[i].average);
    buckets[k].v.push_back(states_[i].square);
  }
  for (Bucket& b : buckets) {
    if (b.c.gradientScale != 1) at::_foreach_mul_(b.g, b.c.gradientScale);
    if (b.c.shrink != 1) at::_foreach_mul_(b.p, b.c.shrink);
    at::_foreach_mul_(b.m, b.c.momentum);
    at::_foreach_add_(b.m, b.g, b.c.dampening);
    at::_foreach_mul_(b.v, b.c.squareMomentum);
    at::_foreach_addcmul_(b.v, b.g, b.g, b.c.squareDampening);
    auto denominator = at::_foreach_mul(b.v, b.c.squareScale);
    at::_foreach_sqrt_(denominator);
    at::_foreach_add_(denominator, b.c.eps);
    at::_foreach_addcdiv_(b.p, b.m, denominator, -b.c.rate);
  }
}

}  // namespace panicle
