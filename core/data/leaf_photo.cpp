// One sample photo: the field, the subject with its ailment, what hangs in front, the camera.
#include <cmath>
#include <string>

#include "core/base/error.h"
#include "core/data/leaf_camera.h"
#include "core/data/leaf_disease.h"
#include "core/data/leaf_panicle.h"
#include "core/data/leaf_scene.h"
#include "core/data/sample_data.h"

namespace panicle {
namespace leaf {
namespace {

// How hard the classes are to tell apart. Chosen so that a small network from scratch ends clearly between
// chance and perfect after ten epochs over the default set.
struct Difficulty {
  float faintest = 0.6f;  // severity of the mildest case, 0..1
  float severest = 1.0f;
  float outbreak = 0.9f;  // share of the other leaves that show the ailment too
  float narrowest = 22;   // half width of the subject's leaves, pixels of a 480 x 640 photo
  float widest = 46;
  float nuisance = 0.6f;  // see randomScene() and develop()
};
constexpr Difficulty kDifficulty;

// A leaf that enters from outside the frame and has its tip in it, or crosses it.
Blade subjectBlade(const Scene& scene, RandomStream& random) {
  const auto width = static_cast<float>(scene.width);
  const auto height = static_cast<float>(scene.height);
  Blade blade = randomBlade(random);
  const int side = pick(random, 0, 9);
  if (side < 6) {
    blade.x = between(random, 0.05f, 0.95f) * width;
    blade.y = between(random, 1.1f, 1.6f) * height;
  } else {
    blade.x = side < 8 ? -0.5f * width : 1.5f * width;
    blade.y = between(random, 0.35f, 0.95f) * height;
  }
  const float towardsX = between(random, 0.25f, 0.75f) * width - blade.x;
  const float towardsY = between(random, 0.12f, 0.55f) * height - blade.y;
  blade.bend = between(random, -0.55f, 0.55f);
  blade.angle = std::atan2(towardsX, -towardsY) - 0.33f * blade.bend;
  blade.length = std::hypot(towardsX, towardsY) * between(random, 1.0f, 1.5f);
  blade.halfWidth = scene.unit * between(random, kDifficulty.narrowest, kDifficulty.widest);
  blade.foot = 0.75f;
  blade.taper = between(random, 1.7f, 3.2f);
  blade.twist *= 0.6f;
  blade.facing = between(random, 0.65f, 1.1f);
  return blade;
}

Skin skinFor(const Blade& blade, const Scene& scene) {
  Skin skin(std::max(8, static_cast<int>(blade.length)), std::max(6, static_cast<int>(2 * blade.halfWidth)));
  const std::vector<SpinePoint> spine = bladeSpine(blade);
  int first = skin.length;
  int last = 0;
  for (std::size_t i = 0; i < spine.size(); ++i) {
    const bool inside = spine[i].x >= 0 && spine[i].y >= 0 && spine[i].x < static_cast<float>(scene.width) &&
                        spine[i].y < static_cast<float>(scene.height);
    if (!inside) continue;
    const int at = static_cast<int>(static_cast<std::size_t>(skin.length) * i / (spine.size() - 1));
    first = std::min(first, at);
    last = std::max(last, at);
  }
  if (last > first) {
    skin.visibleFrom = first;
    skin.visibleTo = last;
    const int margin = skin.length / 14 + 2 * skin.width;
    skin.paintedFrom = std::max(0, first - margin);
    skin.paintedTo = std::min(skin.length, last + margin);
  }
  return skin;
}

void paintSubjectLeaf(Canvas& picture, const Scene& scene, const Blade& blade, Ailment ailment,
                      float severity, RandomStream& random) {
  Skin skin = skinFor(blade, scene);
  paintHealthy(skin, scene.tissue, random);
  if (severity > 0) paintAilment(skin, ailment, severity, scene.tissue, random);
  paintBlemishes(skin, scene.tissue, random);
  paintBladeShadow(picture, blade, 12 * scene.unit, 15 * scene.unit, 0.45f);
  paintBlade(picture, blade, skin, scene.light);
}

// The dried shoot in the middle of a green plant: narrow, rolled, upright.
void paintDeadHeart(Canvas& picture, const Scene& scene, float severity, RandomStream& random) {
  const int shoots = pick(random, 1, 2);
  for (int i = 0; i < shoots; ++i) {
    Blade blade = subjectBlade(scene, random);
    blade.x = between(random, 0.3f, 0.7f) * static_cast<float>(scene.width);
    blade.y = between(random, 0.75f, 1.1f) * static_cast<float>(scene.height);
    blade.angle = between(random, -0.35f, 0.35f);
    blade.bend = between(random, -0.5f, 0.5f);
    blade.length = scene.unit * between(random, 280, 520);
    blade.halfWidth *= mix(0.35f, 0.6f, severity);
    blade.foot = 0.35f;
    blade.taper = between(random, 1.2f, 2.2f);
    blade.fold = between(random, 0.2f, 0.5f);
    blade.sunken = 0.8f;
    paintSubjectLeaf(picture, scene, blade, Ailment::DeadHeart, severity, random);
  }
}

void paintSubjectPanicle(Canvas& picture, const Scene& scene, float blighted, RandomStream& random) {
  Panicle panicle;
  panicle.x = between(random, 0.3f, 0.7f) * static_cast<float>(scene.width);
  panicle.y = between(random, 0.8f, 1.1f) * static_cast<float>(scene.height);
  panicle.angle = between(random, -0.35f, 0.35f);
  const bool leansLeft = random.bernoulli(0.5);
  panicle.bend = between(random, 0.0f, 1.2f) * (leansLeft ? -1.0f : 1.0f);
  panicle.length = scene.unit * between(random, 360, 560);
  panicle.grain = scene.unit * between(random, 8, 13);
  panicle.ripe = mix(Rgb{0.30f, 0.40f, 0.06f}, Rgb{0.52f, 0.38f, 0.10f}, between(random, 0.0f, 1.0f));
  panicle.blighted = blighted;
  panicle.bleached = between(random, 0.1f, 0.7f);
  paintPanicle(picture, panicle, scene.tissue, scene.light, random);
}

void paintSubject(Canvas& picture, const Scene& scene, Ailment ailment, float severity,
                  RandomStream& random) {
  const bool onLeaves = ailment != Ailment::DeadHeart && ailment != Ailment::BacterialPanicleBlight;
  const bool soundPanicle = random.bernoulli(0.06);
  int leaves = pick(random, 3, 5);
  if (!onLeaves) leaves = pick(random, 0, 2);
  for (int i = 0; i < leaves; ++i) {
    const Blade blade = subjectBlade(scene, random);
    // The topmost leaf always has the ailment, the others perhaps and more mildly.
    const bool last = i + 1 == leaves;
    const bool ill = last || random.bernoulli(0.95);
    const float strength = last ? severity : severity * between(random, 0.5f, 1.0f);
    paintSubjectLeaf(picture, scene, blade, onLeaves ? ailment : Ailment::Normal, ill ? strength : 0.0f,
                     random);
  }
  if (ailment == Ailment::DeadHeart) paintDeadHeart(picture, scene, severity, random);
  if (ailment == Ailment::BacterialPanicleBlight) {
    const int count = pick(random, 1, 2);
    for (int i = 0; i < count; ++i) paintSubjectPanicle(picture, scene, mix(0.25f, 0.95f, severity), random);
  } else if (soundPanicle) {
    paintSubjectPanicle(picture, scene, 0, random);
  }
}

}  // namespace
}  // namespace leaf

Image drawLeafPhoto(int target, std::uint64_t seed, Size size) {
  using namespace leaf;
  if (target < 0 || target >= static_cast<int>(kLabels.size())) {
    throw Error("The sample photos have the classes 0 to 9; there is no class " + std::to_string(target) +
                ".");
  }
  if (size.width < 1 || size.height < 1) throw Error("A sample photo must have at least one pixel.");
  // One stream for each part of the photo: what one part draws does not shift the others.
  const auto stream = [&](std::string_view name) {
    return RandomStream(seed, name, static_cast<std::uint64_t>(target));
  };
  RandomStream sceneStream = stream("sample.scene");
  RandomStream fieldStream = stream("sample.field");
  RandomStream subjectStream = stream("sample.subject");
  RandomStream cameraStream = stream("sample.camera");

  const Scene scene = randomScene(size, kDifficulty.nuisance, sceneStream);
  Outbreak outbreak;
  outbreak.ailment = static_cast<Ailment>(target);
  outbreak.severity = between(subjectStream, kDifficulty.faintest, kDifficulty.severest);
  // Dead hearts stand here and there, among green leaves.
  outbreak.share = kDifficulty.outbreak * (outbreak.ailment == Ailment::DeadHeart ? 0.25f : 1.0f);
  Canvas picture = paintField(scene, outbreak, fieldStream);
  paintSubject(picture, scene, outbreak.ailment, outbreak.severity, subjectStream);
  paintForeground(picture, scene, fieldStream);
  return develop(picture, kDifficulty.nuisance, cameraStream);
}

}  // namespace panicle
