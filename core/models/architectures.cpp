#include <array>

#include "core/base/error.h"
#include "core/models/body.h"
#include "core/models/model_options.h"

namespace panicle {
namespace {

const std::vector<Family>& families() {
  static const std::vector<Family> all{resnetFamily()};
  return all;
}

}  // namespace

std::span<const Field<ModelOptions>> fieldTable(const ModelOptions*) {
  static const std::array rows{
      field<&ModelOptions::arch>({.name = "arch",
                                  .label = "Architecture",
                                  .help = "The network, by timm's name. resnet18 is quick for a first look; resnet26d is the notebooks' "
                                          "first baseline.",
                                  .fastai = "vision_learner(arch)"}),
      field<&ModelOptions::weights>({.name = "weights",
                                     .label = "Weights",
                                     .help = "auto: the workspace's weights/<arch>.safetensors if it is there, else from scratch; none: "
                                             "from scratch; or the path of a safetensors file with timm's names.",
                                     .fastai = "pretrained"}),
      field<&ModelOptions::head>({.name = "head",
                                  .label = "Head",
                                  .help = "fastai: concat pooling and two linear layers with batch norm and dropout; timm: average pooling "
                                          "and one linear layer.",
                                  .fastai = "create_head"}),
  };
  return rows;
}

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> all = [] {
    std::vector<Architecture> list;
    for (const Family& family : families()) {
      list.insert(list.end(), family.architectures.begin(), family.architectures.end());
    }
    return list;
  }();
  return all;
}

const Architecture& architecture(const std::string& name) {
  std::vector<std::string> names;
  for (const Architecture& known : architectures()) {
    if (known.name == name) return known;
    names.push_back(known.name);
  }
  const std::string near = nearestName(name, names);
  throw Error("unknown architecture '" + name + "'" + (near.empty() ? "; panicle-cli models lists them" : "; did you mean '" + near + "'?"));
}

std::shared_ptr<Body> makeBody(const std::string& arch) {
  for (const Family& family : families()) {
    for (const Architecture& known : family.architectures) {
      if (known.name == arch) return family.make(arch);
    }
  }
  throw Error("unknown architecture '" + arch + "'");
}

}  // namespace panicle
