// The draws of augment.h, in the order in which fastai draws them.
#include <algorithm>
#include <cmath>

#include "core/transforms/augment.h"
#include "core/transforms/geometry.h"

namespace panicle {
namespace {

// mask_tensor: the value with probability p, else the neutral one; the value is drawn first. Kept values go
// through (value - neutral) + neutral in float32, as fastai's do.
float masked(float value, double p, float neutral, RandomStream& stream) {
  const bool keep = stream.bernoulli(p);
  return keep ? (value - neutral) + neutral : neutral;
}

float uniform(double low, double high, RandomStream& stream) {
  return static_cast<float>(stream.uniform(low, high));
}

// A factor whose logarithm is uniform: as likely 0.8 as 1 / 0.8.
float logUniform(double limit, RandomStream& stream) {
  return std::exp(uniform(std::log(1 - limit), -std::log(1 - limit), stream));
}

void drawGeometry(const AugOptions& options, RandomStream& stream, AugDraw& draw) {
  if (options.do_flip && options.flip_vert) {
    const int index = static_cast<int>(stream.below(8));
    draw.dihedral = stream.bernoulli(options.p_flip) ? index : 0;
  } else if (options.do_flip) {
    draw.dihedral = stream.bernoulli(options.p_flip) ? 1 : 0;
  }
  if (const double limit = options.rotateLimit(); limit != 0)
    draw.rotate = masked(uniform(-limit, limit, stream), options.p_affine, 0, stream);
  if (options.zooms()) {
    draw.zoom = masked(uniform(options.min_zoom, options.max_zoom, stream), options.p_affine, 1, stream);
    draw.zoom_x = uniform(0, 1, stream);
    draw.zoom_y = uniform(0, 1, stream);
  }
  if (const double limit = options.warpLimit(); limit != 0) {
    draw.warp_x = masked(uniform(-limit, limit, stream), options.p_affine, 0, stream);
    draw.warp_y = masked(uniform(-limit, limit, stream), options.p_affine, 0, stream);
  }
}

void drawLight(const AugOptions& options, RandomStream& stream, AugDraw& draw) {
  if (const double limit = options.lightingLimit(); limit != 0) {
    const float brightness = uniform(0.5 * (1 - limit), 0.5 * (1 + limit), stream);
    draw.brightness = masked(brightness, options.p_lighting, 0.5f, stream);
    draw.contrast = masked(logUniform(limit, stream), options.p_lighting, 1, stream);
  }
  if (options.saturation)
    draw.saturation =
        masked(logUniform(options.saturation->max_lighting, stream), options.saturation->p, 1, stream);
  if (options.hue) draw.hue = masked(logUniform(options.hue->max_hue, stream), options.hue->p, 0, stream);
}

// Where a side of sqrt(area) goes along an axis of `size`: RandomErasing's _slice. A side that is longer is
// cut off.
std::pair<int, int> drawSlice(double area, int size, RandomStream& stream) {
  const int side = static_cast<int>(std::nearbyint(std::sqrt(area)));
  const int start = static_cast<int>(stream.below(static_cast<std::uint64_t>(std::max(size - side, 0)) + 1));
  return {start, std::min(side, size - start)};
}

void drawErase(const EraseOptions& options, Size result, RandomStream& stream, AugDraw& draw) {
  if (!stream.bernoulli(options.p)) return;
  const int count = 1 + static_cast<int>(stream.below(static_cast<std::uint64_t>(options.max_count)));
  const double share = static_cast<double>(result.height) * result.width / count;
  const double limit = std::log(options.min_aspect);
  for (int i = 0; i < count; ++i) {
    const double area = stream.uniform(options.sl, options.sh) * share;
    const double aspect = std::exp(stream.uniform(limit, -limit));
    const auto [top, height] = drawSlice(area * aspect, result.height, stream);
    const auto [left, width] = drawSlice(area / aspect, result.width, stream);
    draw.erase.push_back({{left, top, width, height}, stream.next()});
  }
}

Box centredSquare(Size item) {
  const int side = std::min(item.height, item.width);
  return {(item.width - side) / 2, (item.height - side) / 2, side, side};
}

// A box of `size` anywhere in the item; the row is drawn first.
Box drawPlace(Size size, Size item, RandomStream& stream) {
  const auto top = stream.below(static_cast<std::uint64_t>(item.height - size.height) + 1);
  const auto left = stream.below(static_cast<std::uint64_t>(item.width - size.width) + 1);
  return {static_cast<int>(left), static_cast<int>(top), size.width, size.height};
}

// RandomResizedCropGPU with ratio (1, 1): a square, whatever the item's shape.
Box drawSquareCrop(const AugOptions& options, Size item, RandomStream& stream) {
  constexpr int kAttempts = 10;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double area = stream.uniform(options.min_scale, 1) * item.width * item.height;
    const int side = static_cast<int>(std::nearbyint(std::sqrt(area)));
    if (side >= 1 && side <= item.width && side <= item.height) return drawPlace({side, side}, item, stream);
  }
  return centredSquare(item);
}

// The fused engine keeps the item's shape.
Box drawShapedCrop(const AugOptions& options, Size item, RandomStream& stream) {
  const double scale = std::sqrt(stream.uniform(options.min_scale, 1));
  const auto side = [scale](int full) {
    return std::clamp(static_cast<int>(std::nearbyint(scale * full)), 1, full);
  };
  return drawPlace({side(item.height), side(item.width)}, item, stream);
}

}  // namespace

AugDraw drawAugment(const AugOptions& options, Size result, Mode mode, RandomStream& stream) {
  AugDraw draw;
  if (mode == Mode::Valid) return draw;
  drawGeometry(options, stream, draw);
  drawLight(options, stream, draw);
  if (options.erase) drawErase(*options.erase, result, stream, draw);
  return draw;
}

Box drawCrop(const AugOptions& options, Size item, Mode mode, RandomStream stream) {
  const bool fused = options.engine == AugEngine::Fused;
  if (!options.crops() || (fused && mode == Mode::Valid)) return {0, 0, item.width, item.height};
  if (mode == Mode::Valid) return centredSquare(item);
  return fused ? drawShapedCrop(options, item, stream) : drawSquareCrop(options, item, stream);
}

Box keptBox(const AugDraw& draw, Size item) {
  return draw.crop.width > 0 ? draw.crop : Box{0, 0, item.width, item.height};
}

CoordinateExtent coordinateExtent(const AugOptions& options, Size item, const AugDraw& draw) {
  const Size result = options.crops() ? item : augmentedSize(options, item);  // of the affine step
  const AffineMatrix affine = affineMatrix(draw, item);
  const auto warp = warpCoefficients(draw);
  const std::vector<float> across = gridPositions(result.width, options.align_corners);
  const std::vector<float> down = gridPositions(result.height, options.align_corners);
  CoordinateExtent extent{1e30, -1e30};
  const auto visit = [&](float gx, float gy) {
    const double x = affine[0] * gx + affine[1] * gy + affine[2];
    const double y = affine[3] * gx + affine[4] * gy + affine[5];
    const double z = warp[6] * x + warp[7] * y + 1;
    const double u = (warp[0] * x + warp[1] * y + warp[2]) / z;
    const double v = (warp[3] * x + warp[4] * y + warp[5]) / z;
    extent.low = std::min({extent.low, u, v});
    extent.high = std::max({extent.high, u, v});
    return z > 0;
  };
  // A perspective maps the rectangle into the hull of its corners, unless the horizon runs through it.
  bool convex = true;
  for (const float y : {down.front(), down.back()}) {
    for (const float x : {across.front(), across.back()}) convex = visit(x, y) && convex;
  }
  if (!convex) {
    for (const float y : down) {
      for (const float x : across) visit(x, y);
    }
  }
  return extent;
}

Size augmentedSize(const AugOptions& options, Size item) {
  return options.size.value_or(item);
}

}  // namespace panicle
