// Names and tensors, and the layouts that they come in. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/size.h"
#include "core/weights/weight_file.h"

namespace panicle {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};
using StateDict = std::vector<NamedTensor>;

// A tensor of a weight file under the name that timm 0.6 gives it. `make` reads it: usually a view of the
// file's bytes; where the layout keeps it otherwise (NumPy's transposed kernels, q, k and v apart) a new
// tensor.
struct RemappedTensor {
  std::string name;                         // timm 0.6's; a fastai head's are "head.<child>.<name>", as ours
  std::vector<std::int64_t> shape;          // of what make() gives
  std::vector<const TensorEntry*> sources;  // of the file
  std::function<at::Tensor()> make;
};

struct RemappedFile {
  std::string layout;  // as WeightFileFacts::layout
  std::vector<RemappedTensor> tensors;
  std::vector<std::string>
      ignored;  // names of the file that have no place: derived buffers, optimizers, other copies
  std::optional<Size> position_grid;  // patches in rows and columns that the position embeddings are of,
                                      // where the file says it
};

// Under which files that we write say it in their metadata, as "ROWS,COLUMNS".
constexpr const char* kPositionGrid = "position_grid";

// Renames what is in `file` as timm's loaders do (helpers.clean_state_dict, checkpoint_filter_fn of each
// family, _load_weights of the vision transformer): nesting under state_dict, model, model_ema; the prefixes
// module., 0.model. (fastai) and opt/target/; Facebook's ConvNeXt; timm 1.0's Swin; Google's ViT. The layout
// is recognised by its keys alone. `file` must outlive the result. Throws Error for tensors or metadata of
// another form than their layout has.
RemappedFile remapToTimm(const WeightFile& file);

// Buffers that are functions of the architecture: never taken from a file.
bool isDerivedBuffer(const std::string& name);

// Whether `name` (timm's, or ours) is of a head: timm's classifier of any family, or fastai's head.
bool isClassifierName(const std::string& name);

// What safetensors calls a type. Throws Error for one that weights do not have.
const char* dtypeName(at::ScalarType type);

// A view of an entry's bytes (a copy where they are not aligned). Throws Error for a dtype that no weight
// has.
at::Tensor tensorView(const TensorEntry& entry, const std::filesystem::path& file);

}  // namespace panicle
