// Photos mixed as fastai mixes them, for the shares, partners and boxes that its recorded batches had.
#include "core/transforms/mix_torch.h"

#include <ATen/Context.h>
#include <torch/types.h>

#include <stdexcept>

#include "core/base/json.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::reference;

torch::Tensor tensorOf(const Json& json) {
  if (!json.is_array()) return torch::tensor(json.get<float>());
  std::vector<torch::Tensor> rows;
  for (const Json& row : json) rows.push_back(tensorOf(row));
  return torch::stack(rows);
}

std::vector<torch::Device> devices() {
  std::vector<torch::Device> all{torch::kCPU};
  if (at::globalContext().hasCUDA()) all.emplace_back(torch::kCUDA, 0);
  return all;
}

// Equal to the last bit on the CPU, where fastai computed; another device may fuse the multiplication and the addition.
void expectMixed(const torch::Tensor& images, const MixDraw& draw, const torch::Tensor& expected, const std::string& name) {
  for (const torch::Device device : devices()) {
    for (const auto format : {torch::MemoryFormat::Contiguous, torch::MemoryFormat::ChannelsLast}) {
      const auto given = images.to(device).contiguous(format);
      const auto before = given.clone();
      const auto mixed = applyMix(given, draw);
      EXPECT_TRUE(mixed.is_contiguous(format)) << name << " on " << device;
      const double worst = (mixed.cpu() - expected).abs().max().item<double>();
      EXPECT_LE(worst, device.is_cpu() ? 0 : 1e-6) << name << " on " << device;
      EXPECT_TRUE(given.equal(before)) << name << ": the images themselves must stay";
    }
  }
}

TEST(MixTorch, MixUpMixesAsFastai) {
  const Json mixup = readJson(reference("fastai/data/06_loss_norm_mixup.json"))["mixup"];
  for (const char* name : {"ce", "label_smoothing"}) {
    const Json& one = mixup[name];
    const MixDraw draw{.partner = one["perm"], .share = one["lam_used=max(lam,1-lam)"]};
    expectMixed(tensorOf(one["x_4x2x2x2"]), draw, tensorOf(one["mixed_x"]), name);
  }
}

TEST(MixTorch, BatchesOfALearnerAreMixedAsFastai) {
  const Json mixes = readJson(reference("fastai/loss_cases.json"))["mixes"];
  for (const char* name : {"mixup", "mixup_number", "cutmix", "cutmix_number"}) {
    const Json& one = mixes[name];
    const auto images = tensorOf(one["x"]);
    MixDraw draw{.partner = one["partners"], .share = one["shares_drawn"]};
    if (one["centre"].is_null()) {
      for (float& share : draw.share) share = std::max(share, 1 - share);
    } else {
      const Size size{static_cast<int>(images.size(2)), static_cast<int>(images.size(3))};
      draw.box = cutMixBox(size, draw.share[0], one["centre"][0].get<int>(), one["centre"][1].get<int>());
      draw.share.assign(draw.partner.size(), boxShare(*draw.box, size));
    }
    expectMixed(images, draw, tensorOf(one["mixed_x"]), name);
  }
}

TEST(MixTorch, AnEmptyBoxChangesNothing) {
  const auto images = torch::rand({3, 3, 4, 5});
  const MixDraw draw{.partner = {1, 2, 0}, .share = {1, 1, 1}, .box = MixDraw::Box{2, 2, 2, 2}};
  EXPECT_TRUE(applyMix(images, draw).equal(images));
}

TEST(MixTorch, RefusesTheDrawOfAnotherBatch) {
  const auto images = torch::rand({3, 3, 4, 5});
  EXPECT_THROW(applyMix(images, {.partner = {1, 0}, .share = {1, 1}}), std::invalid_argument);
  EXPECT_THROW(applyMix(images.slice(0, 0, 2), {.partner = {1, 0}, .share = {1}}), std::invalid_argument);
}

}  // namespace
}  // namespace panicle
