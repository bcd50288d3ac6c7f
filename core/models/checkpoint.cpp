// Gradient checkpointing as an autograd function.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/nn/modules/batchnorm.h>

#include "core/models/autocast.h"
#include "core/models/layers.h"

namespace panicle {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What the way back needs beside the input.
struct Segment {
  std::function<torch::Tensor(const torch::Tensor&)> run;
  std::vector<torch::nn::BatchNorm2dImpl*> norms;
  std::vector<torch::Tensor> parameters;
  Precision precision = Precision::Fp32;
};

// Puts the running statistics back when it goes: the second computation must not move them again.
class KeepStatistics {
 public:
  explicit KeepStatistics(const Segment& segment) : segment_(segment) {
    for (const auto* norm : segment.norms) {
      kept_.push_back({norm->running_mean.clone(), norm->running_var.clone(), norm->num_batches_tracked.clone()});
    }
  }
  ~KeepStatistics() {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      segment_.norms[i]->running_mean.copy_(kept_[i][0]);
      segment_.norms[i]->running_var.copy_(kept_[i][1]);
      segment_.norms[i]->num_batches_tracked.copy_(kept_[i][2]);
    }
  }
  KeepStatistics(const KeepStatistics&) = delete;
  KeepStatistics& operator=(const KeepStatistics&) = delete;

 private:
  const Segment& segment_;
  std::vector<std::array<torch::Tensor, 3>> kept_;
};

// The parameters are inputs of the function, so that gradients flow to them even where none flows to x (the first block).
class Checkpoint : public torch::autograd::Function<Checkpoint> {
 public:
  static torch::Tensor forward(AutogradContext* context, const std::shared_ptr<Segment>& segment, const torch::Tensor& x,
                               const std::vector<torch::Tensor>& /*parameters*/) {
    context->saved_data["segment"] = c10::IValue::make_capsule(c10::make_intrusive<Holder>(segment));
    context->save_for_backward({x});
    const torch::NoGradGuard noGrad;
    return segment->run(x);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto holder = c10::static_intrusive_pointer_cast<Holder>(context->saved_data["segment"].toCapsule());
    const Segment& segment = *holder->segment;
    const torch::Tensor saved = context->get_saved_variables()[0];
    const torch::AutoGradMode withGrad(true);
    const torch::Tensor x = saved.detach().requires_grad_(saved.requires_grad());

    torch::Tensor y;
    {
      const torch::NoGradGuard noGrad;  // for the statistics alone
      const KeepStatistics keep(segment);
      const torch::AutoGradMode again(true);
      const Autocast autocast(x.device(), segment.precision);
      y = segment.run(x);
    }
    variable_list inputs;
    std::vector<std::size_t> places;
    const auto add = [&](const torch::Tensor& tensor, std::size_t place) {
      if (!tensor.requires_grad()) return;
      inputs.push_back(tensor);
      places.push_back(place);
    };
    add(x, 1);
    for (std::size_t i = 0; i < segment.parameters.size(); ++i) add(segment.parameters[i], i + 2);
    const auto found = torch::autograd::grad({y}, inputs, {gradients[0]}, /*retain_graph=*/false, /*create_graph=*/false,
                                             /*allow_unused=*/true);
    variable_list result(segment.parameters.size() + 2);
    for (std::size_t i = 0; i < found.size(); ++i) result[places[i]] = found[i];
    return result;
  }

 private:
  struct Holder : torch::CustomClassHolder {
    explicit Holder(std::shared_ptr<Segment> held) : segment(std::move(held)) {}
    std::shared_ptr<Segment> segment;
  };
};

}  // namespace

torch::Tensor checkpointed(torch::nn::Module& owner, const std::function<torch::Tensor(const torch::Tensor&)>& run,
                           const torch::Tensor& x) {
  if (!torch::GradMode::is_enabled()) return run(x);
  auto segment = std::make_shared<Segment>();
  segment->run = run;
  segment->parameters = owner.parameters();
  segment->precision = Autocast::current(x.device().type());
  for (const auto& module : owner.modules()) {
    if (auto* norm = module->as<torch::nn::BatchNorm2d>()) segment->norms.push_back(norm);
  }
  return Checkpoint::apply(segment, x, segment->parameters);
}

torch::Tensor forwardBlocks(torch::nn::Sequential& blocks, torch::Tensor x, bool checkpointing) {
  for (auto& block : *blocks) {
    const auto run = [&block](const torch::Tensor& input) { return block.forward(input); };
    x = checkpointing ? checkpointed(*block.ptr(), run, x) : run(x);
  }
  return x;
}

}  // namespace panicle
