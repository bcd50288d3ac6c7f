#include "core/transforms/augment_torch.h"

#include <torch/types.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "core/transforms/geometry.h"

namespace panicle {
namespace {

// How the grid of one image comes about, step by step as fastai does it: affine matrix, warp, and where the
// result lies in the item.
struct Placement {
  AffineMatrix affine{1, 0, 0, 0, 1, 0};
  std::array<float, 8> warp{1, 0, 0, 0, 1, 0, 0, 0};
  std::array<float, 4> box{1, 0, 1, 0};  // x * [0] + [1], y * [2] + [3]
};

// For a picture of `size`.
Placement placementOf(const AugDraw& draw, Size size) {
  Placement placement{.affine = affineMatrix(draw, size)};
  if (isWarped(draw)) placement.warp = warpCoefficients(draw);
  return placement;
}

// From a position in the box, -1 to 1 between its outer edges, to one in the item, -1 to 1 between the
// centres of its first and last pixel, as grid_sample's align_corners means it.
std::array<float, 4> boxInItem(const Box& box, Size item) {
  const double right = std::max(item.width - 1, 1);
  const double bottom = std::max(item.height - 1, 1);
  return {static_cast<float>(box.width / right),
          static_cast<float>((2 * box.left + box.width - 1) / right - 1),
          static_cast<float>(box.height / bottom),
          static_cast<float>((2 * box.top + box.height - 1) / bottom - 1)};
}

Size sizeOf(const torch::Tensor& images) {
  return {static_cast<int>(images.size(2)), static_cast<int>(images.size(3))};
}

bool isMoved(const AugDraw& draw) {
  return isAffine(draw) || isWarped(draw);
}

bool isLit(const AugDraw& draw) {
  return draw.brightness != 0.5f || draw.contrast != 1 || draw.saturation != 1;
}

// IntToFloat.
torch::Tensor toFloats(const torch::Tensor& items) {
  return items.permute({0, 3, 1, 2}).to(torch::kFloat32).div_(255);
}

// Values that differ from channel to channel, to be broadcast over [N, 3, h, w].
torch::Tensor perChannel(const std::array<float, 3>& values, torch::Device device) {
  return torch::tensor(torch::ArrayRef<float>(values.data(), values.size()), torch::kFloat32)
      .to(device)
      .view({1, 3, 1, 1});
}

torch::Tensor normalized(torch::Tensor images, const Normalization& normalization) {
  images.sub_(perChannel(normalization.mean, images.device()))
      .div_(perChannel(normalization.std, images.device()));
  return images.contiguous(torch::MemoryFormat::ChannelsLast);
}

// The positions (xs[j], ys[i]) through each placement: [N, h, w, 2]. Without a matrix product, whose
// precision depends on the device's settings.
torch::Tensor samplingGrid(const std::vector<Placement>& placements, const torch::Tensor& xs,
                           const torch::Tensor& ys, bool warped) {
  constexpr std::int64_t kNumbers = sizeof(Placement) / sizeof(float);
  const auto count = static_cast<std::int64_t>(placements.size());
  const torch::Tensor numbers =
      torch::from_blob(const_cast<Placement*>(placements.data()), {count, kNumbers}, torch::kFloat32)
          .to(xs.device());
  const auto number = [&](std::int64_t index) { return numbers.select(1, index).view({-1, 1, 1}); };
  const auto affine = [&](std::int64_t first) {
    return number(first) * xs.view({1, 1, -1}) +
           (number(first + 1) * ys.view({1, -1, 1}) + number(first + 2));
  };
  torch::Tensor x = affine(0);
  torch::Tensor y = affine(3);
  if (warped) {
    const auto product = [&](std::int64_t first) {
      return torch::addcmul(number(first) * x, number(first + 1), y);
    };
    const torch::Tensor depth = product(12).add_(1);
    const torch::Tensor across = product(6).add_(number(8)).div_(depth);
    y = product(9).add_(number(11)).div_(depth);
    x = across;
  }
  x = torch::addcmul(number(15), number(14), x);
  y = torch::addcmul(number(17), number(16), y);
  return torch::stack({x, y}, 3);
}

// Both enums are numbered as torch numbers its modes.
torch::Tensor gridSampled(const torch::Tensor& images, const torch::Tensor& grid, SampleMode mode,
                          PadMode pad, bool alignCorners) {
  return torch::grid_sampler(images, grid, static_cast<std::int64_t>(mode), static_cast<std::int64_t>(pad),
                             alignCorners);
}

// ---- engine fastai ----

torch::Tensor positionsTensor(int count, bool alignCorners, torch::Device device) {
  return torch::tensor(gridPositions(count, alignCorners), torch::kFloat32).to(device);
}

struct Sampler {
  SampleMode mode = SampleMode::Bilinear;
  PadMode pad = PadMode::Reflection;
  bool align_corners = true;
  double coordinate_range = 2;

  std::optional<Size> averagedSize(Size input, Size output) const {
    return mode == SampleMode::Bilinear ? areaPrefilter(input, output, coordinate_range) : std::nullopt;
  }
};

// affine_coord with _grid_sample: `images` sampled where `placements` (one an image, or one for all) lead.
// Source: fastai.vision.augment._grid_sample.
torch::Tensor sampled(torch::Tensor images, const std::vector<Placement>& placements, bool warped, Size size,
                      const Sampler& sampler) {
  const torch::Device device = images.device();
  const torch::Tensor grid =
      samplingGrid(placements, positionsTensor(size.width, sampler.align_corners, device),
                   positionsTensor(size.height, sampler.align_corners, device), warped);
  if (const auto averaged = sampler.averagedSize(sizeOf(images), size)) {
    images = torch::adaptive_avg_pool2d(images, {averaged->height, averaged->width});
  }
  return gridSampled(images, grid.expand({images.size(0), -1, -1, -1}), sampler.mode, sampler.pad,
                     sampler.align_corners);
}

// AffineCoordTfm.
torch::Tensor affineAndWarp(const torch::Tensor& images, const AugOptions& options,
                            std::span<const AugDraw> draws, Size size) {
  const Size item = sizeOf(images);
  const Sampler sampler{options.mode, options.pad_mode, options.align_corners,
                        draws.front().coordinate_range};
  if (size == item && std::none_of(draws.begin(), draws.end(), isMoved) && !sampler.averagedSize(item, size))
    return images;
  std::vector<Placement> placements;
  for (const AugDraw& draw : draws) placements.push_back(placementOf(draw, item));
  return sampled(images, placements, std::any_of(draws.begin(), draws.end(), isWarped), size, sampler);
}

// RandomResizedCropGPU, which always samples bilinearly.
torch::Tensor croppedAndResized(const torch::Tensor& images, const Box& box, Size size) {
  const torch::Tensor cut = images.narrow(2, box.top, box.height).narrow(3, box.left, box.width);
  const Sampler sampler;
  if (Size{box.height, box.width} == size && !sampler.averagedSize(size, size)) return cut;
  return sampled(cut, {Placement{}}, false, size, sampler);
}

torch::Tensor fastaiGeometry(const torch::Tensor& items, const AugOptions& options,
                             std::span<const AugDraw> draws, Size size) {
  const torch::Tensor images = toFloats(items);
  if (!options.crops()) return affineAndWarp(images, options, draws, size);
  return croppedAndResized(affineAndWarp(images, options, draws, sizeOf(images)),
                           keptBox(draws.front(), sizeOf(images)), size);
}

// ---- engine fused ----

// The middles of every `samples`-th part of `count` cells that fill -1 to 1: part `part` of each cell.
torch::Tensor cellPositions(int count, int samples, int part, torch::Device device) {
  const auto cells = torch::arange(count, torch::TensorOptions().dtype(torch::kFloat64).device(device));
  return ((cells + (part + 0.5) / samples) * (2.0 / count) - 1).to(torch::kFloat32);
}

// The mean of samples.height x samples.width samples in each pixel of the result. One sample of all pixels at
// a time: a grid of all samples would take many times the memory of the result.
torch::Tensor supersampled(const torch::Tensor& items, const AugOptions& options,
                           std::span<const AugDraw> draws, Size samples, Size size) {
  const torch::Tensor images = toFloats(items);
  const torch::Device device = items.device();
  const Size item = sizeOf(images);
  std::vector<Placement> placements;
  for (const AugDraw& draw : draws) {
    const Box box = keptBox(draw, item);
    placements.push_back(placementOf(draw, {box.height, box.width}));
    placements.back().box = boxInItem(box, item);
  }
  const bool warped = std::any_of(draws.begin(), draws.end(), isWarped);
  torch::Tensor sum;
  for (int down = 0; down < samples.height; ++down) {
    const torch::Tensor ys = cellPositions(size.height, samples.height, down, device);
    for (int across = 0; across < samples.width; ++across) {
      const torch::Tensor grid =
          samplingGrid(placements, cellPositions(size.width, samples.width, across, device), ys, warped);
      const torch::Tensor sample =
          gridSampled(images, grid, options.mode, options.pad_mode, /*alignCorners=*/true);
      sum = sum.defined() ? sum.add_(sample) : sample;
    }
  }
  return sum.div_(samples.height * samples.width);
}

bool showsItem(const AugDraw& draw, Size item) {
  const Box box = keptBox(draw, item);
  return !isMoved(draw) && Size{box.height, box.width} == item;
}

// Images with as many samples go together: mostly all of a batch.
torch::Tensor fusedGeometry(const torch::Tensor& items, const AugOptions& options,
                            std::span<const AugDraw> draws, Size size) {
  const Size item{static_cast<int>(items.size(1)), static_cast<int>(items.size(2))};
  if (size == item &&
      std::all_of(draws.begin(), draws.end(), [&](const AugDraw& draw) { return showsItem(draw, item); })) {
    return toFloats(items);
  }
  std::map<std::pair<int, int>, std::vector<std::int64_t>> groups;
  for (std::size_t i = 0; i < draws.size(); ++i) {
    const Box box = keptBox(draws[i], item);
    const Size samples = samplesPerPixel(draws[i], {box.height, box.width}, size);
    groups[{samples.height, samples.width}].push_back(static_cast<std::int64_t>(i));
  }
  torch::Tensor result;
  for (const auto& [samples, members] : groups) {
    const Size perPixel{samples.first, samples.second};
    if (groups.size() == 1) return supersampled(items, options, draws, perPixel, size);
    const torch::Tensor indices = torch::tensor(members, torch::kInt64).to(items.device());
    std::vector<AugDraw> theirs;
    for (const std::int64_t member : members) theirs.push_back(draws[static_cast<std::size_t>(member)]);
    const torch::Tensor part = supersampled(items.index_select(0, indices), options, theirs, perPixel, size);
    if (!result.defined()) result = torch::empty({items.size(0), 3, size.height, size.width}, part.options());
    result.index_copy_(0, indices, part);
  }
  return result;
}

// ---- colours ----

// One value an image, to be broadcast over [N, 3, h, w].
template <typename Value>
torch::Tensor perImage(std::span<const AugDraw> draws, torch::Device device, Value value) {
  std::vector<float> values;
  for (const AugDraw& draw : draws) values.push_back(value(draw));
  return torch::tensor(values, torch::kFloat32).to(device).view({-1, 1, 1, 1});
}

// LightingTfm: brightness, contrast and saturation in logit space. `images` is overwritten.
torch::Tensor lit(torch::Tensor images, std::span<const AugDraw> draws) {
  constexpr double kClamp = 1e-7;  // of fastai's logit
  const torch::Device device = images.device();
  images.logit_(kClamp);
  images.add_(perImage(draws, device, [](const AugDraw& draw) { return draw.brightness; }).logit_(kClamp));
  images.mul_(perImage(draws, device, [](const AugDraw& draw) { return draw.contrast; }));
  if (std::any_of(draws.begin(), draws.end(), [](const AugDraw& draw) { return draw.saturation != 1; })) {
    const torch::Tensor saturation =
        perImage(draws, device, [](const AugDraw& draw) { return draw.saturation; });
    const torch::Tensor grey =
        (images * perChannel({0.2989f, 0.5870f, 0.1140f}, device)).sum(1, /*keepdim=*/true);
    images.mul_(saturation).add_(grey.mul_(1 - saturation));
  }
  return images.sigmoid_();
}

// Hue: RGB -> HSV, the hue turned, -> RGB. Source: fastai.vision.augment.rgb2hsv, hsv2rgb; the way back is
// the usual closed form, v - v s max(0, min(k, 4 - k, 1)) with k = (n + 6 h) mod 6 and n = 5, 3, 1 for red,
// green, blue.
torch::Tensor hueTurned(const torch::Tensor& images, std::span<const AugDraw> draws) {
  const torch::Tensor red = images.narrow(1, 0, 1);
  const torch::Tensor green = images.narrow(1, 1, 1);
  const torch::Tensor blue = images.narrow(1, 2, 1);
  const torch::Tensor value = images.amax(1, true);
  const torch::Tensor range = value - images.amin(1, true);
  const torch::Tensor divisor = range.masked_fill(range == 0, 1);
  const torch::Tensor sextant =
      torch::where(value == red, (green - blue) / divisor,
                   torch::where(value == green, (blue - red) / divisor + 2, (red - green) / divisor + 4));
  const torch::Tensor turn = perImage(draws, images.device(), [](const AugDraw& draw) { return draw.hue; });
  const torch::Tensor k = (sextant + 6 * turn + perChannel({5, 3, 1}, images.device())).remainder_(6);
  const torch::Tensor share = torch::minimum(k, 4 - k).clamp_(0, 1);
  const torch::Tensor result = value - range * share;
  // fastai holds all but the largest channel to 0..1, which bicubic sampling leaves.
  return torch::where((share > 0).logical_and(turn != 0), result.clamp(0, 1), result);
}

// RandomErasing, after Normalize. The same noise as augment() gives.
void eraseBoxes(const torch::Tensor& images, std::span<const AugDraw> draws) {
  for (std::size_t i = 0; i < draws.size(); ++i) {
    for (const EraseBox& erased : draws[i].erase) {
      const Box& box = erased.box;
      RandomStream stream(erased.seed);
      std::vector<float> noise(3 * static_cast<std::size_t>(box.height) * box.width);
      for (float& value : noise) value = static_cast<float>(stream.normal());
      images[static_cast<std::int64_t>(i)]
          .narrow(1, box.top, box.height)
          .narrow(2, box.left, box.width)
          .copy_(torch::tensor(noise, torch::kFloat32).view({box.height, box.width, 3}).permute({2, 0, 1}));
    }
  }
}

// A picture whose light is neutral stays as it is. That shows only where values lie outside 0..1, after
// bicubic sampling: else light that is neutral changes nothing.
torch::Tensor coloured(torch::Tensor images, const AugOptions& options, std::span<const AugDraw> draws) {
  if (std::any_of(draws.begin(), draws.end(), isLit)) {
    const bool mixed = options.mode == SampleMode::Bicubic && !std::all_of(draws.begin(), draws.end(), isLit);
    const torch::Tensor before = mixed ? images.clone() : images;
    images = lit(std::move(images), draws);
    if (mixed) images = torch::where(perImage(draws, images.device(), isLit) != 0, images, before);
  }
  if (std::any_of(draws.begin(), draws.end(), [](const AugDraw& draw) { return draw.hue != 0; })) {
    images = hueTurned(images, draws);
  }
  return images;
}

void checkItems(const torch::Tensor& items) {
  if (items.dim() != 4 || items.size(3) != 3 || items.scalar_type() != torch::kUInt8) {
    throw std::invalid_argument("augmentBatch: `items` is not uint8 [N, H, W, 3]");
  }
}

}  // namespace

torch::Tensor augmentBatch(const torch::Tensor& items, const AugOptions& options,
                           std::span<const AugDraw> draws, const Normalization& normalization) {
  checkItems(items);
  if (draws.size() != static_cast<std::size_t>(items.size(0))) {
    throw std::invalid_argument("augmentBatch: `draws` has another length than `items`");
  }
  const Size item{static_cast<int>(items.size(1)), static_cast<int>(items.size(2))};
  const Size size = augmentedSize(options, item);
  if (draws.empty())
    return torch::empty({0, 3, size.height, size.width}, items.options().dtype(torch::kFloat32));
  const torch::Tensor placed = options.engine == AugEngine::Fused
                                   ? fusedGeometry(items, options, draws, size)
                                   : fastaiGeometry(items, options, draws, size);
  const torch::Tensor result = normalized(coloured(placed, options, draws), normalization);
  eraseBoxes(result, draws);
  return result;
}

torch::Tensor normalizeBatch(const torch::Tensor& items, const Normalization& normalization) {
  checkItems(items);
  return normalized(toFloats(items), normalization);
}

}  // namespace panicle
