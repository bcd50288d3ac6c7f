#include "core/data/leaf_disease.h"

#include <cmath>

namespace panicle::leaf {
namespace {

constexpr Rgb kGreyCentre{0.46f, 0.43f, 0.36f};
constexpr Rgb kBrown{0.16f, 0.065f, 0.022f};
constexpr Rgb kDarkBrown{0.075f, 0.033f, 0.016f};
constexpr Rgb kAmber{0.34f, 0.15f, 0.035f};
constexpr Rgb kYellow{0.55f, 0.44f, 0.05f};
constexpr Rgb kOrange{0.62f, 0.33f, 0.035f};
constexpr Rgb kPaleYellow{0.62f, 0.60f, 0.25f};
constexpr Rgb kWhite{0.72f, 0.74f, 0.62f};
constexpr Rgb kBleached{0.66f, 0.60f, 0.42f};

float span(const Skin& skin) {
  return static_cast<float>(skin.visibleTo - skin.visibleFrom);
}

float anywhere(const Skin& skin, RandomStream& random) {
  return between(random, static_cast<float>(skin.visibleFrom), static_cast<float>(skin.visibleTo));
}

// How many marks a leaf gets when `perSquare` of them belong on a piece as long as the leaf is wide.
int countFor(const Skin& skin, float perSquare, RandomStream& random) {
  const float mean = perSquare * span(skin) / static_cast<float>(skin.width);
  return std::max(1, static_cast<int>(mean * between(random, 0.6f, 1.4f) + 0.5f));
}

Rgb vary(Rgb colour, float amount, RandomStream& random) {
  const float tone = between(random, 1 - amount, 1 + amount);
  const float warmth = between(random, 1 - 0.4f * amount, 1 + 0.4f * amount);
  return colour * Rgb{tone * warmth, tone, tone / warmth};
}

// Spindles: grey centre, brown rim, drawn out to points along the leaf.
void paintBlast(Skin& skin, float severity, RandomStream& random) {
  const Noise noise(random.next());
  const auto width = static_cast<float>(skin.width);
  const int count = countFor(skin, 0.4f + 0.7f * severity, random);
  for (int i = 0; i < count; ++i) {
    Spot spot;
    spot.s = anywhere(skin, random);
    spot.t = width * between(random, 0.12f, 0.88f);
    const float size = between(random, 0.45f, 1.0f) * (0.6f + 0.5f * severity);
    spot.across = std::max(1.6f, width * 0.24f * size);
    spot.along = std::max(4.0f, spot.across * between(random, 2.4f, 4.2f));
    spot.power = between(random, 1.0f, 1.3f);
    spot.wobble = 0.22f;
    spot.rimAt = between(random, 0.5f, 0.72f);
    spot.reach = 1.6f;
    spot.centre = vary(kGreyCentre, 0.25f, random);
    spot.rim = vary(kBrown, 0.3f, random);
    spot.halo = vary(kYellow, 0.2f, random);
    spot.haloOpacity = 0.6f;
    spot.opacity = 0.5f + 0.5f * severity;
    paintSpot(skin, spot, noise);
  }
}

// Many small round spots, brown all through, each in a yellow ring.
void paintBrownSpot(Skin& skin, float severity, RandomStream& random) {
  const Noise noise(random.next());
  const auto width = static_cast<float>(skin.width);
  const int count = countFor(skin, 2.0f + 4.0f * severity, random);
  for (int i = 0; i < count; ++i) {
    Spot spot;
    spot.s = anywhere(skin, random);
    spot.t = width * between(random, 0.04f, 0.96f);
    const float size = random.bernoulli(0.2) ? between(random, 0.8f, 1.35f) : between(random, 0.35f, 0.75f);
    spot.across = std::max(1.1f, width * 0.12f * size * (0.7f + 0.4f * severity));
    spot.along = spot.across * between(random, 1.0f, 1.55f);
    spot.wobble = 0.2f;
    spot.rimAt = between(random, 0.3f, 0.6f);
    spot.softness = 0.25f;
    spot.reach = between(random, 1.7f, 2.4f);
    spot.centre = size > 0.9f && random.bernoulli(0.5) ? vary(kGreyCentre * 0.55f, 0.3f, random)
                                                       : vary(kBrown, 0.3f, random);
    spot.rim = vary(kDarkBrown, 0.3f, random);
    spot.halo = vary(kYellow, 0.25f, random);
    spot.haloOpacity = 0.75f;
    spot.opacity = 0.5f + 0.5f * severity;
    paintSpot(skin, spot, noise);
  }
}

struct StreakStyle {
  float perSquare;
  float lengthLow;  // in leaf widths
  float lengthHigh;
  float thickness;  // share of the leaf's width
  Rgb colour;
  Rgb halo;
  float haloOpacity;
  float clustering;  // 0: anywhere; 1: side by side in a few groups
};

void paintStreaks(Skin& skin, const StreakStyle& style, float severity, RandomStream& random) {
  const Noise noise(random.next());
  const auto width = static_cast<float>(skin.width);
  const int count = countFor(skin, style.perSquare, random);
  float groupS = anywhere(skin, random);
  float groupT = width * between(random, 0.15f, 0.85f);
  for (int i = 0; i < count; ++i) {
    if (random.bernoulli(0.22)) {
      groupS = anywhere(skin, random);
      groupT = width * between(random, 0.15f, 0.85f);
    }
    const bool grouped = random.bernoulli(style.clustering);
    Spot spot;
    spot.s = anywhere(skin, random);
    spot.t = width * between(random, 0.06f, 0.94f);
    if (grouped) {
      spot.s = groupS + width * between(random, -0.5f, 0.5f);
      spot.t = groupT + width * between(random, -0.2f, 0.2f);
    }
    spot.along = width * between(random, style.lengthLow, style.lengthHigh) * 0.5f;
    spot.across = std::max(0.8f, width * style.thickness * between(random, 0.6f, 1.3f));
    spot.power = 2;
    spot.wobble = 0.35f;
    spot.softness = 0.3f;
    spot.rimAt = 0.4f;
    spot.reach = 1.8f;
    spot.centre = vary(style.colour, 0.2f, random);
    spot.rim = spot.centre;
    spot.halo = style.halo;
    spot.haloOpacity = style.haloOpacity;
    spot.opacity = 0.45f + 0.5f * severity;
    paintSpot(skin, spot, noise);
  }
}

// Scraped by the adult beetle: white lines along the veins, side by side.
void paintHispa(Skin& skin, float severity, RandomStream& random) {
  paintStreaks(skin,
               {.perSquare = 1.5f + 4.0f * severity,
                .lengthLow = 0.4f,
                .lengthHigh = 1.9f,
                .thickness = 0.034f,
                .colour = kWhite,
                .halo = kPaleYellow,
                .haloOpacity = 0.2f,
                .clustering = 0.75f},
               severity, random);
  if (!random.bernoulli(0.5)) return;
  // The grub's mine: a papery blister between the veins.
  paintStreaks(skin,
               {.perSquare = 0.12f,
                .lengthLow = 0.8f,
                .lengthHigh = 1.8f,
                .thickness = 0.13f,
                .colour = kBleached,
                .halo = kPaleYellow,
                .haloOpacity = 0.3f,
                .clustering = 0.0f},
               severity * 0.8f, random);
}

// Narrow, translucent, between the veins; amber, browning with age.
void paintLeafStreak(Skin& skin, float severity, RandomStream& random) {
  const Rgb colour = mix(kAmber, kBrown, between(random, 0.0f, 0.8f));
  paintStreaks(skin,
               {.perSquare = 1.2f + 3.0f * severity,
                .lengthLow = 0.5f,
                .lengthHigh = 2.6f,
                .thickness = 0.05f,
                .colour = colour,
                .halo = kYellow,
                .haloOpacity = 0.45f,
                .clustering = 0.35f},
               severity, random);
}

// Wavy-edged dry margin that runs down from the tip, yellow where it meets the green.
void paintLeafBlight(Skin& skin, float severity, RandomStream& random) {
  const Noise noise(random.next());
  const auto visible = static_cast<float>(skin.visibleTo);
  const float reach = span(skin) * (0.35f + 0.6f * severity) * between(random, 0.75f, 1.15f);
  const bool bothSides = random.bernoulli(0.55);
  const bool leftSide = bothSides || random.bernoulli(0.5);
  const float depth = between(random, 0.35f, 0.6f) + 0.35f * severity;
  const Rgb dry = mix(kBleached, kWhite, between(random, 0.0f, 0.7f));
  const float opacity = 0.55f + 0.45f * severity;
  for (int t = 0; t < skin.width; ++t) {
    const float v = (static_cast<float>(t) + 0.5f) / static_cast<float>(skin.width) * 2 - 1;
    const float side = v < 0 ? 0.0f : 50.0f;
    const float fromEdge = bothSides ? 1 - std::abs(v) : (leftSide ? 1 + v : 1 - v);
    for (int s = skin.paintedFrom; s < skin.paintedTo; ++s) {
      const auto x = static_cast<float>(s);
      const float near = 1 - (visible - x) / reach;  // 1 at the tip, 0 where the disease ends
      const float wave = noise.fractal(x / 38 + side, 1.5f, 3);
      const float fine = noise.at(x / 22, static_cast<float>(t) / 2.2f);
      const float front =
          depth * near + 0.30f * wave * std::min(1.0f, 2.5f * near + 0.3f) + 0.04f * fine - fromEdge;
      if (front < -0.35f) continue;
      Rgb& pixel = skin.at(s, t);
      pixel = mix(pixel, kYellow, opacity * 0.8f * smoothstep(-0.30f, -0.02f, front));
      const Rgb paper = dry * (1 + 0.14f * fine + 0.12f * wave);
      pixel = mix(pixel, paper, opacity * smoothstep(-0.03f, 0.10f, front));
    }
  }
}

// Pale, blurred mottling in broken rows along the veins.
void paintDownyMildew(Skin& skin, float severity, RandomStream& random) {
  const Noise noise(random.next());
  const auto width = static_cast<float>(skin.width);
  const float stretch = between(random, 0.25f, 0.8f) * width;
  const float across = std::max(2.0f, between(random, 0.06f, 0.11f) * width);
  const float threshold = 0.42f - 0.5f * severity;
  const float whiteness = between(random, 0.1f, 0.7f);
  for (int t = 0; t < skin.width; ++t) {
    for (int s = skin.paintedFrom; s < skin.paintedTo; ++s) {
      const auto x = static_cast<float>(s);
      const auto y = static_cast<float>(t);
      const float region = noise.fractal(x / (3.0f * width), 3.3f, 2);
      const float mottle =
          noise.at(x / stretch, y / across) + 0.35f * noise.at(x / stretch * 2.7f + 40, y / across);
      const float amount = smoothstep(threshold, threshold + 0.55f, mottle + 0.55f * region);
      Rgb& pixel = skin.at(s, t);
      pixel = mix(pixel, mix(kPaleYellow, kWhite, whiteness), amount * (0.35f + 0.45f * severity));
    }
  }
}

// The leaf yellows to orange from its tip, last along the midrib and the base; a few rusty flecks.
void paintTungro(Skin& skin, float severity, RandomStream& random) {
  const Noise noise(random.next());
  const auto visible = static_cast<float>(skin.visibleTo);
  const float reach = span(skin) * (0.45f + 0.85f * severity) * between(random, 0.8f, 1.2f);
  const Rgb discoloured = mix(kYellow, kOrange, between(random, 0.1f, 1.0f));
  for (int t = 0; t < skin.width; ++t) {
    const float v = (static_cast<float>(t) + 0.5f) / static_cast<float>(skin.width) * 2 - 1;
    for (int s = skin.paintedFrom; s < skin.paintedTo; ++s) {
      const auto x = static_cast<float>(s);
      const auto y = static_cast<float>(t);
      const float near = 1 - (visible - x) / reach;
      const float cloud = noise.fractal(x / 60, y / 9, 3);
      const float stripe = noise.at(x / 120 + 9, y / 3);
      const float amount =
          smoothstep(-0.15f, 0.75f, near + 0.35f * cloud + 0.18f * stripe + 0.12f * std::abs(v));
      const float rust = smoothstep(0.35f, 0.6f, cloud + 0.35f * stripe) * smoothstep(0.3f, 0.9f, near);
      Rgb& pixel = skin.at(s, t);
      const Rgb colour = mix(discoloured, kOrange * 0.6f, 0.7f * rust);
      pixel = mix(pixel, colour * (1 + 0.12f * stripe), amount * (0.35f + 0.45f * severity));
    }
  }
}

}  // namespace

void paintAilment(Skin& skin, Ailment ailment, float severity, const Tissue& tissue, RandomStream& random) {
  switch (ailment) {
    case Ailment::BacterialLeafBlight:
      return paintLeafBlight(skin, severity, random);
    case Ailment::BacterialLeafStreak:
      return paintLeafStreak(skin, severity, random);
    case Ailment::Blast:
      return paintBlast(skin, severity, random);
    case Ailment::BrownSpot:
      return paintBrownSpot(skin, severity, random);
    case Ailment::DownyMildew:
      return paintDownyMildew(skin, severity, random);
    case Ailment::Hispa:
      return paintHispa(skin, severity, random);
    case Ailment::Tungro:
      return paintTungro(skin, severity, random);
    case Ailment::DeadHeart:
      return paintDry(skin, tissue, random);
    case Ailment::BacterialPanicleBlight:
    case Ailment::Normal:
      return;
  }
}

void paintBlemishes(Skin& skin, const Tissue& tissue, RandomStream& random) {
  const Noise noise(random.next());
  const auto width = static_cast<float>(skin.width);
  const int count = pick(random, 0, 4);
  for (int i = 0; i < count; ++i) {
    Spot spot;
    spot.s = anywhere(skin, random);
    spot.t = width * between(random, 0.0f, 1.0f);
    spot.across = std::max(0.9f, width * between(random, 0.015f, 0.06f));
    spot.along = spot.across * between(random, 1.0f, 6.0f);
    spot.wobble = 0.4f;
    spot.softness = 0.4f;
    spot.centre = mix(tissue.straw, kBrown, between(random, 0.0f, 1.0f));
    spot.rim = spot.centre;
    spot.halo = kPaleYellow;
    spot.haloOpacity = 0.2f;
    spot.opacity = between(random, 0.3f, 0.9f);
    paintSpot(skin, spot, noise);
  }
}

}  // namespace panicle::leaf
