// Gradient checkpointing as a node of autograd's graph.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/nn/modules/batchnorm.h>

#include "core/models/autocast.h"
#include "core/models/layers.h"

namespace panicle {
namespace {

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
      kept_.push_back(
          {norm->running_mean.clone(), norm->running_var.clone(), norm->num_batches_tracked.clone()});
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

// y = run(x), of which x alone is kept. The parameters are inputs of it, so that gradients flow to them even
// where none flows to x (the first block). A node of its own, since torch's Function takes no lists of
// tensors.
class Recomputed : public torch::autograd::Node {
 public:
  Recomputed(Segment segment, const torch::Tensor& x)
      : Node(torch::autograd::collect_next_edges(x, segment.parameters)),
        segment_(std::move(segment)),
        x_(x, /*is_output=*/false) {}

  variable_list apply(variable_list&& gradients) override {
    const torch::Tensor saved = x_.unpack();
    const KeepStatistics keep(
        segment_);  // until the gradients are there: they check that nothing they need was written to
    const torch::AutoGradMode withGrad(true);
    const torch::Tensor x = saved.detach().requires_grad_(saved.requires_grad());
    const torch::Tensor y = runAgain(x);

    variable_list inputs;
    std::vector<std::size_t> places;
    const auto add = [&](const torch::Tensor& tensor, std::size_t place) {
      if (!tensor.requires_grad()) return;
      inputs.push_back(tensor);
      places.push_back(place);
    };
    add(x, 0);
    for (std::size_t i = 0; i < segment_.parameters.size(); ++i) add(segment_.parameters[i], i + 1);
    const auto found =
        torch::autograd::grad({y}, inputs, {gradients[0]}, /*retain_graph=*/false, /*create_graph=*/false,
                              /*allow_unused=*/true);
    variable_list result(segment_.parameters.size() + 1);
    for (std::size_t i = 0; i < found.size(); ++i) result[places[i]] = found[i];
    return result;
  }

  void release_variables() override { x_.reset_data(); }
  std::string name() const override { return "Recomputed"; }

 private:
  torch::Tensor runAgain(const torch::Tensor& x) const {
    const Autocast autocast(x.device(), segment_.precision);
    return segment_.run(x);
  }

  Segment segment_;
  torch::autograd::SavedVariable x_;
};

}  // namespace

torch::Tensor checkpointed(torch::nn::Module& owner,
                           const std::function<torch::Tensor(const torch::Tensor&)>& run,
                           const torch::Tensor& x) {
  Segment segment{run, {}, owner.parameters(), Autocast::current(x.device().type())};
  for (const auto& module : owner.modules()) {
    if (auto* norm = module->as<torch::nn::BatchNorm2d>()) segment.norms.push_back(norm);
  }
  if (!torch::autograd::compute_requires_grad(x, segment.parameters)) return run(x);
  torch::Tensor y;
  {
    const torch::NoGradGuard noGrad;
    y = run(x);
  }
  const std::shared_ptr<torch::autograd::Node> node(new Recomputed(std::move(segment), x),
                                                    torch::autograd::deleteNode);
  torch::autograd::create_gradient_edge(y, node);
  return y;
}

torch::Tensor forwardBlocks(torch::nn::Sequential& blocks, torch::Tensor x, bool checkpointing) {
  for (auto& block : *blocks) {
    const auto run = [&block](const torch::Tensor& input) { return block.forward(input); };
    x = checkpointing ? checkpointed(*block.ptr(), run, x) : run(x);
  }
  return x;
}

}  // namespace panicle
