#include "core/train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/base/error.h"
#include "core/models/storageless.h"
#include "core/train/optimizer_update.h"
#include "core/train/trainer_state.h"

namespace panicle {
namespace {

// A block of a parameter: what a thread takes at least, and what is summed on its own, so that sums do not
// depend on the threads.
constexpr std::int64_t kBlock = 32768;
constexpr std::int64_t kLookaheadSteps = 6;
constexpr double kLookaheadShare = 0.5;

struct ParameterState {
  at::Tensor average, square;
  at::Tensor slow;  // of ranger: the weights at the last look ahead
  std::int64_t steps = 0;

  ParameterState copy() const {
    const auto clone = [](const at::Tensor& tensor) { return tensor.defined() ? tensor.clone() : tensor; };
    return {clone(average), clone(square), clone(slow), steps};
  }
};

void stepOnCpu(const at::Tensor& p, const ParameterState& state, const Update& update) {
  // All share the parameter's memory order, so that one loop over raw memory is right.
  at::Tensor g = p.grad();
  if (g.strides() != p.strides()) g = at::empty_like(p).copy_(g);
  if (storageless() != Storageless::No) return;
  const auto memory = [](const at::Tensor& tensor) {
    return tensor.defined() ? tensor.data_ptr<float>() : nullptr;
  };
  const UpdateSpan all{memory(p), memory(g), memory(state.average), memory(state.square), p.numel()};
  const auto part = [&all](std::int64_t begin, std::int64_t end) {
    const auto from = [begin](auto* pointer) { return pointer ? pointer + begin : nullptr; };
    return UpdateSpan{from(all.p), from(all.g), from(all.m), from(all.v), end - begin};
  };
  if (update.form != UpdateForm::Trust) {
    at::parallel_for(0, all.count, kBlock,
                     [&](std::int64_t begin, std::int64_t end) { applyUpdate(part(begin, end), update); });
    return;
  }
  std::vector<TrustSums> sums(static_cast<std::size_t>((all.count + kBlock - 1) / kBlock));
  at::parallel_for(0, static_cast<std::int64_t>(sums.size()), 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t block = first; block < last; ++block) {
      const std::int64_t begin = block * kBlock;
      sums[static_cast<std::size_t>(block)] =
          applyAverages(part(begin, std::min(begin + kBlock, all.count)), update);
    }
  });
  TrustSums total;
  for (const TrustSums& sum : sums) {
    total.weights += sum.weights;
    total.change += sum.change;
  }
  const double trust = trustRatio(total.weights, total.change);
  at::parallel_for(0, all.count, kBlock, [&](std::int64_t begin, std::int64_t end) {
    applyTrusted(part(begin, end), update, trust);
  });
}

// Parameters that share all numbers of an update: multi-tensor operations take one scalar a call.
struct Bucket {
  Update update;
  std::vector<at::Tensor> p, g, m, v;

  void step();

 private:
  std::vector<at::Tensor> denominators() const;
  void trustedStep();
};

std::vector<at::Tensor> Bucket::denominators() const {
  auto result = at::_foreach_mul(v, update.square_scale);
  at::_foreach_sqrt_(result);
  at::_foreach_add_(result, update.eps);
  return result;
}

void Bucket::trustedStep() {
  auto change = at::_foreach_div(m, denominators());
  at::_foreach_mul_(change, update.average_scale);
  const at::Tensor weightNorms = at::stack(at::_foreach_norm(p));
  const at::Tensor changeNorms = at::stack(at::_foreach_norm(change));
  const at::Tensor usable = weightNorms.ne(0).logical_and_(changeNorms.ne(0));
  const at::Tensor trust =
      at::where(usable, (weightNorms / changeNorms).clamp_max_(kLargestTrust), at::ones_like(weightNorms));
  for (std::size_t i = 0; i < change.size(); ++i) change[i].mul_(trust[static_cast<std::int64_t>(i)]);
  at::_foreach_add_(p, change, -update.rate);
}

void Bucket::step() {
  if (update.gradient_scale != 1) at::_foreach_mul_(g, update.gradient_scale);
  if (update.shrink != 1) at::_foreach_mul_(p, update.shrink);
  if (update.form == UpdateForm::Plain) return at::_foreach_add_(p, g, -update.rate);
  at::_foreach_mul_(m, update.momentum);
  at::_foreach_add_(m, g, update.dampening);
  if (update.form == UpdateForm::Momentum) return at::_foreach_add_(p, m, -update.rate);
  at::_foreach_mul_(v, update.square_momentum);
  at::_foreach_addcmul_(v, g, g, update.square_dampening);
  if (update.form == UpdateForm::Average) return at::_foreach_add_(p, m, -update.rate);
  if (update.form == UpdateForm::Trust) return trustedStep();
  at::_foreach_addcdiv_(p, m, denominators(), -update.rate);
}

}  // namespace

struct Optimizer::State {
  std::vector<ParameterState> parameters;
  std::int64_t steps = 0;  // of ranger, since the state was cleared
  double momentum = 0;
  double wd = 0;
};

struct Optimizer::Impl {
  std::vector<OptimizedParameter> parameters;
  OptimizerOptions options;
  OptimizerMode mode;
  State state;

  bool takesStep(std::size_t i) const {
    const at::Tensor& p = parameters[i].tensor;
    return p.grad().defined() && (p.requires_grad() || mode.frozen_decay);
  }
  void prepare(std::size_t i);
  UpdateRates ratesOf(std::size_t i, const StepRates& rates, double divisor) const;
  void stepTogether(const std::vector<std::size_t>& indices, const StepRates& rates, double divisor);
  void lookAhead();
};

void Optimizer::Impl::prepare(std::size_t i) {
  const at::Tensor& p = parameters[i].tensor;
  ParameterState& own = state.parameters[i];
  if (keepsAverage(options) && !own.average.defined()) own.average = at::zeros_like(p);
  if (keepsSquare(options) && !own.square.defined()) own.square = at::zeros_like(p);
  // Until its first step a parameter is where it was when the others began.
  if (options.kind == OptimizerKind::Ranger && !own.slow.defined()) own.slow = p.detach().clone();
  ++own.steps;
}

UpdateRates Optimizer::Impl::ratesOf(std::size_t i, const StepRates& rates, double divisor) const {
  const bool decays = parameters[i].decay || options.wd_bn_bias;
  return {.lr = rates.lr[parameters[i].group],
          .momentum = state.momentum,
          .wd = decays ? state.wd : 0,
          .step = state.parameters[i].steps,
          .divisor = divisor};
}

void Optimizer::Impl::stepTogether(const std::vector<std::size_t>& indices, const StepRates& rates,
                                   double divisor) {
  std::vector<Bucket> buckets;
  std::vector<std::tuple<std::size_t, bool, std::int64_t>> keys;
  for (const std::size_t i : indices) {
    const std::tuple key(parameters[i].group, parameters[i].decay, state.parameters[i].steps);
    const auto k = static_cast<std::size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
    if (k == keys.size()) {
      keys.push_back(key);
      buckets.emplace_back().update = makeUpdate(options, ratesOf(i, rates, divisor));
    }
    buckets[k].p.push_back(parameters[i].tensor);
    buckets[k].g.push_back(parameters[i].tensor.grad());
    buckets[k].m.push_back(state.parameters[i].average);
    buckets[k].v.push_back(state.parameters[i].square);
  }
  for (Bucket& bucket : buckets) bucket.step();
}

void Optimizer::Impl::lookAhead() {
  if (options.kind != OptimizerKind::Ranger || ++state.steps % kLookaheadSteps != 0) return;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    at::Tensor& slow = state.parameters[i].slow;
    const bool learns = parameters[i].tensor.requires_grad() || mode.frozen_decay;
    if (!slow.defined() || !learns) continue;
    const at::Tensor weights = parameters[i].tensor.detach();
    slow.add_(weights - slow, kLookaheadShare);
    weights.copy_(slow);
  }
}

Optimizer::Optimizer(std::vector<OptimizedParameter> parameters, OptimizerOptions options, OptimizerMode mode)
    : impl_(std::make_unique<Impl>()) {
  impl_->parameters = std::move(parameters);
  impl_->options = options;
  impl_->mode = mode;
  impl_->state.momentum = options.momentum();
  impl_->state.wd = options.wd;
  clearState();
}

Optimizer::~Optimizer() = default;

void Optimizer::step(const StepRates& rates, double divisor) {
  const at::NoGradGuard noGrad;
  Impl& o = *impl_;
  if (rates.momentum) o.state.momentum = *rates.momentum;
  std::vector<std::size_t> together;
  for (std::size_t i = 0; i < o.parameters.size(); ++i) {
    if (!o.takesStep(i)) continue;
    o.prepare(i);
    if (o.mode.multi_tensor || !o.parameters[i].tensor.is_cpu() || storageless() == Storageless::Cuda) {
      together.push_back(i);
    } else {
      stepOnCpu(o.parameters[i].tensor, o.state.parameters[i],
                makeUpdate(o.options, o.ratesOf(i, rates, divisor)));
    }
  }
  if (!together.empty()) o.stepTogether(together, rates, divisor);
  o.lookAhead();
}

void Optimizer::zeroGrad() {
  const at::NoGradGuard noGrad;
  for (auto& parameter : impl_->parameters) {
    at::Tensor& gradient = parameter.tensor.mutable_grad();
    if (!impl_->mode.frozen_decay) {
      gradient = at::Tensor();
    } else if (gradient.defined()) {
      gradient.zero_();
    }
  }
}

void Optimizer::clearState() {
  impl_->state.parameters.assign(impl_->parameters.size(), {});
  impl_->state.steps = 0;
}

double Optimizer::momentum() const {
  return impl_->state.momentum;
}

void Optimizer::setWeightDecay(double wd) {
  impl_->state.wd = wd;
}

double Optimizer::weightDecay() const {
  return impl_->state.wd;
}

double Optimizer::clipGradients(double max_norm, double divisor) {
  const at::NoGradGuard noGrad;
  std::vector<at::Tensor> gradients;
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i) {
    if (impl_->takesStep(i)) gradients.push_back(impl_->parameters[i].tensor.grad());
  }
  if (gradients.empty()) return 0;
  const double norm = at::stack(at::_foreach_norm(gradients)).norm().item<double>() / divisor;
  constexpr double kTiny = 1e-6;  // torch.nn.utils.clip_grad_norm_'s
  const double scale = max_norm / (norm + kTiny);
  if (std::isfinite(norm) && scale < 1) at::_foreach_mul_(gradients, scale);
  return norm;
}

std::shared_ptr<const Optimizer::State> Optimizer::saveState() const {
  auto copy = std::make_shared<State>(impl_->state);
  for (ParameterState& own : copy->parameters) own = own.copy();
  return copy;
}

void Optimizer::restoreState(const State& state) {
  impl_->state = state;
  for (ParameterState& own : impl_->state.parameters) own = own.copy();
}

namespace {

// A parameter's tensors, and the names under which a checkpoint has them.
template <typename Visit>
void forEachTensor(ParameterState& own, std::size_t parameter, const Visit& visit) {
  const std::string prefix = "optimizer." + std::to_string(parameter) + ".";
  visit("average", prefix + "average", own.average);
  visit("square", prefix + "square", own.square);
  visit("slow", prefix + "slow", own.slow);
}

}  // namespace

void Optimizer::save(TrainerState& state) const {
  Json parameters = Json::array();
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i) {
    ParameterState& own = impl_->state.parameters[i];
    Json row{{"steps", own.steps}, {"gradient", impl_->parameters[i].tensor.grad().defined()}};
    forEachTensor(own, i, [&](const char* what, const std::string& name, const at::Tensor& tensor) {
      row[what] = tensor.defined();
      if (tensor.defined()) state.add(name, tensor);
    });
    parameters.push_back(std::move(row));
  }
  state.numbers["optimizer"] = {
      {"steps", impl_->state.steps}, {"momentum", impl_->state.momentum}, {"wd", impl_->state.wd}, {"parameters", parameters}};
}

void Optimizer::load(const TrainerState& state, const StoredTensors& tensors) {
  const Json& numbers = state.numbers.at("optimizer");
  const Json& parameters = numbers.at("parameters");
  if (parameters.size() != impl_->parameters.size()) throw Error("the checkpoint is of another network");
  impl_->state.steps = numbers.at("steps").get<std::int64_t>();
  impl_->state.momentum = numbers.at("momentum").get<double>();
  impl_->state.wd = numbers.at("wd").get<double>();
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i) {
    const at::Tensor& p = impl_->parameters[i].tensor;
    ParameterState& own = impl_->state.parameters[i];
    const Json& row = parameters[i];
    own.steps = row.at("steps").get<std::int64_t>();
    forEachTensor(own, i, [&](const char* what, const std::string& name, at::Tensor& tensor) {
      tensor = row.at(what).get<bool>() ? at::empty_like(p) : at::Tensor();
      if (tensor.defined()) tensors.copyTo(name, tensor);
    });
    p.mutable_grad() = row.at("gradient").get<bool>() ? at::zeros_like(p) : at::Tensor();
  }
}

}  // namespace panicle
