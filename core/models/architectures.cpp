// The registry: which families there are, and what their names mean.
#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/models/body.h"
#include "core/models/layers.h"
#include "core/models/model_options.h"

namespace panicle {
namespace {

const std::vector<Model>& models() {
  static const std::vector<Model> all = [] {
    std::vector<Model> list;
    for (const Family& family : {resnetFamily(), convnextFamily(), visionTransformerFamily(),
                                 swinTransformerFamily(), swinTransformerV2Family()}) {
      list.insert(list.end(), family.begin(), family.end());
    }
    return list;
  }();
  return all;
}

std::string withoutHub(const std::string& name) {
  for (const std::string prefix : {"hf_hub:", "hf-hub:"}) {
    if (name.starts_with(prefix)) return withoutHub(name.substr(prefix.size()));
  }
  const std::string owner = "timm/";
  return name.starts_with(owner) ? name.substr(owner.size()) : name;
}

std::vector<std::string> knownNames() {
  std::vector<std::string> names;
  for (const Architecture& known : architectures()) {
    names.push_back(known.name);
    for (const Pretrained& weights : known.pretrained) names.push_back(known.modern_name + "." + weights.tag);
  }
  return names;
}

// Past this, nobody trains; the search for a side that is taken ends.
constexpr int kLargestSide = 4096;

// "224, 448 or 672", or the taken sides about `side` where there are many.
std::string sidesTaken(const Architecture& architecture, int side) {
  std::vector<int> all;
  for (int s = 1; s <= kLargestSide; ++s) {
    if (architecture.takes_side(s)) all.push_back(s);
  }
  const auto above = std::lower_bound(all.begin(), all.end(), side);
  const auto first = above == all.begin() ? above : std::prev(above);
  const auto last = all.end() - first > 3 ? first + 3 : all.end();
  std::string text;
  for (auto it = first; it != last; ++it) {
    if (it != first) text += it + 1 == last ? " or " : ", ";
    text += std::to_string(*it);
  }
  return text;
}

}  // namespace

std::span<const Field<ModelOptions>> fieldTable(const ModelOptions*) {
  static const std::array rows{
      field<&ModelOptions::arch>(
          {.name = "arch",
           .label = "Architecture",
           .help =
               "The network, by timm's name, of version 0.6 (convnext_small_in22k) or 1.0 "
               "(convnext_small.fb_in22k). resnet18 is quick for a first look; resnet26d is the notebooks' "
               "first baseline, convnext_small_in22k their workhorse.",
           .fastai = "vision_learner(arch)"}),
      field<&ModelOptions::weights>(
          {.name = "weights",
           .label = "Weights",
           .help = "What the network starts from. auto: the workspace's weights folder, then what fastai and "
                   "timm "
                   "left in the torch hub and Hugging Face caches, else from scratch; none: from scratch; or "
                   "the path of a file (safetensors, PyTorch, NumPy npz).",
           .fastai = "pretrained"}),
      field<&ModelOptions::head>(
          {.name = "head",
           .label = "Head",
           .help =
               "fastai: concat pooling (of convolutional networks) and two linear layers with batch norm and "
               "dropout; timm: the architecture's own pooling and one linear layer.",
           .fastai = "create_head"}),
      field<&ModelOptions::normalize>(
          {.name = "normalize",
           .label = "Normalize",
           .help = "Whether photos are normalised with the mean and standard deviation that the architecture was "
                   "trained with. auto: as fastai does, when it starts from weights, and not from scratch. on is "
                   "often better from scratch as well; off is for weights that were trained without.",
           .fastai = "vision_learner(normalize), Normalize.from_stats"}),
      field<&ModelOptions::drop_path>(
          {.name = "drop_path",
           .label = "Drop path",
           .help =
               "Stochastic depth: how often the last block is left out for a photo in training; the blocks "
               "before it less, in proportion. Empty takes timm's default: 0.1 in Swin and SwinV2, "
               "else 0. Raise it (0.1 to 0.4) for long runs of large networks that overfit.",
           .fastai = "drop_path_rate (timm)",
           .min = 0,
           .max = 0.95}),
      field<&ModelOptions::dropout>({.name = "dropout",
                                     .label = "Dropout",
                                     .help = "How many of the values before the last layer are zeroed in "
                                             "training. Empty takes 0.5 in fastai's "
                                             "head (and half as many before its first layer), 0 in timm's.",
                                     .fastai = "ps",
                                     .min = 0,
                                     .max = 0.95}),
      field<&ModelOptions::gradient_checkpointing>(
          {.name = "gradient_checkpointing",
           .label = "Gradient checkpointing",
           .help = "Keeps only the input of each block and computes the rest again on the way back: much "
                   "less memory for about a third "
                   "more time, and the same result. Switch it on when a batch does not fit.",
           .fastai = "set_grad_checkpointing (timm)"}),
  };
  return rows;
}

std::string Pretrained::fileName() const {
  return url.substr(url.rfind('/') + 1);
}

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> all = [] {
    std::vector<Architecture> list;
    for (const Model& model : models()) list.push_back(model.architecture);
    return list;
  }();
  return all;
}

NamedArchitecture findArchitecture(const std::string& name) {
  const std::string plain = withoutHub(name);
  for (const Architecture& known : architectures()) {
    if (known.name == plain) return {&known, &known.pretrained.front()};
    for (const Pretrained& weights : known.pretrained) {
      if (known.modern_name + "." + weights.tag == plain) return {&known, &weights};
    }
  }
  return {};
}

std::string unknownArchitecture(const std::string& name) {
  const std::string plain = withoutHub(name);
  const std::vector<std::string> names = knownNames();
  const auto longer = std::find_if(names.begin(), names.end(),
                                   [&](const std::string& known) { return known.starts_with(plain); });
  const std::string near = !plain.empty() && longer != names.end() ? *longer : nearestName(plain, names);
  return "unknown architecture '" + name + "'" +
         (near.empty() ? "; panicle-cli models lists them" : "; did you mean '" + near + "'?");
}

const Architecture& architecture(const std::string& name) {
  const Architecture* found = findArchitecture(name).architecture;
  if (!found) throw Error(unknownArchitecture(name));
  return *found;
}

std::string sizeProblem(const Architecture& architecture, Size size) {
  for (const int side : {size.height, size.width}) {
    if (!architecture.takes_side(side)) {
      return architecture.name + " takes no images of " + toString(size) + ": its sides may have " +
             sidesTaken(architecture, side) + " pixels, not " + std::to_string(side);
    }
  }
  return "";
}

void Body::initialiseClassifier(torch::Tensor weight, torch::Tensor bias, at::Generator generator) {
  truncatedNormal(weight, 0.02, std::move(generator));
  bias.zero_();
}

torch::Tensor Body::adapted(const std::string&, const torch::Tensor&, Size) const {
  return {};
}

void Body::setImageSize(Size) {}

std::shared_ptr<Body> makeBody(const std::string& name, const BodyOptions& options) {
  const Architecture& wanted = architecture(name);
  if (const std::string problem = sizeProblem(wanted, options.image_size); !problem.empty())
    throw Error(problem);
  const auto model = std::find_if(models().begin(), models().end(),
                                  [&](const Model& known) { return known.architecture.name == wanted.name; });
  return model->make(options);
}

}  // namespace panicle
