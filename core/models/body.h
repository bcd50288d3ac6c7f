// The part of a network that turns images into features, as timm builds it with num_classes=0. Internal to
// core (includes torch).
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/models/architecture.h"

namespace panicle {

struct BodyOptions {
  Size image_size{224,
                  224};  // what the first images will have; matters to position embeddings and window masks
  std::optional<double> drop_path;  // null: timm's default of the family
  bool gradient_checkpointing =
      false;  // keep only each block's input, and compute the rest again on the way back
};

// Parameters and persistent buffers are registered under timm 0.6's names, in timm's order. Parameters hold
// garbage until they are initialised or loaded; buffers that are functions of the architecture alone (masks,
// index tables) are right from the start.
class Body : public torch::nn::Module {
 public:
  // (B, 3, H, W), normalised -> timm's forward_features: a map (B, featureCount(), h, w) of the convolutional
  // families, normed tokens (B, N, featureCount()) of the transformers.
  virtual torch::Tensor forwardFeatures(torch::Tensor images) = 0;
  // timm's forward_head(pre_logits=True): forwardFeatures()'s result -> (B, featureCount()).
  virtual torch::Tensor pool(torch::Tensor features) = 0;
  // Whether fastai puts its own pooling on forwardFeatures(): where timm 0.6's default_cfg has a pool_size.
  // Else it takes pool()'s result.
  virtual bool fastaiPools() const = 0;

  virtual std::int64_t featureCount() const = 0;
  // What timm calls the classifier of this family: "fc", "head", "head.fc".
  virtual std::string classifierName() const = 0;

  // Fills one parameter as timm's fresh model has it; `name` is its name in the body.
  virtual void initialise(const std::string& name, torch::Tensor parameter, at::Generator generator) = 0;
  // The same for timm's classifier on this body. Default: truncated normal of .02, zero bias.
  virtual void initialiseClassifier(torch::Tensor weight, torch::Tensor bias, at::Generator generator);

  // The patches, in rows and columns, that its position embeddings are of; null for a body without any.
  virtual std::optional<Size> positionGrid() const { return {}; }
  // Position embeddings made for `grid`, brought to the shape that the parameter `name` has here; undefined
  // where they are of another width, or the parameter is another.
  virtual torch::Tensor adapted(const std::string& name, const torch::Tensor& stored, Size grid) const;

  // Makes images of another size that the architecture takes go through, as the stages of progressive
  // resizing ask. Default: nothing to do.
  virtual void setImageSize(Size size);
};

// An architecture and how its body is made.
struct Model {
  Architecture architecture;
  std::function<std::shared_ptr<Body>(const BodyOptions&)> make;
};
// One family of architectures: one file, one line in architectures.cpp.
using Family = std::vector<Model>;

Family resnetFamily();
Family convnextFamily();
Family visionTransformerFamily();
Family swinTransformerFamily();
Family swinTransformerV2Family();

// Throws Error for an unknown name (any that findArchitecture() knows is fine) or an image size that it does
// not take.
std::shared_ptr<Body> makeBody(const std::string& arch, const BodyOptions& options);

}  // namespace panicle
