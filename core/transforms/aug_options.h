// What fastai's aug_transforms takes: the batch transforms of a run.
#pragma once

#include <array>
#include <optional>

#include "core/base/fields.h"
#include "core/base/size.h"
#include "core/transforms/resize.h"

namespace panicle {

// How the geometry is computed.
//   fastai  As fastai 2.7: flip, rotation, zoom and warp in one bilinear interpolation at the item's size,
//           then RandomResizedCropGPU, with one crop box for the whole batch, in a second one.
//   fused   Crop, flip, rotation, zoom and warp in one antialiased interpolation, with a crop box for each
//           image.
enum class AugEngine { Fastai, Fused };

// torch's grid_sample modes.
enum class SampleMode { Bilinear, Nearest, Bicubic };

template <>
struct EnumNames<AugEngine> {
  static constexpr std::array names{"fastai", "fused"};
};
template <>
struct EnumNames<SampleMode> {
  static constexpr std::array names{"bilinear", "nearest", "bicubic"};
};

// fastai's Saturation, given as one of xtra_tfms.
struct SaturationOptions {
  double max_lighting = 0.2;
  double p = 0.75;
};

// fastai's Hue, given as one of xtra_tfms.
struct HueOptions {
  double max_hue = 0.1;
  double p = 0.75;
};

// fastai's RandomErasing, given as one of xtra_tfms: boxes of normalised noise. Areas are shares of the
// image.
struct EraseOptions {
  double p = 0.5;
  double sl = 0.0;          // smallest erased share
  double sh = 0.3;          // largest
  double min_aspect = 0.3;  // of a box; the largest is its inverse
  int max_count = 1;        // boxes an image; each has a count-th of the share
};

struct AugOptions {
  AugEngine engine = AugEngine::Fastai;
  std::optional<Size> size;  // what the network gets; nullopt: the item's size
  double min_scale = 1.0;    // smallest share of the area that the random crop keeps; 1: no crop
  double mult = 1.0;         // multiplies max_rotate, max_lighting and max_warp
  bool do_flip = true;
  double p_flip = 0.5;
  bool flip_vert = false;  // fastai's Dihedral, eight flips and quarter turns, instead of the left-right flip
  double max_rotate = 10.0;  // degrees
  double min_zoom = 1.0;
  double max_zoom = 1.1;
  double max_warp = 0.2;
  double p_affine = 0.75;     // of rotation, zoom and each axis of the warp
  double max_lighting = 0.2;  // of brightness and contrast
  double p_lighting = 0.75;   // of each
  std::optional<SaturationOptions> saturation;
  std::optional<HueOptions> hue;
  std::optional<EraseOptions> erase;
  SampleMode mode = SampleMode::Bilinear;
  PadMode pad_mode = PadMode::Reflection;
  bool align_corners = true;
  bool batch = false;  // the same draw for all images of a batch

  double rotateLimit() const { return max_rotate * mult; }
  double warpLimit() const { return max_warp * mult; }
  double lightingLimit() const { return max_lighting * mult; }
  bool zooms() const { return min_zoom < 1 || max_zoom > 1; }
  bool crops() const { return min_scale != 1; }
};

std::span<const Field<SaturationOptions>> fieldTable(const SaturationOptions*);
std::span<const Field<HueOptions>> fieldTable(const HueOptions*);
std::span<const Field<EraseOptions>> fieldTable(const EraseOptions*);
std::span<const Field<AugOptions>> fieldTable(const AugOptions*);

// What no single field shows (min_zoom above max_zoom ...); each problem begins with the field's name.
std::vector<std::string> check(const AugOptions& options);

}  // namespace panicle
