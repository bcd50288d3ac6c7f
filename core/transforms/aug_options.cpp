#include "core/transforms/aug_options.h"

namespace panicle {

std::span<const Field<SaturationOptions>> fieldTable(const SaturationOptions*) {
  using O = SaturationOptions;
  static constexpr std::array table{
      field<&O::max_lighting>(
          {.name = "max_lighting",
           .label = "Largest change",
           .help =
               "How far colours fade towards grey or grow stronger: 0.2 means by a factor of 0.8 to 1.25. As "
               "in fastai it mixes with grey in logit space.",
           .fastai = "Saturation(max_lighting)",
           .min = 0,
           .max = 0.95}),
      field<&O::p>({.name = "p",
                    .label = "Share changed",
                    .help = "The chance that a training photo's saturation changes.",
                    .fastai = "Saturation(p)",
                    .min = 0,
                    .max = 1})};
  return table;
}

std::span<const Field<HueOptions>> fieldTable(const HueOptions*) {
  using O = HueOptions;
  static constexpr std::array table{
      field<&O::max_hue>({.name = "max_hue",
                          .label = "Largest change",
                          .help = "How far the hue turns around the colour circle: 0.1 is up to about a "
                                  "tenth of it either way. Leave it "
                                  "off where colour tells the classes apart, as on leaves.",
                          .fastai = "Hue(max_hue)",
                          .min = 0,
                          .max = 0.95}),
      field<&O::p>({.name = "p",
                    .label = "Share changed",
                    .help = "The chance that a training photo's hue changes.",
                    .fastai = "Hue(p)",
                    .min = 0,
                    .max = 1})};
  return table;
}

std::span<const Field<EraseOptions>> fieldTable(const EraseOptions*) {
  using O = EraseOptions;
  static constexpr std::array table{
      field<&O::p>({.name = "p",
                    .label = "Share erased",
                    .help = "The chance that a training photo loses a box to noise, so that the network "
                            "cannot rely on one spot.",
                    .fastai = "RandomErasing(p)",
                    .min = 0,
                    .max = 1}),
      field<&O::sl>({.name = "sl",
                     .label = "Smallest area",
                     .help = "The smallest share of the picture that is erased.",
                     .fastai = "RandomErasing(sl)",
                     .min = 0,
                     .max = 1}),
      field<&O::sh>({.name = "sh",
                     .label = "Largest area",
                     .help = "The largest share of the picture that is erased.",
                     .fastai = "RandomErasing(sh)",
                     .min = 0,
                     .max = 1}),
      field<&O::min_aspect>(
          {.name = "min_aspect",
           .label = "Narrowest shape",
           .help = "The smallest ratio of a box's height to its width; the largest is its inverse.",
           .fastai = "RandomErasing(min_aspect)",
           .min = 0.01,
           .max = 1}),
      field<&O::max_count>({.name = "max_count",
                            .label = "Most boxes",
                            .help = "The largest number of boxes in one picture; they share the erased area.",
                            .fastai = "RandomErasing(max_count)",
                            .min = 1,
                            .max = 100})};
  return table;
}

std::span<const Field<AugOptions>> fieldTable(const AugOptions*) {
  using O = AugOptions;
  static constexpr std::array table{
      field<&O::engine>({.name = "engine",
                         .label = "Engine",
                         .help = "fastai does what fastai 2.7 does, to the pixel: one interpolation for "
                                 "flip, rotation, zoom and warp at the "
                                 "item's size, then one random crop for the whole batch in a second one. "
                                 "fused draws a crop for each photo "
                                 "and does everything in one antialiased interpolation: sharper, more varied "
                                 "and faster. Choose fused "
                                 "unless you compare with a notebook.",
                         .fastai = "fastai: aug_transforms; fused: what presizing promises"}),
      field<&O::size>({.name = "size",
                       .label = "Final size",
                       .help = "What the network gets, height and width. Presizing: Resize makes the item "
                               "larger than this, so that rotation "
                               "and crop find real pixels at the edges. Empty: the size that Resize left.",
                       .fastai = "aug_transforms(size)",
                       .unit = "px",
                       .min = 1,
                       .max = 8192}),
      field<&O::min_scale>({.name = "min_scale",
                            .label = "Smallest crop",
                            .help = "In training a random part of the photo with at least this share of its "
                                    "area is cut out and brought to "
                                    "the final size. 0.75 is what the fastai course uses; 1 cuts nothing. "
                                    "Lower it for large, rich photos.",
                            .fastai = "aug_transforms(min_scale), RandomResizedCropGPU",
                            .min = 0.01,
                            .max = 1}),
      field<&O::mult>({.name = "mult",
                       .label = "Strength",
                       .help = "Multiplies the largest rotation, lighting and warp, all at once. Raise it "
                               "when the network learns the "
                               "training photos by heart (training loss far below validation loss).",
                       .fastai = "aug_transforms(mult)",
                       .min = 0,
                       .max = 10}),
      field<&O::do_flip>({.name = "do_flip",
                          .label = "Flip left-right",
                          .help = "In training, some photos are mirrored left to right, drawn anew in every "
                                  "epoch, so that the network sees twice "
                                  "as many views. Turn it off where left and right mean something: text, "
                                  "road signs, handedness.",
                          .fastai = "aug_transforms(do_flip=True)"}),
      field<&O::p_flip>(
          {.name = "p_flip",
           .label = "Share flipped",
           .help = "The chance that a training photo is mirrored or turned. 0.5 shows both sides equally "
                   "often. Validation photos are "
                   "never mirrored.",
           .fastai = "p of Flip and Dihedral",
           .min = 0,
           .max = 1}),
      field<&O::flip_vert>({.name = "flip_vert",
                            .label = "Also up-down and turns",
                            .help = "Draws among all eight flips and quarter turns instead of the left-right "
                                    "flip. Turn it on where up and "
                                    "down mean nothing: satellite photos, microscope slides.",
                            .fastai = "aug_transforms(flip_vert), Dihedral"}),
      field<&O::max_rotate>({.name = "max_rotate",
                             .label = "Largest rotation",
                             .help = "Training photos are turned by up to this angle either way.",
                             .fastai = "aug_transforms(max_rotate)",
                             .unit = "degrees",
                             .min = 0,
                             .max = 180}),
      field<&O::min_zoom>({.name = "min_zoom",
                           .label = "Smallest zoom",
                           .help = "Below 1 the photo shrinks and its surroundings are padded.",
                           .fastai = "aug_transforms(min_zoom)",
                           .min = 0.1,
                           .max = 10}),
      field<&O::max_zoom>({.name = "max_zoom",
                           .label = "Largest zoom",
                           .help = "Training photos are enlarged by up to this factor around a random point.",
                           .fastai = "aug_transforms(max_zoom)",
                           .min = 0.1,
                           .max = 10}),
      field<&O::max_warp>({.name = "max_warp",
                           .label = "Largest warp",
                           .help = "How far the perspective changes, as if the camera stood elsewhere. 0 for "
                                   "scans and other flat pictures.",
                           .fastai = "aug_transforms(max_warp)",
                           .min = 0,
                           .max = 0.9}),
      field<&O::p_affine>(
          {.name = "p_affine",
           .label = "Share moved",
           .help = "The chance of each of rotation, zoom and warp to happen to a training photo.",
           .fastai = "aug_transforms(p_affine)",
           .min = 0,
           .max = 1}),
      field<&O::max_lighting>({.name = "max_lighting",
                               .label = "Largest light change",
                               .help = "How far brightness and contrast change: 0.2 makes the middle grey "
                                       "0.4 to 0.6 and the contrast 0.8 to "
                                       "1.25 times as strong.",
                               .fastai = "aug_transforms(max_lighting)",
                               .min = 0,
                               .max = 0.95}),
      field<&O::p_lighting>(
          {.name = "p_lighting",
           .label = "Share relit",
           .help = "The chance of each of brightness and contrast to change in a training photo.",
           .fastai = "aug_transforms(p_lighting)",
           .min = 0,
           .max = 1}),
      field<&O::saturation>({.name = "saturation",
                             .label = "Saturation",
                             .help = "Makes colours weaker or stronger in training.",
                             .fastai = "xtra_tfms=[Saturation()]"}),
      field<&O::hue>({.name = "hue",
                      .label = "Hue",
                      .help = "Shifts all colours around the colour circle in training.",
                      .fastai = "xtra_tfms=[Hue()]"}),
      field<&O::erase>({.name = "erase",
                        .label = "Erase boxes",
                        .help = "Fills boxes of a training photo with noise, other boxes in each photo.",
                        .fastai = "xtra_tfms=[RandomErasing()]"}),
      field<&O::mode>({.name = "mode",
                       .label = "Interpolation",
                       .help = "How pixels between pixels are read when a photo is turned, zoomed or warped. "
                               "bilinear is the right choice "
                               "for photos; nearest keeps exact values.",
                       .fastai = "aug_transforms(mode)"}),
      field<&O::pad_mode>({.name = "pad_mode",
                           .label = "Beyond the edge",
                           .help = "What shows where a turned or warped photo ends: its mirror image, its "
                                   "outermost pixels, or black.",
                           .fastai = "aug_transforms(pad_mode)"}),
      field<&O::align_corners>({.name = "align_corners",
                                .label = "Align corners",
                                .help = "Whether the outermost pixels' centres, rather than their outer "
                                        "edges, are the ends of the picture. "
                                        "Of the fastai engine; leave it on to get fastai's numbers.",
                                .fastai = "aug_transforms(align_corners)"}),
      field<&O::batch>({.name = "batch",
                        .label = "Same for the batch",
                        .help = "Changes all photos of a batch in the same way. Off: each in its own.",
                        .fastai = "aug_transforms(batch)"})};
  return table;
}

std::vector<std::string> check(const AugOptions& options) {
  std::vector<std::string> problems;
  if (options.min_zoom > options.max_zoom) problems.emplace_back("min_zoom must not be above max_zoom");
  if (options.crops() && !options.size)
    problems.emplace_back("size must be set where min_scale is below 1: what the random crop is brought to");
  if (options.lightingLimit() >= 1) problems.emplace_back("max_lighting times mult must stay below 1");
  if (options.warpLimit() >= 1) problems.emplace_back("max_warp times mult must stay below 1");
  if (options.erase && options.erase->sl > options.erase->sh)
    problems.emplace_back("erase.sl must not be above erase.sh");
  return problems;
}

}  // namespace panicle
