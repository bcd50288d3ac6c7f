// Files in the layouts that others write. Most renames here are the inverse of the rules, written apart from
// them: from the notes in the reference data of timm and what the projects' own code calls its layers. Pairs
// of single names, from the same notes, check the rules themselves.
#include "core/models/state_dict.h"

#include <gmock/gmock.h>

#include <regex>

#include "core/base/error.h"
#include "tests/models/weight_fakes.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::differences;
using ::testing::IsEmpty;
using testing::makeModel;
using testing::renamed;
using testing::TempFolder;
using ::testing::UnorderedElementsAre;
using testing::writeFake;

// Whether a file with `state` fills a fresh model with the very tensors of `original`; its layout.
std::string loadedAs(const StateDict& state, const Classifier& original, HeadKind head) {
  const TempFolder folder;
  writeFake(folder / "fake.safetensors", state);
  Classifier loaded = makeModel(original.architecture().name, head, original.classes(), 99);
  EXPECT_GT(differences(original, loaded), 0);
  const WeightReport report = loadWeights(loaded, folder / "fake.safetensors");
  EXPECT_THAT(report.notes, IsEmpty());
  EXPECT_EQ(differences(original, loaded), 0);
  return report.layout;
}

StateDict prefixed(const StateDict& state, const std::string& prefix) {
  return renamed(state, [&](const std::string& name) { return prefix + name; });
}

// Other values under the same names.
StateDict disturbed(const StateDict& state) {
  StateDict result;
  for (const auto& [name, tensor] : state) result.push_back({name, tensor.detach() + 1});
  return result;
}

StateDict operator+(StateDict a, const StateDict& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

bool isDerived(const std::string& name) {
  return name.ends_with("attn_mask") || name.ends_with("relative_position_index");
}

struct Rename {
  std::string theirs, timm;
  std::vector<std::int64_t> shape{2};
};

// Whether a file of these tensors comes to timm's names.
void expectRenames(const std::vector<Rename>& renames, const std::string& layout) {
  const TempFolder folder;
  StateDict state;
  for (const Rename& rename : renames) state.push_back({rename.theirs, torch::zeros(rename.shape)});
  writeFake(folder / "fake.safetensors", state);
  const WeightFile file = WeightFile::open(folder / "fake.safetensors");
  const RemappedFile remapped = remapToTimm(file);
  EXPECT_EQ(remapped.layout, layout);
  std::map<std::string, std::string> timmNames;
  for (const RemappedTensor& tensor : remapped.tensors) {
    for (const TensorEntry* source : tensor.sources) timmNames[source->name] = tensor.name;
  }
  for (const Rename& rename : renames) EXPECT_EQ(timmNames[rename.theirs], rename.timm) << rename.theirs;
}

TEST(StateDict, SingleNamesOfEachLayout) {
  expectRenames({{"downsample_layers.0.0.weight", "stem.0.weight"},
                 {"downsample_layers.1.0.weight", "stages.1.downsample.0.weight"},
                 {"downsample_layers.3.1.bias", "stages.3.downsample.1.bias"},
                 {"stages.2.8.dwconv.weight", "stages.2.blocks.8.conv_dw.weight"},
                 {"stages.0.1.pwconv1.weight", "stages.0.blocks.1.mlp.fc1.weight"},
                 {"stages.0.1.pwconv2.bias", "stages.0.blocks.1.mlp.fc2.bias"},
                 {"stages.0.1.norm.weight", "stages.0.blocks.1.norm.weight"},
                 {"stages.0.1.gamma", "stages.0.blocks.1.gamma"},
                 {"norm.weight", "head.norm.weight"},
                 {"head.weight", "head.fc.weight"}},
                "Facebook ConvNeXt");
  expectRenames({{"layers.0.blocks.0.attn.qkv.weight", "layers.0.blocks.0.attn.qkv.weight"},
                 {"layers.1.downsample.reduction.weight", "layers.0.downsample.reduction.weight"},
                 {"layers.3.downsample.norm.bias", "layers.2.downsample.norm.bias"},
                 {"norm.weight", "norm.weight"},
                 {"head.fc.bias", "head.bias"}},
                "timm 1.0");
  expectRenames({{"0.model.stages.0.blocks.1.gamma", "stages.0.blocks.1.gamma"},
                 {"1.2.running_mean", "head.2.running_mean"},
                 {"1.8.weight", "head.8.weight"}},
                "fastai");
  expectRenames({{"0.0.weight", "conv1.weight"},
                 {"0.1.running_var", "bn1.running_var"},
                 {"0.4.0.conv1.weight", "layer1.0.conv1.weight"},
                 {"0.7.1.bn2.bias", "layer4.1.bn2.bias"},
                 {"1.4.weight", "head.4.weight"}},
                "fastai");
}

TEST(StateDict, SingleNamesOfGooglesVit) {
  const std::string block = "Transformer/encoderblock_3/";
  const std::string attention = block + "MultiHeadDotProductAttention_1/";
  expectRenames({{"cls", "cls_token", {1, 1, 4}},
                 {"embedding/kernel", "patch_embed.proj.weight", {16, 16, 3, 4}},
                 {"Transformer/posembed_input/pos_embedding", "pos_embed", {1, 5, 4}},
                 {"Transformer/encoder_norm/scale", "norm.weight"},
                 {"head/kernel", "head.weight", {4, 7}},
                 {block + "LayerNorm_0/scale", "blocks.3.norm1.weight"},
                 {block + "LayerNorm_2/bias", "blocks.3.norm2.bias"},
                 {attention + "query/kernel", "blocks.3.attn.qkv.weight", {4, 2, 2}},
                 {attention + "key/kernel", "blocks.3.attn.qkv.weight", {4, 2, 2}},
                 {attention + "value/kernel", "blocks.3.attn.qkv.weight", {4, 2, 2}},
                 {attention + "out/kernel", "blocks.3.attn.proj.weight", {2, 2, 4}},
                 {block + "MlpBlock_3/Dense_0/bias", "blocks.3.mlp.fc1.bias"},
                 {block + "MlpBlock_3/Dense_1/kernel", "blocks.3.mlp.fc2.weight", {4, 4}}},
                "Google ViT (npz)");
}

TEST(StateDict, NestingsAndWrappers) {
  const Classifier model = makeModel("resnet18", HeadKind::Timm, 10, 1);
  const StateDict state = model.stateDict();
  for (const std::string prefix :
       {"", "state_dict.", "model.", "module.", "state_dict.module.", "model_ema.", "state_dict_ema.module.",
        "state_dict.model.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."}) {
    EXPECT_EQ(loadedAs(prefixed(state, prefix), model, HeadKind::Timm), "timm") << prefix;
  }
}

// timm.models.helpers.load_state_dict with its default use_ema=True.
TEST(StateDict, AveragedWeightsComeFirst) {
  const Classifier model = makeModel("resnet18", HeadKind::Timm, 10, 1);
  const StateDict state = model.stateDict(), other = disturbed(state);
  loadedAs(prefixed(other, "state_dict.") + prefixed(state, "state_dict_ema."), model, HeadKind::Timm);
  loadedAs(prefixed(other, "model.") + prefixed(state, "model_ema."), model, HeadKind::Timm);
  loadedAs(prefixed(other, "model.") + prefixed(state, "state_dict."), model, HeadKind::Timm);
}

TEST(StateDict, WhatIsNoModelIsIgnored) {
  const TempFolder folder;
  const Classifier model = makeModel("resnet18", HeadKind::Timm, 10, 1);
  const StateDict extra{{"optimizer.state.0.exp_avg", torch::zeros({2})}, {"epoch", torch::zeros({})}};
  writeFake(folder / "fake.safetensors", extra + prefixed(model.stateDict(), "model."));
  const WeightFile file = WeightFile::open(folder / "fake.safetensors");
  const RemappedFile remapped = remapToTimm(file);
  EXPECT_THAT(remapped.ignored, UnorderedElementsAre("optimizer.state.0.exp_avg", "epoch"));
  EXPECT_EQ(remapped.tensors.size(), model.stateDict().size());
}

std::string toFastai(const std::string& name) {
  const bool head = std::regex_search(name, std::regex("^head\\.[0-9]"));
  return head ? "1." + name.substr(5) : "0.model." + name;
}

TEST(StateDict, FastaisLearners) {
  for (const std::string arch : {"resnet26d", "convnext_tiny_in22k", "vit_tiny_patch16_224"}) {
    const Classifier model = makeModel(arch, HeadKind::Fastai, 10, 1);
    const StateDict saved = renamed(model.stateDict(), toFastai);
    EXPECT_EQ(loadedAs(saved, model, HeadKind::Fastai), "fastai") << arch;  // learn.save(with_opt=False)
    EXPECT_EQ(loadedAs(prefixed(saved, "model."), model, HeadKind::Fastai), "fastai") << arch;
  }
}

TEST(StateDict, FastaisLearnerOnTorchvisionsResnet) {
  const Classifier model = makeModel("resnet18", HeadKind::Fastai, 10, 1);
  const std::map<std::string, std::string> children{{"conv1", "0"},  {"bn1", "1"},    {"layer1", "4"},
                                                    {"layer2", "5"}, {"layer3", "6"}, {"layer4", "7"}};
  const StateDict saved = renamed(model.stateDict(), [&](const std::string& name) {
    if (name.starts_with("head.")) return "1." + name.substr(5);
    const auto dot = name.find('.');
    return "0." + children.at(name.substr(0, dot)) + name.substr(dot);
  });
  EXPECT_EQ(loadedAs(saved, model, HeadKind::Fastai), "fastai");
}

std::string toModernSwin(const std::string& name) {
  if (isDerived(name)) return "";
  if (name.starts_with("head.")) return "head.fc." + name.substr(5);
  for (int stage = 0; stage < 3; ++stage) {
    const std::string ours = "layers." + std::to_string(stage) + ".downsample.";
    if (name.starts_with(ours))
      return "layers." + std::to_string(stage + 1) + ".downsample." + name.substr(ours.size());
  }
  return name;
}

TEST(StateDict, SwinOfTimm1) {
  for (const std::string arch : {"swin_tiny_patch4_window7_224", "swinv2_tiny_window8_256"}) {
    const Classifier model = makeModel(arch, HeadKind::Timm, 10, 1);
    EXPECT_EQ(loadedAs(renamed(model.stateDict(), toModernSwin), model, HeadKind::Timm), "timm 1.0") << arch;
    EXPECT_EQ(loadedAs(model.stateDict(), model, HeadKind::Timm), "timm 0.6") << arch;
  }
}

// fastai over timm 1.0: no classifier of timm's in the file, so the stages alone tell.
TEST(StateDict, SwinOfTimm1InFastaisLearner) {
  const Classifier model = makeModel("swin_tiny_patch4_window7_224", HeadKind::Fastai, 10, 1);
  const StateDict saved = renamed(model.stateDict(), [](const std::string& name) {
    if (name.starts_with("head.")) return "1." + name.substr(5);
    const std::string modern = toModernSwin(name);
    return modern.empty() ? "" : "0.model." + modern;
  });
  EXPECT_EQ(loadedAs(saved, model, HeadKind::Fastai), "fastai, timm 1.0");
}

TEST(StateDict, MicrosoftsSwins) {
  const Classifier first = makeModel("swin_tiny_patch4_window7_224", HeadKind::Timm, 10, 1);
  EXPECT_EQ(loadedAs(prefixed(first.stateDict(), "model."), first, HeadKind::Timm), "timm 0.6")
      << "the very names of timm";
  const Classifier second = makeModel("swinv2_tiny_window8_256", HeadKind::Timm, 10, 1);
  StateDict state = second.stateDict();
  state.push_back({"layers.0.blocks.0.attn.relative_coords_table", torch::zeros({1, 15, 15, 2})});
  state.push_back({"layers.0.blocks.0.attn.relative_position_index", torch::zeros({64, 64}, torch::kInt64)});
  EXPECT_EQ(loadedAs(prefixed(state, "model."), second, HeadKind::Timm), "Microsoft Swin");
}

// ConvNeXt of facebookresearch/ConvNeXt.
std::string toFacebook(std::string name) {
  name = std::regex_replace(name, std::regex("^stem\\."), "downsample_layers.0.");
  name =
      std::regex_replace(name, std::regex("^stages\\.(\\d)\\.downsample\\.(\\d)"), "downsample_layers.$1.$2");
  name = std::regex_replace(name, std::regex("^stages\\.(\\d)\\.blocks\\."), "stages.$1.");
  name = std::regex_replace(name, std::regex("conv_dw"), "dwconv");
  name = std::regex_replace(name, std::regex("mlp\\.fc"), "pwconv");
  name = std::regex_replace(name, std::regex("^head\\.norm\\."), "norm.");
  return std::regex_replace(name, std::regex("^head\\.fc\\."), "head.");
}

TEST(StateDict, FacebooksConvnext) {
  const Classifier model = makeModel("convnext_tiny_in22k", HeadKind::Timm, 10, 1);
  const StateDict theirs = renamed(model.stateDict(), toFacebook);
  EXPECT_THAT(theirs, ::testing::Contains(::testing::Field(&NamedTensor::name, "stages.2.8.pwconv2.bias")));
  EXPECT_EQ(loadedAs(prefixed(theirs, "model."), model, HeadKind::Timm), "Facebook ConvNeXt");
  // head.fc.weight is in timm's own ConvNeXt as well, which is no sign of timm 1.0's Swin.
  EXPECT_EQ(loadedAs(model.stateDict(), model, HeadKind::Timm), "timm");
}

TEST(StateDict, EarlyVit) {
  const Classifier model = makeModel("vit_tiny_patch16_224", HeadKind::Timm, 10, 1);
  for (const std::vector<std::int64_t>& flat : {std::vector<std::int64_t>{192, 768}, {192, 3, 256}}) {
    StateDict state = model.stateDict();
    torch::Tensor& projection = testing::at(state, "patch_embed.proj.weight");
    projection = projection.detach().reshape(flat);
    state.push_back({"pre_logits.fc.weight", torch::zeros({192, 192})});
    state.push_back({"pre_logits.fc.bias", torch::zeros({192})});
    EXPECT_EQ(loadedAs(prefixed(state, "model."), model, HeadKind::Timm), "DeiT or early timm ViT");
  }
}

// The tensors of one block as Flax keeps them: kernels (in, out), heads apart.
void addFlaxBlock(StateDict& out, StateDict& state, int block, std::int64_t heads) {
  const std::string timm = "blocks." + std::to_string(block) + ".";
  const std::string flax = "Transformer/encoderblock_" + std::to_string(block) + "/";
  const auto get = [&](const std::string& name) { return testing::at(state, timm + name).detach(); };
  const auto put = [&](const std::string& name, const torch::Tensor& tensor) {
    out.push_back({flax + name, tensor});
  };
  for (const auto& [theirs, ours] : {std::pair("LayerNorm_0", "norm1"), std::pair("LayerNorm_2", "norm2")}) {
    put(std::string(theirs) + "/scale", get(std::string(ours) + ".weight"));
    put(std::string(theirs) + "/bias", get(std::string(ours) + ".bias"));
  }
  const auto weights = get("attn.qkv.weight").chunk(3), biases = get("attn.qkv.bias").chunk(3);
  const std::int64_t width = weights[0].size(1);
  const std::string attention = "MultiHeadDotProductAttention_1/";
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string name = attention + std::vector<std::string>{"query", "key", "value"}[i];
    put(name + "/kernel", weights[i].t().reshape({width, heads, width / heads}));
    put(name + "/bias", biases[i].reshape({heads, width / heads}));
  }
  put(attention + "out/kernel", get("attn.proj.weight").t().reshape({heads, width / heads, width}));
  put(attention + "out/bias", get("attn.proj.bias"));
  for (const auto& [theirs, ours] :
       {std::pair("MlpBlock_3/Dense_0", "mlp.fc1"), std::pair("MlpBlock_3/Dense_1", "mlp.fc2")}) {
    put(std::string(theirs) + "/kernel", get(std::string(ours) + ".weight").t());
    put(std::string(theirs) + "/bias", get(std::string(ours) + ".bias"));
  }
}

StateDict toFlax(StateDict state, std::int64_t heads) {
  const auto get = [&](const std::string& name) { return testing::at(state, name).detach(); };
  StateDict out{{"cls", get("cls_token")},
                {"embedding/kernel", get("patch_embed.proj.weight").permute({2, 3, 1, 0})},
                {"embedding/bias", get("patch_embed.proj.bias")},
                {"Transformer/posembed_input/pos_embedding", get("pos_embed")},
                {"Transformer/encoder_norm/scale", get("norm.weight")},
                {"Transformer/encoder_norm/bias", get("norm.bias")},
                {"head/kernel", get("head.weight").t()},
                {"head/bias", get("head.bias")},
                {"pre_logits/kernel", torch::zeros({192, 192})}};
  for (int block = 0; block < 12; ++block) addFlaxBlock(out, state, block, heads);
  return out;
}

TEST(StateDict, GooglesVit) {
  Classifier model = makeModel("vit_tiny_patch16_224", HeadKind::Timm, 10, 1);
  for (auto& [name, tensor] : model.stateDict()) {
    if (name.ends_with("bias"))
      tensor.detach().copy_(torch::randn_like(tensor));  // fresh ones are zero and would tell nothing
  }
  const StateDict flax = toFlax(model.stateDict(), 3);
  EXPECT_EQ(loadedAs(flax, model, HeadKind::Timm), "Google ViT (npz)");
  StateDict withOptimizer = prefixed(flax, "opt/target/");
  withOptimizer.push_back({"opt/state/step", torch::zeros({1})});
  EXPECT_EQ(loadedAs(withOptimizer, model, HeadKind::Timm), "Google ViT (npz)");
}

TEST(StateDict, MalformedLayoutsAreErrors) {
  const TempFolder folder;
  const auto failure = [&](const StateDict& state) -> std::string {
    writeFake(folder / "bad.safetensors", state);
    try {
      const WeightFile file = WeightFile::open(folder / "bad.safetensors");
      remapToTimm(file);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string block = "Transformer/encoderblock_0/MultiHeadDotProductAttention_1/";
  const NamedTensor google{"embedding/kernel", torch::zeros({16, 16, 3, 8})};
  EXPECT_THAT(failure({{"embedding/kernel", torch::zeros({16, 16})}}),
              ::testing::HasSubstr("has 2 dimensions"));
  EXPECT_THAT(failure({google, {block + "query/kernel", torch::zeros({8, 2, 4})}}),
              ::testing::HasSubstr("has no key"));
  EXPECT_THAT(failure({google, {block + "query/kernel", torch::zeros({8, 8})}}),
              ::testing::HasSubstr("has 2 dimensions"));
  EXPECT_THAT(failure({{"blocks.0.attn.qkv.weight", torch::zeros({3, 1})},
                       {"patch_embed.proj.weight", torch::zeros({8, 100})}}),
              ::testing::HasSubstr("no squares"));
}

TEST(StateDict, TensorsOfATypeThatNoWeightHasAreErrors) {
  const std::array<std::byte, 2> bytes{};
  EXPECT_THROW(tensorView({"a", "U8", {2}, bytes}, "file"), Error);
}

TEST(StateDict, UnalignedBytesAreRead) {
  std::array<float, 3> values{1, 2, 3};
  std::array<std::byte, 13> bytes{};
  std::memcpy(bytes.data() + 1, values.data(), 12);
  const torch::Tensor tensor = tensorView({"a", "F32", {3}, std::span(bytes).subspan(1)}, "file");
  EXPECT_TRUE(tensor.equal(torch::tensor({1.f, 2.f, 3.f})));
}

}  // namespace
}  // namespace panicle
