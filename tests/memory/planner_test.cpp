// Plans for the processor beside the same steps taken for real: what torch's allocator reports is the truth.
#include "core/memory/planner.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/models/architecture.h"
#include "core/models/classifier.h"

namespace panicle {

void PrintTo(const PlanRequest& request, std::ostream* out) {
  *out << request.model.arch << " " << toString(request.image) << " x " << request.batch.size;
}

namespace {

constexpr double kLimit = 0.05;

PlanRequest requestOf(const std::string& arch, int side, int batch) {
  PlanRequest request;
  request.model.arch = arch;
  request.image = {side, side};
  request.batch.size = batch;
  return request;
}

template <typename Change>
PlanRequest changed(PlanRequest request, const Change& change) {
  change(request);
  return request;
}

double ratioOf(const PlanRequest& request) {
  const std::uint64_t planned = planStep(request).total(), measured = measurePlan(request);
  const double ratio = static_cast<double>(planned) / static_cast<double>(measured);
  std::printf("%-30s %4d x %-2d planned %7.1f measured %7.1f MiB, ratio %.4f\n", request.model.arch.c_str(),
              request.image.width, request.batch.size, static_cast<double>(planned) / (1 << 20),
              static_cast<double>(measured) / (1 << 20), ratio);
  return ratio;
}

class Planner : public ::testing::TestWithParam<PlanRequest> {};

TEST_P(Planner, TellsWhatTheStepTakes) {
  EXPECT_NEAR(ratioOf(GetParam()), 1, kLimit);
}

INSTANTIATE_TEST_SUITE_P(Families, Planner,
                         ::testing::Values(requestOf("resnet18", 64, 8), requestOf("resnet26d", 96, 4),
                                           requestOf("convnext_tiny_in22k", 64, 4),
                                           requestOf("vit_tiny_patch16_224", 224, 2),
                                           requestOf("swin_tiny_patch4_window7_224", 224, 2),
                                           requestOf("swinv2_tiny_window8_256", 256, 2)));

const PlanRequest kPlain = requestOf("resnet18", 64, 8);
const PlanRequest kTransformer = requestOf("vit_tiny_patch16_224", 224, 4);

INSTANTIATE_TEST_SUITE_P(
    Settings, Planner,
    ::testing::Values(changed(kPlain, [](auto& r) { r.frozen = true; }),
                      changed(kTransformer, [](auto& r) { r.frozen = true; }),
                      changed(kPlain, [](auto& r) { r.batch.accum = 3; }),
                      changed(kPlain, [](auto& r) { r.precision = Precision::Bf16; }),
                      changed(kTransformer, [](auto& r) { r.precision = Precision::Bf16; }),
                      changed(kTransformer, [](auto& r) { r.model.gradient_checkpointing = true; }),
                      changed(kPlain, [](auto& r) { r.model_copies = 2; }),
                      changed(kPlain, [](auto& r) { r.mix = true; }),
                      changed(kPlain, [](auto& r) { r.clip = true; }),
                      changed(kPlain, [](auto& r) { r.model.head = HeadKind::Timm; }),
                      changed(kPlain, [](auto& r) { r.loss.label_smoothing = 0.1; }),
                      changed(kPlain, [](auto& r) { r.fidelity = Fidelity::Fastai; })));

INSTANTIATE_TEST_SUITE_P(
    Optimizers, Planner,
    ::testing::Values(changed(kPlain, [](auto& r) { r.optimizer.kind = OptimizerKind::Sgd; }),
                      changed(kPlain, [](auto& r) { r.optimizer.kind = OptimizerKind::RAdam; }),
                      changed(kPlain, [](auto& r) { r.optimizer.kind = OptimizerKind::Ranger; }),
                      changed(kPlain, [](auto& r) { r.optimizer.kind = OptimizerKind::Lamb; })));

// The notebook's way to fit: the same images a step, fewer at once.
TEST(PlannerParts, AccumulationLowersThePeakAsPlanned) {
  const auto with = [](int accum) {
    return changed(requestOf("resnet18", 128, 32 / accum), [&](auto& r) { r.batch.accum = accum; });
  };
  std::uint64_t planned = planStep(with(1)).total(), measured = measurePlan(with(1));
  for (const int accum : {2, 4}) {
    const std::uint64_t plannedNow = planStep(with(accum)).total(), measuredNow = measurePlan(with(accum));
    ASSERT_LT(measuredNow, measured);
    const double saved = static_cast<double>(measured) - static_cast<double>(measuredNow);
    EXPECT_NEAR((static_cast<double>(planned) - static_cast<double>(plannedNow)) / saved, 1, kLimit)
        << "accum " << accum;
    planned = plannedNow;
    measured = measuredNow;
  }
}

TEST(PlannerParts, AreWhatTheyAreCalled) {
  constexpr std::uint64_t kFloat = sizeof(float);
  const Classifier model(kPlain.model, kPlain.outputs, kPlain.image, 1);
  std::uint64_t parameters = 0, buffers = 0;
  for (const auto& parameter : model.parameters())
    parameters += static_cast<std::uint64_t>(parameter.numel()) * kFloat;
  for (const auto& buffer : model.buffers()) buffers += buffer.nbytes();
  const MemoryParts parts = planStep(kPlain);
  EXPECT_EQ(parts.weights, parameters + buffers);
  EXPECT_EQ(parts.optimizer, 2 * parameters);
  EXPECT_EQ(parts.copies, 0U);
  EXPECT_EQ(parts.overhead, 0U);
  EXPECT_GT(parts.activations, 0U);
  EXPECT_LE(parts.gradients, parameters);
  EXPECT_EQ(parts.total(), parts.tensors());

  const MemoryParts copied = planStep(changed(kPlain, [](auto& r) { r.model_copies = 2; }));
  EXPECT_EQ(copied.copies, 2 * (parameters + buffers));
  const MemoryParts plain = planStep(changed(kPlain, [](auto& r) { r.optimizer.kind = OptimizerKind::Sgd; }));
  EXPECT_EQ(plain.optimizer, 0U);
}

TEST(PlannerParts, GrowWithTheBatchAndShrinkWithWhatSaves) {
  const std::uint64_t usual = planStep(kTransformer).total();
  EXPECT_GT(planStep(changed(kTransformer, [](auto& r) { r.batch.size *= 2; })).total(), usual);
  EXPECT_LT(planStep(changed(kTransformer, [](auto& r) { r.frozen = true; })).total(), usual);
  EXPECT_LT(planStep(changed(kTransformer, [](auto& r) { r.model.gradient_checkpointing = true; })).total(),
            usual);
  EXPECT_LT(planStep(changed(kTransformer, [](auto& r) { r.precision = Precision::Bf16; })).activations,
            planStep(kTransformer).activations);
}

// A plan must not take what it plans: this one is of more memory than machines have.
TEST(PlannerLimits, PlansWhatNoMachineHas) {
  const MemoryParts parts = planStep(requestOf("vit_large_patch16_224", 224, 2048));
  EXPECT_GT(parts.total(), std::uint64_t{1} << 39);
}

TEST(PlannerLimits, NamesWhatItCannotPlan) {
  EXPECT_THROW(planStep(requestOf("resnet1", 64, 8)), Error);
  EXPECT_THROW(planStep(requestOf("swin_tiny_patch4_window7_224", 100, 8)), Error);
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_THROW(planStep(kPlain, stopped.get_token()), Cancelled);
}

TEST(PlannerLimits, ThreadsPlanBesideEachOther) {
  const std::uint64_t alone = planStep(kPlain).total(), otherAlone = planStep(kTransformer).total();
  std::uint64_t together = 0, otherTogether = 0;
  std::thread other([&] { otherTogether = planStep(kTransformer).total(); });
  together = planStep(kPlain).total();
  other.join();
  EXPECT_EQ(together, alone);
  EXPECT_EQ(otherTogether, otherAlone);
}

}  // namespace
}  // namespace panicle
