// Where weights are found, fetched and kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/progress.h"
#include "core/models/architecture.h"

namespace panicle {

enum class WeightPlace { Workspace, TorchHub, HuggingFaceHub };
const char* toString(WeightPlace place);  // "workspace", "torch hub cache", "Hugging Face hub cache"

struct FoundWeights {
  std::filesystem::path file;
  WeightPlace place = WeightPlace::Workspace;
};

// The workspace's weights/ALIAS.{safetensors,pth,pt,bin,npz} (ALIAS being any of the architecture's names),
// then the files that timm 0.6 left in the torch hub cache ($TORCH_HOME, $XDG_CACHE_HOME or ~/.cache:
// torch/hub/checkpoints), then those that timm 1.0 left in the Hugging Face hub cache ($HF_HUB_CACHE,
// $HF_HOME/hub or ~/.cache/huggingface/hub). `name` as findArchitecture() takes it; the weights of another
// tag than it asks for are not taken.
std::optional<FoundWeights> findWeights(const std::string& name, const std::filesystem::path& workspace);

// Where findWeights() looks, as sentences for a message, in order.
std::vector<std::string> weightPlaces(const std::string& name, const std::filesystem::path& workspace);

// Where downloadWeights() and importWeights() put the weights of `name`: the workspace's
// weights/NAME.safetensors.
std::filesystem::path workspaceFile(const std::string& name, const std::filesystem::path& workspace);

// https://huggingface.co/timm/NAME.TAG/resolve/main/model.safetensors; $HF_ENDPOINT replaces the host.
std::string hubUrl(const Architecture& architecture, const Pretrained& pretrained);

// Whether HF_HUB_OFFLINE switches downloads off, as huggingface_hub reads it.
bool hubOffline();

// Fetches it into the workspace's weights/. Returns the file. Throws as download() does, and Error when
// HF_HUB_OFFLINE is set.
std::filesystem::path downloadWeights(const std::string& name, const std::filesystem::path& workspace,
                                      std::stop_token stop = {}, const Progress& progress = {});

// What is in a weight file.
struct WeightFileFacts {
  std::string format;       // "safetensors", "PyTorch", ...
  std::uint64_t bytes = 0;  // of the file
  std::size_t tensors = 0;
  std::uint64_t parameters = 0;
  std::string layout;  // "timm 0.6", "timm 1.0", "Facebook ConvNeXt", "Microsoft Swin", "Google ViT (npz)",
                       // "fastai", ...
  std::string arch;    // the architecture that it fits, "" when none of ours
  std::int64_t classes = 0;          // of its classifier, 0 without one
  std::vector<std::string> nearest;  // when `arch` is "": what speaks against the nearest one, in sentences
  struct Tensor {
    std::string name, dtype;  // as in the file
    std::vector<std::int64_t> shape;
    std::string timm_name;  // what it is called in timm 0.6's state dict; "" when it has no place there
  };
  std::vector<Tensor> list;
};
// "96x3x4x4"; "scalar" for no dimension.
std::string shapeText(const std::vector<std::int64_t>& shape);

WeightFileFacts inspectWeights(const std::filesystem::path& file);

// Reads a file of any format and layout, recognises its architecture (or takes `arch`, when given), and
// writes it under timm's names to the workspace's weights/NAME.safetensors, where runs find it. An existing
// file is kept unless `replace`. Returns the file.
std::filesystem::path importWeights(const std::filesystem::path& file, const std::filesystem::path& workspace,
                                    const std::string& arch = "", bool replace = false,
                                    std::stop_token stop = {}, const Progress& progress = {});

}  // namespace panicle
