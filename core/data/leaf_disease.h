// What each class of the sample data does to a leaf.
#pragma once

#include <array>
#include <string_view>

#include "core/data/leaf_skin.h"

namespace panicle::leaf {

// Paddy Doctor's labels in vocab order.
enum class Ailment {
  BacterialLeafBlight,
  BacterialLeafStreak,
  BacterialPanicleBlight,
  Blast,
  BrownSpot,
  DeadHeart,
  DownyMildew,
  Hispa,
  Normal,
  Tungro,
};

inline constexpr std::array<std::string_view, 10> kLabels{"bacterial_leaf_blight",
                                                          "bacterial_leaf_streak",
                                                          "bacterial_panicle_blight",
                                                          "blast",
                                                          "brown_spot",
                                                          "dead_heart",
                                                          "downy_mildew",
                                                          "hispa",
                                                          "normal",
                                                          "tungro"};

// Paints the ailment's marks on a healthy skin; `severity` 0..1. Ailments of other parts of the plant leave
// it as it is.
void paintAilment(Skin& skin, Ailment ailment, float severity, const Tissue& tissue, RandomStream& random);

// Harmless marks that any plant may have: a nick, a few specks, a faded patch.
void paintBlemishes(Skin& skin, const Tissue& tissue, RandomStream& random);

}  // namespace panicle::leaf
