// The depthwise convolution's gradients against torch's own in double precision.
#include "core/models/depthwise.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "core/models/autocast.h"
#include "core/models/device.h"

namespace panicle {
namespace {

struct Case {
  std::int64_t images, channels, height, width;
};

torch::Tensor noise(at::IntArrayRef shape, std::uint64_t seed) {
  return torch::randn(shape, at::detail::createCPUGenerator(seed));
}

struct Inputs {
  torch::Tensor x, weight, bias, gradient;

  explicit Inputs(const Case& c)
      : x(noise({c.images, c.channels, c.height, c.width}, 1)),
        weight(noise({c.channels, 1, kDepthwiseSide, kDepthwiseSide}, 2)),
        bias(noise({c.channels}, 3)),
        gradient(noise(x.sizes(), 4)) {}
};

// The result and the gradients of x, weight and bias.
std::vector<torch::Tensor> ours(const Inputs& in, Precision precision = Precision::Fp32) {
  const auto x = in.x.clone().requires_grad_(), weight = in.weight.clone().requires_grad_(),
             bias = in.bias.clone().requires_grad_();
  torch::Tensor y;
  {
    const Autocast autocast(c10::kCPU, precision);
    y = depthwiseConv(x, weight, bias);
  }
  y.backward(in.gradient.to(y.scalar_type()));
  return {y.detach(), x.grad(), weight.grad(), bias.grad()};
}

std::vector<torch::Tensor> torchs(const Inputs& in) {
  const auto x = in.x.to(torch::kDouble).requires_grad_(),
             weight = in.weight.to(torch::kDouble).requires_grad_(),
             bias = in.bias.to(torch::kDouble).requires_grad_();
  const auto y = at::conv2d(x, weight, bias, 1, kDepthwiseSide / 2, 1, x.size(1));
  y.backward(in.gradient.to(torch::kDouble));
  return {y.detach(), x.grad(), weight.grad(), bias.grad()};
}

double relative(const torch::Tensor& found, const torch::Tensor& right) {
  return (found.to(torch::kDouble) - right).norm().item<double>() / right.norm().item<double>();
}

TEST(Depthwise, GradientsAreThoseOfTorch) {
  // Maps smaller than the kernel, odd ones, one row, channels that are no whole number of vectors.
  for (const Case& c :
       {Case{2, 32, 9, 12}, Case{3, 16, 4, 3}, Case{1, 48, 1, 5}, Case{2, 64, 17, 8}, Case{2, 24, 6, 6}}) {
    Inputs in(c);
    for (const bool channelsLast : {true, false}) {
      if (channelsLast) in.x = in.x.contiguous(at::MemoryFormat::ChannelsLast);
      const auto found = ours(in), right = torchs(in);
      for (std::size_t i = 0; i < right.size(); ++i) {
        EXPECT_EQ(found[i].sizes(), right[i].sizes());
        EXPECT_LT(relative(found[i], right[i]), 2e-6) << "channels " << c.channels << ", " << i;
      }
    }
  }
}

// The weight's gradient is exact but for its inputs, which are bf16.
TEST(Depthwise, GradientsUnderAutocastAreFloat32) {
  Inputs in(Case{2, 32, 9, 12});
  const auto found = ours(in, Precision::Bf16);
  EXPECT_EQ(found[0].scalar_type(), torch::kBFloat16);
  in.x = in.x.to(torch::kBFloat16).to(torch::kFloat32);
  in.gradient = in.gradient.to(torch::kBFloat16).to(torch::kFloat32);
  const auto right = torchs(in);
  EXPECT_LT(relative(found[0], right[0]), 1e-2);
  EXPECT_LT(relative(found[1], right[1]), 1e-2);
  for (const std::size_t i : {2, 3}) {
    EXPECT_EQ(found[i].scalar_type(), torch::kFloat32);
    EXPECT_LT(relative(found[i], right[i]), 2e-6) << i;
  }
}

TEST(Depthwise, GradientsDoNotDependOnThreads) {
  const Inputs in(Case{2, 32, 9, 12});
  setComputeThreads(1);
  const auto one = ours(in);
  setComputeThreads(3);
  const auto three = ours(in);
  for (std::size_t i = 2; i < one.size(); ++i) EXPECT_TRUE(torch::equal(one[i], three[i]));
}

TEST(Depthwise, FrozenWeightsGetNoGradient) {
  const Inputs in(Case{1, 16, 8, 8});
  const auto x = in.x.clone().requires_grad_();
  depthwiseConv(x, in.weight, in.bias).backward(in.gradient);
  EXPECT_TRUE(x.grad().defined());
  EXPECT_FALSE(in.weight.grad().defined());
}

}  // namespace
}  // namespace panicle
