#include "core/data/leaf_skin.h"

#include <cmath>
#include <numbers>

namespace panicle::leaf {

Rgb Skin::sample(float u, float v) const {
  const float s = std::clamp(u * static_cast<float>(length) - 0.5f, 0.0f, static_cast<float>(length - 1));
  const float t =
      std::clamp((v + 1) * 0.5f * static_cast<float>(width) - 0.5f, 0.0f, static_cast<float>(width - 1));
  const int s0 = static_cast<int>(s);
  const int t0 = static_cast<int>(t);
  const int s1 = std::min(s0 + 1, length - 1);
  const int t1 = std::min(t0 + 1, width - 1);
  const float fs = s - static_cast<float>(s0);
  return mix(mix(at(s0, t0), at(s1, t0), fs), mix(at(s0, t1), at(s1, t1), fs), t - static_cast<float>(t0));
}

namespace {

// Per row across the leaf: how much paler (midrib, veins) and how much darker (between them) it is.
struct Profile {
  std::vector<float> pale;
  std::vector<float> shade;
};

Profile veinProfile(int width, float contrast, RandomStream& random) {
  Profile profile{std::vector<float>(width), std::vector<float>(width)};
  const float spacing = between(random, 4.5f, 7.5f);  // pixels between veins
  const float phase = between(random, 0.0f, 6.28f);
  const float midrib = between(random, 0.05f, 0.09f);
  for (int t = 0; t < width; ++t) {
    const float v = (static_cast<float>(t) + 0.5f) / static_cast<float>(width) * 2 - 1;
    const float wave = std::cos(static_cast<float>(t) / spacing * 2 * std::numbers::pi_v<float> + phase);
    const float rib = std::exp(-(v * v) / (midrib * midrib));
    profile.pale[t] = std::min(1.0f, 0.75f * rib + contrast * std::max(0.0f, wave) * wave);
    profile.shade[t] = 1 - 0.35f * contrast * std::max(0.0f, -wave) -
                       0.12f * smoothstep(0.75f, 1.0f, std::abs(v)) -
                       0.25f * std::exp(-(v - 1.6f * midrib) * (v - 1.6f * midrib) / (midrib * midrib));
  }
  return profile;
}

}  // namespace

void paintHealthy(Skin& skin, const Tissue& tissue, RandomStream& random) {
  const Noise noise(random.next());
  const Profile profile = veinProfile(skin.width, tissue.veins, random);
  const float tip = tissue.tipDry * between(random, 0.3f, 1.0f);
  const float tone = between(random, 0.85f, 1.15f);
  const Rgb tint{tone * between(random, 0.9f, 1.15f), tone, tone * between(random, 0.8f, 1.2f)};
  for (int t = 0; t < skin.width; ++t) {
    for (int s = skin.paintedFrom; s < skin.paintedTo; ++s) {
      const float u = static_cast<float>(s) / static_cast<float>(skin.length);
      const float cloud = noise.fractal(static_cast<float>(s) / 70, static_cast<float>(t) / 16, 2);
      const float streak = noise.at(static_cast<float>(s) / 55 + 91, static_cast<float>(t) / 1.7f);
      Rgb colour = mix(tissue.green * tint, tissue.pale,
                       0.55f * profile.pale[t] + 0.12f * smoothstep(0.1f, 0.9f, cloud));
      colour = colour * (profile.shade[t] * (1 + 0.10f * cloud + 0.07f * streak));
      if (tip > 0) {
        const float dry = smoothstep(1 - tip * 1.3f, 1 - tip * 0.7f, u + 0.06f * cloud + 0.02f * streak);
        colour = mix(colour, tissue.straw * (0.85f + 0.2f * streak), dry);
      }
      skin.at(s, t) = colour;
    }
  }
}

void paintDry(Skin& skin, const Tissue& tissue, RandomStream& random) {
  const Noise noise(random.next());
  const float bleached = between(random, 0.15f, 0.85f);
  const Rgb brown = tissue.straw * Rgb{0.55f, 0.42f, 0.33f};
  const Rgb white{0.72f, 0.68f, 0.55f};
  const float greenBase = between(random, 0.0f, 0.35f);
  for (int t = 0; t < skin.width; ++t) {
    for (int s = skin.paintedFrom; s < skin.paintedTo; ++s) {
      const auto x = static_cast<float>(s);
      const auto y = static_cast<float>(t);
      const float patch = noise.fractal(x / 90, y / 14, 3);
      const float fibre = noise.at(x / 40 + 31, y / 1.6f);
      Rgb colour = mix(tissue.straw, white, std::clamp(bleached + 0.6f * patch, 0.0f, 1.0f));
      colour = mix(colour, brown, smoothstep(0.05f, 0.75f, -patch + 0.25f * fibre));
      const float u = x / static_cast<float>(skin.length);
      const float alive = 1 - smoothstep(greenBase - 0.12f, greenBase + 0.02f, u + 0.08f * patch);
      skin.at(s, t) = mix(colour, tissue.green * Rgb{1.3f, 1.0f, 0.9f}, alive) * (1 + 0.16f * fibre);
    }
  }
}

void paintSpot(Skin& skin, const Spot& spot, const Noise& noise) {
  const float extentS = spot.along * spot.reach * (1 + spot.wobble);
  const float extentT = spot.across * spot.reach * (1 + spot.wobble);
  const int firstS = std::max(0, static_cast<int>(spot.s - extentS));
  const int lastS = std::min(skin.length - 1, static_cast<int>(spot.s + extentS) + 1);
  const int firstT = std::max(0, static_cast<int>(spot.t - extentT));
  const int lastT = std::min(skin.width - 1, static_cast<int>(spot.t + extentT) + 1);
  for (int t = firstT; t <= lastT; ++t) {
    for (int s = firstS; s <= lastS; ++s) {
      const float x = std::abs(static_cast<float>(s) - spot.s) / spot.along;
      const float y = std::abs(static_cast<float>(t) - spot.t) / spot.across;
      float radius = std::pow(std::pow(x, spot.power) + std::pow(y, spot.power), 1 / spot.power);
      const float rough = noise.fractal(static_cast<float>(s) / 9 + 5, static_cast<float>(t) / 5 + 3, 2);
      radius *= 1 + spot.wobble * rough;
      if (radius > spot.reach) continue;
      const float halo = spot.haloOpacity * (1 - smoothstep(1 - spot.softness, spot.reach, radius));
      const float body = 1 - smoothstep(1 - spot.softness, 1 + spot.softness, radius);
      const float core = 1 - smoothstep(spot.rimAt - 0.15f, spot.rimAt + 0.15f, radius);
      Rgb& pixel = skin.at(s, t);
      pixel = mix(pixel, spot.halo * (1 + 0.1f * rough), halo * spot.opacity);
      pixel = mix(pixel, mix(spot.rim, spot.centre, core) * (1 + 0.22f * rough), body * spot.opacity);
    }
  }
}

}  // namespace panicle::leaf
