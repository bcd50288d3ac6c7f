// The trunk of Swin and SwinV2: patches, four stages of blocks with a merging after each but the last, a
// norm. The families bring their blocks, mergings and window sizes. Internal to core (includes torch).
#pragma once

#include <torch/nn/modules/container/sequential.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/models/body.h"
#include "core/models/layers.h"
#include "core/models/swin_windows.h"

namespace panicle {

constexpr double kSwinNormEps = 1e-5;
constexpr std::int64_t kSwinHeadWidth = 32;  // channels of one head, in every Swin

struct SwinConfig {
  std::int64_t width;         // channels of the first stage; each further one has twice as many
  std::array<int, 4> depths;  // blocks of the stages
  int window;                 // tokens a side
};

// (B, tokens, channels), and the same out.
class SwinBlock : public torch::nn::Module {
 public:
  SwinBlock();
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;

  // `mask`: of shiftMask(); undefined for an unshifted block, which has none among its buffers.
  virtual void setLayout(const WindowLayout& layout, torch::Tensor mask);

 protected:
  const WindowLayout& layout() const { return layout_; }
  const torch::Tensor& mask() const { return mask_; }

 private:
  WindowLayout layout_;
  torch::Tensor& mask_;  // the registered buffer itself, which can thus come and go
};

// (B, tokens, channels) on `grid` -> (B, tokens / 4, 2 channels).
class SwinMerging : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& x, Size grid) = 0;
};

// What tells the families apart.
struct SwinParts {
  const char* family;
  std::shared_ptr<SwinBlock> (*block)(std::int64_t channels, const SwinConfig& config, double dropPath);
  std::shared_ptr<SwinMerging> (*merging)(std::int64_t channels);
  // The windows on a grid; `shift` asks for shifted ones, which not every grid has.
  WindowLayout (*layout)(Size grid, int window, bool shift);
};

class SwinBody : public Body {
 public:
  SwinBody(const std::string& arch, const SwinConfig& config, const SwinParts& parts,
           const BodyOptions& options);

  torch::Tensor forwardFeatures(torch::Tensor images) override;
  torch::Tensor pool(torch::Tensor features) override { return features.mean(1); }
  bool fastaiPools() const override { return false; }
  std::int64_t featureCount() const override { return config_.width * 8; }
  std::string classifierName() const override { return "head"; }
  // Truncated normal of .02 for linear layers, torch's own for the patches' convolution, 1 and 0 for norms.
  void initialise(const std::string& name, torch::Tensor parameter, at::Generator generator) override;
  void setImageSize(Size size) override;

 private:
  void layOut(Size image);

  std::string arch_;
  SwinConfig config_;
  SwinParts parts_;
  Size imageSize_;
  Conv2d patches_{nullptr};
  LayerNorm patchNorm_{nullptr};
  torch::nn::Sequential layers_;
  LayerNorm norm_{nullptr};
};

// One row an architecture.
struct SwinRow {
  const char* name;
  const char* modern_name;
  SwinConfig config;
  std::int64_t params;
  Size input_size;
  std::vector<Pretrained> pretrained;
  const char* finding = "";
};

Architecture describeSwin(const SwinRow& row, const SwinParts& parts);

}  // namespace panicle
