// The architectures there are: timm's names, what each was trained with, which image sizes it takes.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/size.h"

namespace panicle {

// Weights that somebody trained for an architecture and timm hands out.
struct Pretrained {
  std::string tag;  // timm 1.0's, after the dot of its names: "fb_in22k"
  std::string url;  // the file that timm 0.6 loads for its name, "" when it knows these weights under no name
  int classes = 1000;  // of its classifier

  std::string fileName() const;  // the last part of `url`, as the torch hub cache keeps it; "" without one
};

struct Architecture {
  std::string name;           // timm 0.6's, as in the notebooks: "convnext_small_in22k"
  std::string modern_name;    // timm 1.0's without a tag: "convnext_small"
  std::string family;         // "ConvNeXt"
  std::int64_t params = 0;    // with timm's own classifier, of pretrained.front().classes
  std::int64_t features = 0;  // that the body gives for each image
  Size input_size{224, 224};  // what it was trained at
  std::array<float, 3> mean{0.485f, 0.456f, 0.406f};  // of the normalisation that it was trained with
  std::array<float, 3> std{0.229f, 0.224f, 0.225f};
  std::vector<Pretrained> pretrained;  // first what timm 0.6 means by `name`
  std::string finding;  // what the notebooks' authors found with it; "" where they did not use it

  // Whether images may have a side (height or width) of `side` pixels; every family judges each side by
  // itself.
  std::function<bool(int side)> takes_side;
  // Multiplications (each with its addition) of the body's forward pass for one image of a size that it
  // takes; norms, activations and sums are not counted, as is usual.
  std::function<std::int64_t(Size)> multiply_adds;

  // The hub's repository of `weights`: "timm/convnext_small.fb_in22k".
  std::string hubName(const Pretrained& weights) const { return "timm/" + modern_name + "." + weights.tag; }
};

// In the order of the families.
const std::vector<Architecture>& architectures();

// An architecture and the weights that a name asks for.
struct NamedArchitecture {
  const Architecture* architecture = nullptr;
  const Pretrained* pretrained = nullptr;
};

// `name` is timm 0.6's ("convnext_small_in22k"), or timm 1.0's with a tag ("convnext_small.fb_in22k", also
// "timm/..." and "hf_hub:timm/..."). Null for a name that is neither: one of timm 1.0 without its tag, unless
// timm 0.6 has it too, for it means other weights there.
NamedArchitecture findArchitecture(const std::string& name);
// Throws Error that suggests the nearest known name.
const Architecture& architecture(const std::string& name);
// One sentence on a name that findArchitecture() does not know.
std::string unknownArchitecture(const std::string& name);

// "" when images of `size` can go through, else a sentence with the nearest sizes that can:
// "swin_small_patch4_window7_224 takes no images of 480: its sides may have 448, 672 or 896 pixels, not 480".
std::string sizeProblem(const Architecture& architecture, Size size);

}  // namespace panicle
