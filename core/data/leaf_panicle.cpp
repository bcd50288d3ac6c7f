#include "core/data/leaf_panicle.h"

#include <cmath>

namespace panicle::leaf {
namespace {

struct Grain {
  float x;
  float y;
  float angle;  // of its point, radians from straight up
  float along;  // half length
  Rgb body;
  Rgb base;    // colour of the half at its foot
  float edge;  // share of the grain that has the base's colour
};

void paintGrain(Canvas& canvas, const Grain& grain, const Light& light, float facing) {
  const float dx = std::sin(grain.angle);
  const float dy = -std::cos(grain.angle);
  const float across = std::max(0.7f, grain.along * 0.42f);
  const float margin = grain.along + 1.5f;
  const int left = std::max(0, static_cast<int>(grain.x - margin));
  const int right = std::min(canvas.width() - 1, static_cast<int>(grain.x + margin) + 1);
  const int top = std::max(0, static_cast<int>(grain.y - margin));
  const int bottom = std::min(canvas.height() - 1, static_cast<int>(grain.y + margin) + 1);
  for (int y = top; y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) {
      const float px = static_cast<float>(x) - grain.x;
      const float py = static_cast<float>(y) - grain.y;
      const float u = (px * dx + py * dy) / grain.along;
      const float v = (py * dx - px * dy) / across * (1 + 0.35f * u);  // slimmer towards the point
      const float radius = std::sqrt(u * u + v * v);
      const float coverage = std::clamp((1 - radius) * across + 0.5f, 0.0f, 1.0f);
      if (coverage <= 0) continue;
      const Rgb albedo = mix(grain.base, grain.body, smoothstep(-0.25f, 0.25f, u + 1 - 2 * grain.edge));
      const float groove = 1 - 0.22f * std::exp(-40.0f * (v - 0.25f) * (v - 0.25f));
      const float round = 1 - 0.45f * radius * radius - 0.2f * v;
      Rgb colour = albedo * (light.sky + light.sun * (facing * round)) * groove;
      const float spot = std::max(0.0f, 1 - 5 * ((v + 0.35f) * (v + 0.35f) + 0.5f * u * u));
      colour = colour + light.sun * (0.12f * light.shine * spot * facing);
      canvas.lay(x, y, colour, coverage);
    }
  }
}

Grain randomGrain(const Panicle& panicle, const Tissue& tissue, RandomStream& random) {
  const float tone = between(random, 0.8f, 1.2f);
  Grain grain{};
  grain.body = panicle.ripe * tone;
  grain.base = grain.body;
  grain.edge = 0;
  if (random.bernoulli(panicle.blighted)) {
    const Rgb brown = mix(Rgb{0.20f, 0.095f, 0.045f}, Rgb{0.32f, 0.20f, 0.13f}, between(random, 0.0f, 1.0f));
    const Rgb white = mix(tissue.straw, Rgb{0.74f, 0.68f, 0.56f}, between(random, 0.3f, 1.0f));
    const bool pale = random.bernoulli(panicle.bleached);
    grain.body =
        mix(grain.body, pale ? white : mix(brown, tissue.straw, 0.35f), between(random, 0.55f, 1.0f));
    grain.base = brown * tone;
    grain.edge = between(random, 0.25f, 0.75f);
  }
  return grain;
}

void paintStalk(Canvas& canvas, const Blade& stalk, const Tissue& tissue, const Light& light, float scale) {
  Skin skin(4, 4);
  for (Rgb& pixel : skin.albedo) pixel = mix(tissue.green, tissue.pale, 0.5f);
  paintBlade(canvas, stalk, skin, light, scale);
}

}  // namespace

void paintPanicle(Canvas& canvas, const Panicle& panicle, const Tissue& tissue, const Light& light,
                  RandomStream& random, float scale) {
  Blade stalk;
  stalk.x = panicle.x;
  stalk.y = panicle.y;
  stalk.angle = panicle.angle;
  stalk.bend = panicle.bend;
  stalk.length = panicle.length;
  stalk.halfWidth = std::max(0.9f, 0.32f * panicle.grain);
  stalk.taper = 6;
  stalk.facing = 0.8f;
  stalk.fold = 0.1f;
  stalk.seed = random.next();
  paintStalk(canvas, stalk, tissue, light, scale);

  const std::vector<SpinePoint> spine = bladeSpine(stalk);
  const auto nodes = static_cast<int>(spine.size());
  for (int node = nodes * 2 / 5; node < nodes; node += pick(random, 1, 2)) {
    const SpinePoint& at = spine[node];
    const float side = node % 2 == 0 ? 1.0f : -1.0f;
    const float u = static_cast<float>(node) / static_cast<float>(nodes);
    Blade branch = stalk;
    branch.x = at.x;
    branch.y = at.y;
    const float heading = std::atan2(at.dx, -at.dy);
    branch.angle = heading + side * between(random, 0.12f, 0.45f);
    branch.bend = between(random, -0.2f, 0.5f) * (panicle.bend < 0 ? -1.0f : 1.0f);
    branch.length = panicle.grain * between(random, 6.0f, 13.0f) * (1.15f - 0.6f * u);
    branch.halfWidth = 0.45f * stalk.halfWidth;
    paintStalk(canvas, branch, tissue, light, scale);

    const std::vector<SpinePoint> twig = bladeSpine(branch);
    const int grains = std::max(2, static_cast<int>(branch.length / (panicle.grain * 1.15f)));
    for (int i = 0; i < grains; ++i) {
      const std::size_t place =
          (twig.size() - 1) * static_cast<std::size_t>(i + 1) / static_cast<std::size_t>(grains);
      Grain grain = randomGrain(panicle, tissue, random);
      const float hand = i % 2 == 0 ? 1.0f : -1.0f;
      grain.angle = std::atan2(twig[place].dx, -twig[place].dy) + hand * between(random, 0.1f, 0.5f);
      grain.along = scale * panicle.grain * between(random, 0.85f, 1.15f);
      const float out = panicle.grain * 0.45f * hand;
      grain.x = scale * (twig[place].x + out * -twig[place].dy);
      grain.y = scale * (twig[place].y + out * twig[place].dx);
      paintGrain(canvas, grain, light, between(random, 0.55f, 1.05f));
    }
  }
}

}  // namespace panicle::leaf
