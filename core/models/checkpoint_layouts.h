// The layouts that weight files come in, each told by its keys and renamed to timm 0.6's. Internal to
// state_dict.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/models/state_dict.h"

namespace panicle {

struct CheckpointLayout {
  const char* name;  // for WeightFileFacts::layout
  bool (*matches)(const std::vector<RemappedTensor>& tensors);
  // Renames in place; what has no place in timm's state dict moves to `ignored`. Throws Error naming `file`
  // where a tensor has other dimensions than the layout says.
  void (*remap)(std::vector<RemappedTensor>& tensors, std::vector<std::string>& ignored,
                const std::filesystem::path& file);
};

// Tried in order, all of them: a fastai learner may hold a Swin of timm 1.0.
const std::vector<CheckpointLayout>& checkpointLayouts();

// Whether these are a Swin's or SwinV2's, of timm or of Microsoft.
bool isSwin(const std::vector<RemappedTensor>& tensors);

// The same tensor under another shape of as many elements.
void reshape(RemappedTensor& tensor, std::vector<std::int64_t> shape);
// The same tensor with its dimensions in another order.
void permute(RemappedTensor& tensor, std::vector<std::int64_t> order);

// Google's ViT checkpoints (vision_transformer of Google Research, in Flax; NumPy .npz).
bool isGoogleVit(const std::vector<RemappedTensor>& tensors);
void remapGoogleVit(std::vector<RemappedTensor>& tensors, std::vector<std::string>& ignored,
                    const std::filesystem::path& file);

}  // namespace panicle
