// bf16 by autocast: what it covers, what it leaves alone, what it may not keep.
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/container/sequential.h>

#include "core/models/autocast.h"
#include "core/models/classifier.h"
#include "core/models/kernels.h"
#include "core/models/layers.h"

namespace panicle {
namespace {

const c10::Device kCpu{c10::kCPU};

TEST(Precision, AutoFollowsTheProcessor) {
  EXPECT_EQ(resolvePrecision(Precision::Fp32, "cpu"), Precision::Fp32);
  EXPECT_EQ(resolvePrecision(Precision::Bf16, "cpu"), Precision::Bf16);
  const bool multiplies =
      processorVectors() >= Vectors::Avx512Bf16 && !describeLinearAlgebra().convolutions.empty();
  EXPECT_EQ(resolvePrecision(Precision::Auto, "cpu"), multiplies ? Precision::Bf16 : Precision::Fp32);
}

TEST(Autocast, CoversProductsWhileItLives) {
  const auto a = torch::ones({4, 4});
  EXPECT_EQ(torch::mm(a, a).scalar_type(), torch::kFloat32);
  {
    const Autocast autocast(kCpu, Precision::Bf16);
    EXPECT_EQ(Autocast::current(c10::kCPU), Precision::Bf16);
    EXPECT_EQ(torch::mm(a, a).scalar_type(), torch::kBFloat16);
    { const Autocast within(kCpu, Precision::Bf16); }
    EXPECT_EQ(torch::mm(a, a).scalar_type(), torch::kBFloat16);
    LayerNorm norm(4, 1e-5);
    torch::nn::init::ones_(norm->weight);
    torch::nn::init::zeros_(norm->bias);
    EXPECT_EQ(norm->forward(torch::mm(a, a)).scalar_type(), torch::kFloat32);
  }
  EXPECT_EQ(Autocast::current(c10::kCPU), Precision::Fp32);
  EXPECT_EQ(torch::mm(a, a).scalar_type(), torch::kFloat32);
  const Autocast none(kCpu, Precision::Fp32);
  EXPECT_EQ(torch::mm(a, a).scalar_type(), torch::kFloat32);
}

// A bf16 copy of a parameter that outlived its forward pass would hide what the optimizer did.
TEST(Autocast, SeesChangedParametersInTheNextPass) {
  Linear linear(2, 1, false);
  torch::nn::init::ones_(linear->weight);
  const auto pass = [&linear] {
    const Autocast autocast(kCpu, Precision::Bf16);
    return linear->forward(torch::ones({1, 2})).item<float>();
  };
  EXPECT_EQ(pass(), 2);
  {
    const torch::NoGradGuard noGrad;
    linear->weight.fill_(3);
  }
  EXPECT_EQ(pass(), 6);
}

// bf16 keeps 8 bits of a number: gradients of a whole network come within a few hundredths of the float32
// ones, and as float32.
TEST(Autocast, GradientsComeNearThoseOfFloat32) {
  Classifier model({.arch = "vit_tiny_patch16_224", .weights = "none", .head = HeadKind::Timm}, 3, {224, 224},
                   7);
  const auto images = torch::randn({2, 3, 224, 224}, at::detail::createCPUGenerator(1));
  const std::vector<std::int64_t> targets{0, 2};
  const auto gradients = [&](Precision precision) {
    model.zero_grad();
    torch::Tensor loss;
    {
      const Autocast autocast(kCpu, precision);
      const auto logits = model.forward(images).to(torch::kFloat32);
      loss = torch::nn::functional::cross_entropy(logits, targetsTensor(targets, kCpu));
    }
    loss.backward();
    std::vector<torch::Tensor> parts;
    for (const auto& parameter : model.parameters()) {
      EXPECT_EQ(parameter.grad().scalar_type(), torch::kFloat32);
      parts.push_back(parameter.grad().clone().flatten());
    }
    return torch::cat(parts);
  };
  const auto exact = gradients(Precision::Fp32);
  const auto rounded = gradients(Precision::Bf16);
  const double error = (rounded - exact).norm().item<double>() / exact.norm().item<double>();
  EXPECT_LT(error, 0.05);
  EXPECT_GT(error, 1e-5);  // it was not float32 after all
}

}  // namespace
}  // namespace panicle
