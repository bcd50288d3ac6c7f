#include "core/data/leaf_blade.h"

#include <array>
#include <cmath>

namespace panicle::leaf {
namespace {

constexpr int kSegments = 28;

float widthAt(const Blade& blade, float u) {
  const float taper = mix(blade.foot, 1.0f, smoothstep(0.0f, 0.35f, u)) * (1 - std::pow(u, blade.taper));
  const float turn = 1 - blade.twist * std::exp(-std::pow((u - blade.twistAt) / 0.13f, 2.0f));
  return blade.halfWidth * std::max(0.0f, taper) * turn;
}

// Calls paint(x, y, u, v, coverage) for every pixel that the ribbon touches. Between two spine points the
// ribbon is the region between the perpendiculars through them, so every pixel belongs to one segment only.
template <typename Paint>
void forEachPixel(const Canvas& canvas, const std::vector<SpinePoint>& spine, float scale, float edge,
                  Paint paint) {
  for (std::size_t i = 0; i + 1 < spine.size(); ++i) {
    SpinePoint a = spine[i];
    SpinePoint b = spine[i + 1];
    for (SpinePoint* p : {&a, &b}) {
      p->x *= scale;
      p->y *= scale;
      p->half *= scale;
    }
    const float margin = std::max(a.half, b.half) + edge;
    const int left = std::max(0, static_cast<int>(std::floor(std::min(a.x, b.x) - margin)));
    const int right = std::min(canvas.width() - 1, static_cast<int>(std::ceil(std::max(a.x, b.x) + margin)));
    const int top = std::max(0, static_cast<int>(std::floor(std::min(a.y, b.y) - margin)));
    const int bottom =
        std::min(canvas.height() - 1, static_cast<int>(std::ceil(std::max(a.y, b.y) + margin)));
    for (int y = top; y <= bottom; ++y) {
      for (int x = left; x <= right; ++x) {
        const float ax = static_cast<float>(x) - a.x;
        const float ay = static_cast<float>(y) - a.y;
        const float bx = static_cast<float>(x) - b.x;
        const float by = static_cast<float>(y) - b.y;
        const float fromA = ax * a.dx + ay * a.dy;
        const float fromB = bx * b.dx + by * b.dy;
        if (fromA < 0 || fromB >= 0) continue;
        const float t = fromA / (fromA - fromB);
        const float off = mix(ay * a.dx - ax * a.dy, by * b.dx - bx * b.dy, t);
        const float half = mix(a.half, b.half, t);
        const float coverage =
            std::min((half - std::abs(off)) / edge + 0.5f, 1.0f) * std::min(1.0f, half + 0.3f);
        if (coverage <= 0) continue;
        paint(x, y, (static_cast<float>(i) + t) / static_cast<float>(spine.size() - 1),
              std::clamp(off / std::max(half, 0.01f), -1.0f, 1.0f), coverage);
      }
    }
  }
}

// Light along a blade, in small steps: cast shadows and gloss are irregular but cheap to look up.
struct AlongLight {
  static constexpr int kSteps = 128;
  std::array<float, kSteps> sun;
  std::array<float, kSteps> open;  // share of all light that reaches it
  std::array<float, kSteps> gloss;

  AlongLight(const Blade& blade, const Light& light) {
    const Noise noise(blade.seed);
    const float period = blade.length / 75;
    for (int i = 0; i < kSteps; ++i) {
      const float u = static_cast<float>(i) / kSteps;
      const float shade =
          smoothstep(-0.12f, 0.02f, noise.fractal(u * period, 0.5f, 2) + 0.28f - 0.35f * light.dapple);
      sun[i] = mix(1.0f, shade, light.dapple);
      open[i] = 1 - blade.sunken * (1 - smoothstep(0.0f, 0.45f, u));
      gloss[i] = light.shine * smoothstep(0.1f, 0.8f, noise.at(u * period * 0.6f, 7.5f) + 0.25f);
    }
  }
};

}  // namespace

std::vector<SpinePoint> bladeSpine(const Blade& blade) {
  std::vector<SpinePoint> spine(kSegments + 1);
  float x = blade.x;
  float y = blade.y;
  const float step = blade.length / kSegments;
  for (int i = 0; i <= kSegments; ++i) {
    const float u = static_cast<float>(i) / kSegments;
    const float angle = blade.angle + blade.bend * u * u;
    spine[i] = {x, y, std::sin(angle), -std::cos(angle), widthAt(blade, u)};
    x += step * spine[i].dx;
    y += step * spine[i].dy;
  }
  return spine;
}

Blade randomBlade(RandomStream& random) {
  Blade blade;
  blade.taper = between(random, 1.6f, 4.0f);
  blade.twist = random.bernoulli(0.3) ? between(random, 0.3f, 0.9f) : 0.0f;
  blade.twistAt = between(random, 0.25f, 0.9f);
  blade.fold = between(random, -0.38f, 0.38f);
  blade.facing = between(random, 0.35f, 1.05f);
  blade.through = random.bernoulli(0.3) ? between(random, 0.2f, 0.8f) : 0.0f;
  blade.seed = random.next();
  return blade;
}

void paintBlade(Canvas& canvas, const Blade& blade, const Skin& skin, const Light& light, float scale) {
  const AlongLight along(blade, light);
  const float slant = 6 * blade.fold * blade.halfWidth / blade.length;
  const Rgb glow{1.35f, 1.15f, 0.45f};
  forEachPixel(canvas, bladeSpine(blade), scale, 1.0f, [&](int x, int y, float u, float v, float coverage) {
    const auto step = static_cast<std::size_t>(
        std::clamp((u + slant * v) * AlongLight::kSteps, 0.0f, static_cast<float>(AlongLight::kSteps - 1)));
    const float half = 1 + blade.fold * smoothstep(-0.15f, 0.15f, v) * 2 - blade.fold;
    const float curve = 1 - 0.22f * v * v;
    const float direct = blade.facing * half * curve * along.sun[step];
    Rgb albedo = skin.sample(u, v);
    albedo = mix(albedo, albedo * glow, blade.through);
    Rgb colour = albedo * (light.sky + light.sun * direct) * along.open[step];
    const float off = v - blade.fold;
    const float gloss =
        along.gloss[step] * along.sun[step] * blade.facing * std::max(0.0f, 1 - 1.6f * off * off);
    colour = colour + light.sun * (0.22f * gloss * along.open[step]);
    canvas.lay(x, y, colour, coverage);
  });
}

void paintBladeShadow(Canvas& canvas, const Blade& blade, float dx, float dy, float strength, float scale) {
  Blade shifted = blade;
  shifted.x += dx;
  shifted.y += dy;
  const float soft = std::max(2.0f, 0.5f * blade.halfWidth * scale);
  forEachPixel(canvas, bladeSpine(shifted), scale, soft, [&](int x, int y, float, float, float coverage) {
    float* pixel = canvas.row(y) + static_cast<std::size_t>(x) * canvas.channels();
    const float keep = 1 - strength * std::max(0.0f, coverage);
    for (int c = 0; c < 3; ++c) pixel[c] *= keep;
  });
}

}  // namespace panicle::leaf
