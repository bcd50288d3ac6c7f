#include "core/data/leaf_scene.h"

#include <cmath>

#include "core/data/leaf_panicle.h"

namespace panicle::leaf {
namespace {

struct Clump {
  float x;
  float y;
};

std::vector<Clump> randomClumps(const Scene& scene, RandomStream& random) {
  std::vector<Clump> clumps(static_cast<std::size_t>(pick(random, 2, 5)));
  for (Clump& clump : clumps) {
    clump.x = between(random, -0.1f, 1.1f) * static_cast<float>(scene.width);
    clump.y = between(random, 0.4f, 1.2f) * static_cast<float>(scene.height);
  }
  return clumps;
}

Blade standBlade(const Scene& scene, const std::vector<Clump>& clumps, float halfLow, float halfHigh,
                 RandomStream& random) {
  Blade blade = randomBlade(random);
  const Clump& clump = clumps[random.below(clumps.size())];
  blade.x = clump.x + scene.unit * 45 * static_cast<float>(random.normal());
  blade.y = clump.y + scene.unit * 30 * static_cast<float>(random.normal());
  const float spread = scene.fromAbove ? 0.85f : 0.30f;
  blade.angle = spread * static_cast<float>(random.normal());
  const float droop = between(random, 0.05f, 0.9f);
  blade.bend = (blade.angle < 0 ? -droop : droop) + between(random, -0.15f, 0.15f);
  blade.length = scene.unit * between(random, 320, 720);
  blade.sunken = between(random, 0.5f, 0.9f);
  blade.halfWidth = scene.unit * between(random, halfLow, halfHigh);
  return blade;
}

// A few skins serve all plants of the stand.
Skin standSkin(const Scene& scene, float length, float width) {
  return Skin(std::max(16, static_cast<int>(scene.unit * length)),
              std::max(6, static_cast<int>(scene.unit * width)));
}

std::vector<Skin> standSkins(const Scene& scene, int count, float width, RandomStream& random) {
  std::vector<Skin> skins;
  for (int i = 0; i < count; ++i) {
    Skin& skin = skins.emplace_back(standSkin(scene, 240, width));
    Tissue tissue = scene.tissue;
    tissue.green = mix(tissue.green, tissue.pale, between(random, 0.0f, 0.25f));
    paintHealthy(skin, tissue, random);
  }
  Skin& dry = skins.emplace_back(standSkin(scene, 240, width));
  paintDry(dry, scene.tissue, random);
  return skins;
}

const Skin& anySkin(const std::vector<Skin>& skins, float dryShare, RandomStream& random) {
  if (random.bernoulli(dryShare)) return skins.back();
  return skins[random.below(skins.size() - 1)];
}

void paintGround(Canvas& canvas, const Scene& scene, RandomStream& random) {
  const Noise noise(random.next());
  const Rgb undergrowth = scene.tissue.green * between(random, 0.05f, 0.22f);
  const float wet = between(random, 0.0f, 1.0f);
  const float size = scene.unit * static_cast<float>(canvas.width()) / static_cast<float>(scene.width);
  for (int y = 0; y < canvas.height(); ++y) {
    float* pixel = canvas.row(y);
    const float down = static_cast<float>(y) / static_cast<float>(canvas.height());
    for (int x = 0; x < canvas.width(); ++x, pixel += 3) {
      const auto px = static_cast<float>(x);
      const auto py = static_cast<float>(y);
      const float patch = noise.fractal(px / (70 * size), py / (60 * size), 3);
      const float crumb = noise.fractal(px / (9 * size) + 40, py / (7 * size), 2);
      Rgb colour = mix(undergrowth, scene.ground * (0.45f + 0.55f * down),
                       smoothstep(-0.3f, 0.5f, patch + 0.6f * down - 0.3f));
      const float straw = noise.at(px / (3 * size) + 70, py / (22 * size));
      colour = colour * std::max(0.12f, 0.55f + 0.45f * crumb + 0.3f * straw);
      const float puddle = wet * smoothstep(0.35f, 0.7f, patch - 0.2f * crumb);
      colour = mix(colour, scene.sky * 0.09f, puddle);
      pixel[0] = colour.r;
      pixel[1] = colour.g;
      pixel[2] = colour.b;
    }
  }
}

void paintHorizon(Canvas& canvas, const Scene& scene, RandomStream& random) {
  const Noise noise(random.next());
  const float edge = scene.horizon * static_cast<float>(canvas.height());
  const float field = edge * between(random, 1.6f, 3.0f) + 10;
  const Rgb far =
      mix(scene.tissue.green, scene.sky * 0.5f, 0.25f) * (scene.light.sky + scene.light.sun * 0.7f);
  for (int y = 0; y < canvas.height() && static_cast<float>(y) < field; ++y) {
    const float below = (static_cast<float>(y) - edge) / (field - edge);
    for (int x = 0; x < canvas.width(); ++x) {
      const auto px = static_cast<float>(x);
      const float trees = 6 * scene.unit * std::max(0.0f, noise.fractal(px / 14, 2.5f, 3) + 0.1f);
      if (static_cast<float>(y) < edge - trees) {
        canvas.lay(x, y, scene.sky, 1);
      } else if (static_cast<float>(y) < edge) {
        canvas.lay(x, y, far * Rgb{0.25f, 0.35f, 0.5f}, 1);
      } else {
        const float blades = noise.at(px / 2.2f, static_cast<float>(y) / 14);
        canvas.lay(x, y, far * (0.75f + 0.3f * blades), 1 - smoothstep(0.5f, 1.0f, below));
      }
    }
  }
}

void paintFarStand(Canvas& canvas, const Scene& scene, RandomStream& random) {
  const std::vector<Skin> skins = standSkins(scene, 3, 9, random);
  const std::vector<Clump> clumps = randomClumps(scene, random);
  const int count = pick(random, 90, 150);
  const float dryShare = random.bernoulli(0.5) ? between(random, 0.0f, 0.10f) : 0.0f;
  for (int i = 0; i < count; ++i) {
    const float near = static_cast<float>(i) / static_cast<float>(count);
    Blade blade = standBlade(scene, clumps, 2.5f, 6.5f, random);
    if (!scene.fromAbove) {  // rows, one behind the other
      blade.x = between(random, -0.1f, 1.1f) * static_cast<float>(scene.width);
      blade.y = (mix(0.35f, 1.2f, near) + scene.horizon * (1 - near)) * static_cast<float>(scene.height);
      blade.length *= mix(0.6f, 1.0f, near);
      blade.halfWidth *= mix(0.6f, 1.0f, near);
    }
    const float dim = scene.fromAbove ? mix(0.22f, 0.9f, near) : mix(0.6f, 0.9f, near);
    Light light = scene.light;
    light.sun = light.sun * dim;
    light.sky = light.sky * dim;
    if (i % 3 == 0) paintBladeShadow(canvas, blade, 6 * scene.unit, 8 * scene.unit, 0.45f, 0.5f);
    paintBlade(canvas, blade, anySkin(skins, dryShare, random), light, 0.5f);
  }
}

std::vector<Skin> illSkins(const Scene& scene, const Outbreak& outbreak, RandomStream& random) {
  std::vector<Skin> skins;
  for (int i = 0; i < 3; ++i) {
    Skin& skin = skins.emplace_back(standSkin(scene, 320, 28));
    paintHealthy(skin, scene.tissue, random);
    paintAilment(skin, outbreak.ailment, outbreak.severity * between(random, 0.5f, 1.0f), scene.tissue,
                 random);
  }
  return skins;
}

void paintNearStand(Canvas& canvas, const Scene& scene, const Outbreak& outbreak, RandomStream& random) {
  const std::vector<Skin> skins = standSkins(scene, 4, 28, random);
  const std::vector<Skin> ill = illSkins(scene, outbreak, random);
  const std::vector<Clump> clumps = randomClumps(scene, random);
  const int count = pick(random, 14, 30);
  const float dryShare = random.bernoulli(0.25) ? between(random, 0.03f, 0.10f) : 0.0f;
  for (int i = 0; i < count; ++i) {
    Blade blade = standBlade(scene, clumps, 7.0f, 17.0f, random);
    if (!scene.fromAbove) blade.y += 0.45f * static_cast<float>(scene.height);
    paintBladeShadow(canvas, blade, 7 * scene.unit, 9 * scene.unit, 0.35f);
    const bool isIll = random.bernoulli(outbreak.share);
    const Skin& skin = isIll ? ill[random.below(ill.size())] : anySkin(skins, dryShare, random);
    paintBlade(canvas, blade, skin, scene.light);
  }
}

void paintStandPanicles(Canvas& canvas, const Scene& scene, float blighted, RandomStream& random) {
  const int count = pick(random, 1, 3);
  const Rgb ripe = mix(Rgb{0.30f, 0.40f, 0.06f}, Rgb{0.50f, 0.36f, 0.09f}, between(random, 0.0f, 0.8f));
  for (int i = 0; i < count; ++i) {
    Panicle panicle;
    panicle.x = between(random, 0.1f, 0.9f) * static_cast<float>(scene.width);
    panicle.y = between(random, 0.5f, 1.0f) * static_cast<float>(scene.height);
    panicle.angle = between(random, -0.5f, 0.5f);
    panicle.bend = between(random, 0.2f, 1.6f) * (panicle.angle < 0 ? -1.0f : 1.0f);
    panicle.length = scene.unit * between(random, 220, 400);
    panicle.grain = scene.unit * between(random, 5, 8.5f);
    panicle.ripe = ripe;
    panicle.blighted = blighted;
    panicle.bleached = 0.4f;
    paintPanicle(canvas, panicle, scene.tissue, scene.light, random);
  }
}

Rgb leafGreen(float nuisance, RandomStream& random) {
  const Rgb yellowish{0.24f, 0.42f, 0.035f};
  const Rgb fresh{0.16f, 0.36f, 0.035f};
  const Rgb bluish{0.15f, 0.27f, 0.11f};
  const float where = nuisance * between(random, -0.8f, 0.8f);
  return where < 0 ? mix(fresh, yellowish, -where) : mix(fresh, bluish, where);
}

}  // namespace

Scene randomScene(Size size, float nuisance, RandomStream& random) {
  Scene scene;
  scene.width = size.width;
  scene.height = size.height;
  const float frame =
      std::sqrt(static_cast<float>(size.width) * static_cast<float>(size.height) / (480.0f * 640.0f));
  scene.unit = frame * between(random, 0.9f, 1.6f);
  scene.fromAbove = random.bernoulli(0.45);
  scene.horizon = !scene.fromAbove && random.bernoulli(0.22) ? between(random, 0.03f, 0.16f) : 0.0f;
  scene.focus = between(random, 0.3f, 1.0f);

  const float sunny = random.bernoulli(0.75) ? between(random, 0.6f, 1.0f) : between(random, 0.0f, 0.35f);
  const float warmth = between(random, -1, 1);
  scene.light.sun = Rgb{1 + 0.10f * warmth, 1.0f, 1 - 0.14f * warmth} * mix(0.35f, 1.5f, sunny);
  scene.light.sky = Rgb{0.90f, 1.0f, 1.12f} * mix(0.65f, 0.17f, sunny);
  scene.light.shine = between(random, 0.0f, 1.0f);
  scene.light.dapple = sunny * between(random, 0.2f, 0.85f);
  scene.sky = Rgb{0.85f, 0.95f, 1.08f} * between(random, 1.0f, 1.8f);

  scene.tissue.green = leafGreen(nuisance, random);
  const float paleness = between(random, 0.4f, 0.75f);
  scene.tissue.pale = mix(scene.tissue.green, Rgb{0.52f, 0.60f, 0.26f}, paleness);
  scene.tissue.straw = mix(Rgb{0.50f, 0.36f, 0.15f}, Rgb{0.62f, 0.52f, 0.30f}, between(random, 0.0f, 1.0f));
  scene.tissue.veins = between(random, 0.12f, 0.38f);
  scene.tissue.tipDry = random.bernoulli(0.3) ? between(random, 0.02f, 0.14f) : 0.0f;
  const float soil = between(random, 0.5f, 1.3f);
  scene.ground = mix(Rgb{0.16f, 0.11f, 0.07f}, Rgb{0.11f, 0.11f, 0.11f}, between(random, 0.0f, 1.0f)) * soil;
  return scene;
}

Canvas paintField(const Scene& scene, const Outbreak& outbreak, RandomStream& random) {
  // The back is out of focus anyway: a quarter and a half of the size are enough, and many times as fast.
  Canvas ground((scene.width + 3) / 4, (scene.height + 3) / 4, 3);
  paintGround(ground, scene, random);
  Canvas back = enlarge(ground, (scene.width + 1) / 2, (scene.height + 1) / 2);
  if (scene.horizon > 0) paintHorizon(back, scene, random);
  paintFarStand(back, scene, random);
  blur(back, scene.unit * mix(0.35f, 2.6f, scene.focus));
  Canvas picture = enlarge(back, scene.width, scene.height);
  paintNearStand(picture, scene, outbreak, random);
  const bool panicleIll = outbreak.ailment == Ailment::BacterialPanicleBlight;
  if (random.bernoulli(panicleIll ? outbreak.share : 0.12f)) {
    paintStandPanicles(picture, scene, panicleIll ? outbreak.severity : 0.0f, random);
  }
  blur(picture, scene.unit * 1.7f * scene.focus * scene.focus);
  return picture;
}

void paintForeground(Canvas& picture, const Scene& scene, RandomStream& random) {
  if (!random.bernoulli(0.35)) return;
  Canvas layer((scene.width + 3) / 4, (scene.height + 3) / 4, 4);
  Skin skin = standSkin(scene, 120, 16);
  paintHealthy(skin, scene.tissue, random);
  const int count = pick(random, 1, 2);
  for (int i = 0; i < count; ++i) {
    Blade blade = randomBlade(random);
    const bool left = random.bernoulli(0.5);
    const float side = left ? between(random, -0.1f, 0.25f) : between(random, 0.75f, 1.1f);
    blade.x = side * static_cast<float>(scene.width);
    blade.y = 1.1f * static_cast<float>(scene.height);
    blade.angle = between(random, -0.5f, 0.5f) + (left ? -0.15f : 0.15f);
    blade.bend = between(random, -0.4f, 0.4f);
    blade.length = between(random, 0.5f, 1.3f) * static_cast<float>(scene.height);
    blade.halfWidth = scene.unit * between(random, 16, 40);
    paintBlade(layer, blade, skin, scene.light, 0.25f);
  }
  blur(layer, between(random, 1.2f, 2.8f));
  layOver(picture, enlarge(layer, scene.width, scene.height));
}

}  // namespace panicle::leaf
