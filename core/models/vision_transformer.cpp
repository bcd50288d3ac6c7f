// Vision transformer (Dosovitskiy et al. 2020, "An Image is Worth 16x16 Words"; sizes of Touvron et al. 2020
// and Steiner et al. 2021), with timm's names and initialisation (timm.models.vision_transformer, 0.6.13).
#include <torch/nn/functional/upsampling.h>
#include <torch/nn/modules/container/sequential.h>

#include <cmath>

#include "core/models/body.h"
#include "core/models/layers.h"

namespace panicle {
namespace {

namespace nn = torch::nn;

struct VitConfig {
  std::int64_t width, depth, heads;
};

constexpr int kPatch = 16;
constexpr std::int64_t kMlpRatio = 4;
constexpr double kNormEps = 1e-6;

// Patches of an image, in rows and columns.
Size patchGrid(Size image) {
  return {image.height / kPatch, image.width / kPatch};
}

std::int64_t patchCount(Size grid) {
  return std::int64_t{grid.height} * grid.width;
}

// Position embeddings (1, 1 + from, C), that of the class token first, for a grid of `to` patches: timm 0.6's
// resize_pos_embed.
torch::Tensor resizedPositions(const torch::Tensor& positions, Size from, Size to) {
  namespace F = nn::functional;
  const std::int64_t width = positions.size(2);
  const auto grid = positions.slice(1, 1).reshape({1, from.height, from.width, width}).permute({0, 3, 1, 2});
  const auto options = F::InterpolateFuncOptions()
                           .size(std::vector<std::int64_t>{to.height, to.width})
                           .mode(torch::kBicubic)
                           .align_corners(false);
  const auto resized =
      F::interpolate(grid, options).permute({0, 2, 3, 1}).reshape({1, patchCount(to), width});
  return torch::cat({positions.slice(1, 0, 1), resized}, 1);
}

class Attention : public nn::Module {
 public:
  Attention(std::int64_t width, std::int64_t heads) : heads_(heads) {
    qkv_ = register_module("qkv", Linear(width, 3 * width));
    proj_ = register_module("proj", Linear(width, width));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const std::int64_t batch = x.size(0), tokens = x.size(1), width = x.size(2), headWidth = width / heads_;
    // Rows of qkv: q of all heads, k of all heads, v of all heads.
    const auto qkv = qkv_->forward(x).reshape({batch, tokens, 3, heads_, headWidth}).permute({2, 0, 3, 1, 4});
    const double scale = 1 / std::sqrt(static_cast<double>(headWidth));
    const auto mixed = attention(qkv[0], qkv[1], qkv[2], /*bias=*/{}, scale);
    return proj_->forward(mixed.transpose(1, 2).reshape({batch, tokens, width}));
  }

 private:
  std::int64_t heads_;
  Linear qkv_{nullptr}, proj_{nullptr};
};

class Block : public nn::Module {
 public:
  Block(const VitConfig& config, double dropPath) {
    norm1_ = register_module("norm1", LayerNorm(config.width, kNormEps));
    attention_ = register_module("attn", std::make_shared<Attention>(config.width, config.heads));
    norm2_ = register_module("norm2", LayerNorm(config.width, kNormEps));
    mlp_ = register_module("mlp", Mlp(config.width, kMlpRatio * config.width));
    if (dropPath <= 0) return;
    dropPath1_ = register_module("drop_path1", DropPath(dropPath));
    dropPath2_ = register_module("drop_path2", DropPath(dropPath));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const auto y = x + dropped(dropPath1_, attention_->forward(norm1_->forward(x)));
    return y + dropped(dropPath2_, mlp_->forward(norm2_->forward(y)));
  }

 private:
  static torch::Tensor dropped(DropPath& path, const torch::Tensor& x) {
    return path.is_empty() ? x : path->forward(x);
  }

  LayerNorm norm1_{nullptr}, norm2_{nullptr};
  std::shared_ptr<Attention> attention_;
  Mlp mlp_{nullptr};
  DropPath dropPath1_{nullptr}, dropPath2_{nullptr};
};

class VisionTransformer : public Body {
 public:
  VisionTransformer(const VitConfig& config, const BodyOptions& options)
      : config_(config),
        grid_(patchGrid(options.image_size)),
        checkpointing_(options.gradient_checkpointing) {
    classToken_ = register_parameter("cls_token", unsetParameter({1, 1, config.width}));
    positions_ = register_parameter("pos_embed", unsetParameter({1, 1 + patchCount(grid_), config.width}));
    const auto patches = register_module("patch_embed", std::make_shared<nn::Module>());
    project_ =
        patches->register_module("proj", Conv2d(Conv2dShape{3, config.width, kPatch, /*stride=*/kPatch}));
    for (std::int64_t i = 0; i < config.depth; ++i) {
      blocks_->push_back(
          std::make_shared<Block>(config, dropPathRate(options.drop_path.value_or(0), i, config.depth)));
    }
    register_module("blocks", blocks_);
    norm_ = register_module("norm", LayerNorm(config.width, kNormEps));
  }

  torch::Tensor forwardFeatures(torch::Tensor images) override {
    const Size grid = patchGrid({static_cast<int>(images.size(2)), static_cast<int>(images.size(3))});
    const auto patches = project_->forward(images).flatten(2).transpose(1, 2);  // row by row
    const auto x =
        torch::cat({classToken_.expand({images.size(0), -1, -1}).to(patches.dtype()), patches}, 1) +
        positionsFor(grid);
    return norm_->forward(forwardBlocks(blocks_, x, checkpointing_));
  }

  torch::Tensor pool(torch::Tensor features) override { return features.select(1, 0); }
  bool fastaiPools() const override { return false; }
  std::int64_t featureCount() const override { return config_.width; }
  std::string classifierName() const override { return "head"; }

  // The patch embedding keeps torch's own of Conv2d.
  void initialise(const std::string& name, torch::Tensor parameter, at::Generator generator) override {
    if (name == "cls_token") {
      parameter.normal_(0, 1e-6, std::move(generator));
    } else if (name.starts_with("patch_embed.proj.")) {
      const double bound = 1 / std::sqrt(3.0 * kPatch * kPatch);
      parameter.uniform_(-bound, bound, std::move(generator));
    } else if (parameter.dim() > 1) {
      truncatedNormal(parameter, 0.02, std::move(generator));
    } else {
      parameter.fill_(name.ends_with(".weight") ? 1 : 0);
    }
  }

  std::optional<Size> positionGrid() const override { return grid_; }

  torch::Tensor adapted(const std::string& name, const torch::Tensor& stored, Size grid) const override {
    if (name != "pos_embed" || stored.dim() != 3 || stored.size(0) != 1 || stored.size(2) != config_.width)
      return {};
    if (patchCount(grid) < 1 || patchCount(grid) != stored.size(1) - 1) return {};
    return grid == grid_ ? stored : resizedPositions(stored.to(torch::kFloat32), grid, grid_);
  }

 private:
  // Images of another size than the parameter was made for: interpolated anew each time, so that it goes on
  // learning.
  torch::Tensor positionsFor(Size grid) const {
    return grid == grid_ ? positions_ : resizedPositions(positions_, grid_, grid);
  }

  VitConfig config_;
  Size grid_;
  bool checkpointing_;
  torch::Tensor classToken_, positions_;
  Conv2d project_{nullptr};
  nn::Sequential blocks_;
  LayerNorm norm_{nullptr};
};

std::int64_t multiplyAdds(const VitConfig& config, Size image) {
  const std::int64_t width = config.width, patches = patchCount(patchGrid(image)), tokens = patches + 1;
  const std::int64_t linear =
      (4 + 2 * kMlpRatio) * width * width;  // of a token: qkv, projection, the mlp's two layers
  return patches * 3 * kPatch * kPatch * width + config.depth * tokens * (linear + 2 * tokens * width);
}

// One row an architecture.
struct Row {
  const char* name;
  VitConfig config;
  std::int64_t params;
  std::vector<Pretrained> pretrained;
  const char* finding = "";
};

const std::vector<Row>& rows() {
  static const std::string store = "https://storage.googleapis.com/vit_models/augreg/";
  static const std::string tag = "augreg_in21k_ft_in1k";
  static const std::vector<Row> all{
      {"vit_tiny_patch16_224",
       {192, 12, 3},
       5'717'416,
       {{tag, store + "Ti_16-i21k-300ep-lr_0.001-aug_none-wd_0.03-do_0.0-sd_0.0--imagenet2012-steps_20k-lr_0."
                      "03-res_224.npz"}}},
      {"vit_small_patch16_224",
       {384, 12, 6},
       22'050'664,
       {{tag, store + "S_16-i21k-300ep-lr_0.001-aug_light1-wd_0.03-do_0.0-sd_0.0--imagenet2012-steps_20k-lr_"
                      "0.03-res_224.npz"}},
       "Paddy, 480 crop, squish or pad to 224: TTA error .0202 to .0250, 0:44 to 0:50 per epoch (fp16), the "
       "quickest of the good ones."},
      {"vit_base_patch16_224",
       {768, 12, 12},
       86'567'656,
       {{tag, store + "B_16-i21k-300ep-lr_0.001-aug_medium1-wd_0.1-do_0.0-sd_0.0--imagenet2012-steps_20k-lr_"
                      "0.01-res_224.npz"},
        {"augreg2_in21k_ft_in1k", ""}}},
      {"vit_large_patch16_224",
       {1024, 24, 16},
       304'326'632,
       {{tag, store + "L_16-i21k-300ep-lr_0.001-aug_medium1-wd_0.1-do_0.1-sd_0.1--imagenet2012-steps_20k-lr_"
                      "0.01-res_224.npz"}},
       "Paddy: error .0168 (squish 480) to .0235 (crop) after 10 epochs of 2:35; 15.9 GB at batches of 32 "
       "(fp16)."},
  };
  return all;
}

Architecture describe(const Row& row) {
  Architecture info{.name = row.name, .modern_name = row.name, .family = "ViT", .params = row.params};
  info.features = row.config.width;
  info.mean = info.std = {0.5f, 0.5f, 0.5f};
  info.pretrained = row.pretrained;
  info.finding = row.finding;
  info.takes_side = [](int side) { return side > 0 && side % kPatch == 0; };
  info.multiply_adds = [config = row.config](Size size) { return multiplyAdds(config, size); };
  return info;
}

}  // namespace

Family visionTransformerFamily() {
  Family family;
  for (const Row& row : rows()) {
    family.push_back({describe(row), [config = row.config](const BodyOptions& options) {
                        return std::make_shared<VisionTransformer>(config, options);
                      }});
  }
  return family;
}

}  // namespace panicle
