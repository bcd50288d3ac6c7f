// Where weights are found, what is in them, taking them over, fetching them. Caches are faked in folders of
// the test.
#include "core/models/weight_search.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/models/weight_fakes.h"
#include "tests/testing.h"
#include "tests/weights/http_server.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using testing::differences;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::makeModel;
using testing::renamed;
using testing::ScopedVariable;
using testing::TempFolder;
using testing::writeFake;

namespace fs = std::filesystem;

void touch(const fs::path& file, const std::string& content = "x") {
  fs::create_directories(file.parent_path());
  writeAtomically(file, content);
}

class WeightSearch : public ::testing::Test {
 protected:
  std::string found(const std::string& name) const {
    const auto weights = findWeights(name, workspace_);
    return weights ? toString(weights->place) + std::string(": ") +
                         weights->file.lexically_relative(folder_.path()).string()
                   : "";
  }
  template <typename Call>
  static std::string failure(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TempFolder folder_;
  fs::path workspace_ = folder_ / "work";
  // Nothing of this machine's own caches is seen.
  ScopedVariable home_{"HOME", (folder_ / "home").string()};
  ScopedVariable cache_{"XDG_CACHE_HOME", std::nullopt};
  ScopedVariable torch_{"TORCH_HOME", std::nullopt};
  ScopedVariable hub_{"HF_HUB_CACHE", std::nullopt};
  ScopedVariable formerHub_{"HUGGINGFACE_HUB_CACHE", std::nullopt};
  ScopedVariable hugging_{"HF_HOME", std::nullopt};
  ScopedVariable endpoint_{"HF_ENDPOINT", std::nullopt};
  ScopedVariable offline_{"HF_HUB_OFFLINE", std::nullopt};
  ScopedVariable proxy_{"http_proxy", std::nullopt};
  ScopedVariable noProxy_{"no_proxy", "127.0.0.1"};
};

TEST_F(WeightSearch, NothingIsANormalState) {
  for (const Architecture& architecture : architectures())
    EXPECT_EQ(found(architecture.name), "") << architecture.name;
  EXPECT_THAT(failure([&] { findWeights("resnet81", workspace_); }), HasSubstr("did you mean 'resnet18'?"));
}

TEST_F(WeightSearch, TheWorkspaceTakesAnyNameAndFormat) {
  for (const std::string name :
       {"convnext_small_in22k.safetensors", "convnext_small_in22k.pth", "convnext_small_in22k.pt",
        "convnext_small.fb_in22k.bin", "convnext_small.fb_in22k.npz", "convnext_small_22k_224.pth"}) {
    touch(workspace_ / "weights" / name);
    EXPECT_EQ(found("convnext_small_in22k"), "workspace: work/weights/" + name);
    EXPECT_EQ(found("convnext_small.fb_in22k"), "workspace: work/weights/" + name);
    EXPECT_EQ(found("timm/convnext_small.fb_in22k"), "workspace: work/weights/" + name);
    EXPECT_EQ(found("convnext_tiny_in22k"), "");
    fs::remove_all(workspace_);
  }
}

// File names from timm 0.6.13's default_cfgs.
TEST_F(WeightSearch, TorchHubsCache) {
  touch(folder_ / "home/.cache/torch/hub/checkpoints/resnet26d-69e92c46.pth");
  EXPECT_EQ(found("resnet26d"), "torch hub cache: home/.cache/torch/hub/checkpoints/resnet26d-69e92c46.pth");
  const ScopedVariable xdg("XDG_CACHE_HOME", (folder_ / "xdg").string());
  EXPECT_EQ(found("resnet26d"), "");
  touch(folder_ / "xdg/torch/hub/checkpoints/resnet26d-69e92c46.pth");
  EXPECT_EQ(found("resnet26d"), "torch hub cache: xdg/torch/hub/checkpoints/resnet26d-69e92c46.pth");
  const ScopedVariable torch("TORCH_HOME", "~/torch");
  EXPECT_EQ(found("resnet26d"), "");
  const std::string augreg =
      "Ti_16-i21k-300ep-lr_0.001-aug_none-wd_0.03-do_0.0-sd_0.0--imagenet2012-steps_20k-lr_0.03-res_224.npz";
  touch(folder_ / ("home/torch/hub/checkpoints/" + augreg));
  EXPECT_EQ(found("vit_tiny_patch16_224"), "torch hub cache: home/torch/hub/checkpoints/" + augreg);
}

TEST_F(WeightSearch, HuggingFacesCache) {
  const std::string repository = "models--timm--swin_small_patch4_window7_224.ms_in1k";
  const auto fill = [&](const fs::path& hub, const std::string& file) {
    touch(hub / repository / "refs/main", "abc123");
    touch(hub / repository / "snapshots/000old/model.safetensors");
    touch(hub / repository / "blobs/b1");
    fs::create_directories(hub / repository / "snapshots/abc123");
    fs::create_symlink("../../blobs/b1", hub / repository / "snapshots/abc123" / file);
  };
  const std::string arch = "swin_small_patch4_window7_224", end = "/" + repository + "/snapshots/abc123/";
  fill(folder_ / "home/.cache/huggingface/hub", "pytorch_model.bin");
  EXPECT_EQ(found(arch), "Hugging Face hub cache: home/.cache/huggingface/hub" + end + "pytorch_model.bin");
  const ScopedVariable xdg("XDG_CACHE_HOME", (folder_ / "xdg").string());
  EXPECT_EQ(found(arch), "");
  fill(folder_ / "xdg/huggingface/hub", "model.safetensors");
  EXPECT_EQ(found(arch), "Hugging Face hub cache: xdg/huggingface/hub" + end + "model.safetensors");
  const ScopedVariable home("HF_HOME", (folder_ / "hf").string());
  EXPECT_EQ(found(arch), "");
  fill(folder_ / "hf/hub", "model.safetensors");
  EXPECT_EQ(found(arch), "Hugging Face hub cache: hf/hub" + end + "model.safetensors");
  const ScopedVariable hub("HF_HUB_CACHE", (folder_ / "direct").string());
  EXPECT_EQ(found(arch), "");
  fill(folder_ / "direct", "model.safetensors");
  EXPECT_EQ(found(arch), "Hugging Face hub cache: direct" + end + "model.safetensors");
  fs::remove(folder_ / "direct" / repository / "blobs/b1");
  EXPECT_EQ(found(arch), "") << "a link whose file is gone";
  touch(folder_ / "direct" / repository / "refs/main", "../../..");
  EXPECT_EQ(found(arch), "") << "a reference that leads out";
}

TEST_F(WeightSearch, TheOrderIsWorkspaceTorchHuggingFace) {
  touch(folder_ / "home/.cache/huggingface/hub/models--timm--resnet26d.bt_in1k/refs/main", "r\n");
  touch(folder_ /
        "home/.cache/huggingface/hub/models--timm--resnet26d.bt_in1k/snapshots/r/model.safetensors");
  EXPECT_THAT(found("resnet26d"), HasSubstr("Hugging Face"));
  touch(folder_ / "home/.cache/torch/hub/checkpoints/resnet26d-69e92c46.pth");
  EXPECT_THAT(found("resnet26d"), HasSubstr("torch hub"));
  touch(workspace_ / "weights/resnet26d.npz");
  EXPECT_THAT(found("resnet26d"), HasSubstr("workspace"));
}

TEST_F(WeightSearch, PlacesNameTheFilesLookedFor) {
  EXPECT_THAT(
      weightPlaces("convnext_small_in22k", workspace_),
      ElementsAre(AllOf(HasSubstr((workspace_ / "weights").string()),
                        HasSubstr("convnext_small_in22k or convnext_small.fb_in22k")),
                  HasSubstr("home/.cache/torch/hub/checkpoints/convnext_small_22k_224.pth"),
                  HasSubstr("home/.cache/huggingface/hub/models--timm--convnext_small.fb_in22k/snapshots")));
}

TEST_F(WeightSearch, HubsAddress) {
  const NamedArchitecture named = findArchitecture("convnext_small_in22k");
  EXPECT_EQ(hubUrl(*named.architecture, *named.pretrained),
            "https://huggingface.co/timm/convnext_small.fb_in22k/resolve/main/model.safetensors");
  const ScopedVariable endpoint("HF_ENDPOINT", "https://mirror.example/");
  EXPECT_EQ(hubUrl(*named.architecture, *named.pretrained),
            "https://mirror.example/timm/convnext_small.fb_in22k/resolve/main/model.safetensors");
}

TEST_F(WeightSearch, InspectSaysWhatAFileIs) {
  const Classifier model = makeModel("resnet26d", HeadKind::Timm, 1000, 1);
  saveWeights(model, folder_ / "a.safetensors", {});
  const WeightFileFacts facts = inspectWeights(folder_ / "a.safetensors");
  EXPECT_EQ(facts.format, "safetensors");
  EXPECT_EQ(facts.bytes, fs::file_size(folder_ / "a.safetensors"));
  EXPECT_EQ(facts.tensors, model.stateDict().size());
  EXPECT_EQ(facts.parameters, 16'014'408u);  // timm's count
  EXPECT_EQ(facts.layout, "timm");
  EXPECT_EQ(facts.arch, "resnet26d");
  EXPECT_EQ(facts.classes, 1000);
  EXPECT_THAT(facts.nearest, IsEmpty());
  EXPECT_EQ(facts.list.size(), facts.tensors);
  EXPECT_EQ(facts.list[0].name, "conv1.0.weight");
  EXPECT_EQ(facts.list[0].dtype, "F32");
  EXPECT_EQ(facts.list[0].shape, (std::vector<std::int64_t>{32, 3, 3, 3}));
  EXPECT_EQ(facts.list[0].timm_name, "conv1.0.weight");
}

// Each architecture's own names and shapes must be told from all others': no file, only what a file would
// hold.
TEST_F(WeightSearch, EveryArchitectureIsToldFromTheOthers) {
  for (const Architecture& architecture : architectures()) {
    RemappedFile file;
    for (const ExpectedTensor& tensor : expectedBody(architecture))
      file.tensors.push_back({tensor.name, tensor.shape, {}, {}});
    const Architecture* recognised = recognise(file);
    ASSERT_NE(recognised, nullptr) << architecture.name;
    EXPECT_EQ(recognised->name, architecture.name);
    file.tensors.erase(file.tensors.begin());
    EXPECT_EQ(recognise(file), nullptr) << architecture.name << " lacks a tensor";
  }
}

TEST_F(WeightSearch, InspectSaysWhatSpeaksAgainstTheNearest) {
  StateDict state = makeModel("resnet26d", HeadKind::Fastai, 37, 1).stateDict();
  testing::at(state, "conv1.0.weight") = torch::zeros({32, 1, 3, 3});
  state.push_back({"extra.weight", torch::zeros({2})});
  writeFake(folder_ / "a.safetensors", state);
  const WeightFileFacts facts = inspectWeights(folder_ / "a.safetensors");
  EXPECT_EQ(facts.arch, "");
  EXPECT_EQ(facts.classes, 37);
  EXPECT_THAT(facts.nearest, ElementsAre(HasSubstr("nearest is resnet26d"), "1 unexpected: extra.weight",
                                         "1 of another shape: conv1.0.weight (32x1x3x3, not 32x3x3x3)"));
  writeFake(folder_ / "b.safetensors", {{"something", torch::zeros({2})}});
  EXPECT_THAT(inspectWeights(folder_ / "b.safetensors").nearest, ElementsAre(HasSubstr("no name in it")));
}

TEST_F(WeightSearch, ImportWritesTimmsNamesInTimmsOrder) {
  const Classifier model = makeModel("swin_tiny_patch4_window7_224", HeadKind::Timm, 10, 1);
  StateDict modern = renamed(model.stateDict(), [](const std::string& name) -> std::string {
    if (name.ends_with("attn_mask") || name.ends_with("relative_position_index")) return "";
    if (name.starts_with("head.")) return "head.fc." + name.substr(5);
    if (name.find(".downsample.") == std::string::npos) return name;
    return "layers." + std::to_string(name[7] - '0' + 1) + name.substr(8);
  });
  std::reverse(modern.begin(), modern.end());
  writeFake(folder_ / "modern.safetensors", modern);
  std::uint64_t done = 0, total = 0;
  const fs::path file = importWeights(folder_ / "modern.safetensors", workspace_, "", false, {},
                                      [&](std::uint64_t d, std::uint64_t t) {
                                        done = d;
                                        total = t;
                                      });
  EXPECT_EQ(file, workspace_ / "weights/swin_tiny_patch4_window7_224.safetensors");
  EXPECT_GT(total, 0u);
  EXPECT_EQ(done, total);
  const WeightFile written = WeightFile::open(file);
  const StateDict wanted = model.stateDict();
  ASSERT_EQ(written.tensors().size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(written.tensors()[i].name, wanted[i].name);
    EXPECT_TRUE(tensorView(written.tensors()[i], file).equal(wanted[i].tensor)) << wanted[i].name;
  }
  EXPECT_THAT(found("swin_tiny_patch4_window7_224"), HasSubstr("workspace"));
}

TEST_F(WeightSearch, ImportKeepsTheGridOfPositionEmbeddings) {
  ModelOptions options;
  options.arch = "vit_tiny_patch16_224";
  saveWeights(Classifier(options, 4, {64, 256}, 1), folder_ / "a.safetensors", {});
  const fs::path file = importWeights(folder_ / "a.safetensors", workspace_);
  EXPECT_EQ(WeightFile::open(file).metadata().at("position_grid"), "4,16");
}

TEST_F(WeightSearch, AGridThatIsNoneIsAnError) {
  saveWeights(makeModel("resnet18", HeadKind::Timm, 4, 1), folder_ / "a.safetensors",
              {{"position_grid", "wide"}});
  EXPECT_THAT(failure([&] { inspectWeights(folder_ / "a.safetensors"); }),
              AllOf(HasSubstr("a.safetensors"), HasSubstr("position_grid"), HasSubstr("'wide'")));
}

TEST_F(WeightSearch, ImportKeepsWhatIsThereAndStopsInGoodOrder) {
  const Classifier model = makeModel("resnet18", HeadKind::Fastai, 4, 1);
  saveWeights(model, folder_ / "a.safetensors", {});
  const fs::path target = workspace_ / "weights/resnet18.safetensors";
  touch(target, "mine");
  EXPECT_THAT(failure([&] { importWeights(folder_ / "a.safetensors", workspace_); }),
              AllOf(HasSubstr(target.string()), HasSubstr("there already")));
  std::stop_source source;
  EXPECT_THROW(importWeights(folder_ / "a.safetensors", workspace_, "", true, source.get_token(),
                             [&](std::uint64_t, std::uint64_t) { source.request_stop(); }),
               Cancelled);
  EXPECT_EQ(readText(target), "mine");
  EXPECT_EQ(std::distance(fs::directory_iterator(workspace_ / "weights"), fs::directory_iterator()), 1)
      << "nothing half-written stays";
  importWeights(folder_ / "a.safetensors", workspace_, "", true);
  Classifier loaded = makeModel("resnet18", HeadKind::Fastai, 4, 2);
  loadWeights(loaded, target);
  EXPECT_EQ(differences(model, loaded), 0);
}

TEST_F(WeightSearch, ImportRefusesWhatDoesNotFit) {
  saveWeights(makeModel("resnet18", HeadKind::Timm, 4, 1), folder_ / "a.safetensors", {});
  EXPECT_THAT(failure([&] { importWeights(folder_ / "a.safetensors", workspace_, "resnet34"); }),
              HasSubstr("this is a resnet18, not a resnet34"));
  writeFake(folder_ / "b.safetensors", {{"something", torch::zeros({2})}});
  EXPECT_THAT(failure([&] { importWeights(folder_ / "b.safetensors", workspace_); }),
              HasSubstr("fits no architecture"));
  EXPECT_THAT(failure([&] { importWeights(folder_ / "b.safetensors", workspace_, "resnet34"); }),
              HasSubstr("does not fit resnet34"));
  EXPECT_FALSE(fs::exists(workspace_));
}

TEST_F(WeightSearch, DownloadFetchesTheHubsFile) {
  saveWeights(makeModel("resnet18", HeadKind::Timm, 1000, 1), folder_ / "r18.safetensors", {});
  const std::string content = readText(folder_ / "r18.safetensors");
  testing::HttpServer server([&](const auto& request) {
    return testing::HttpServer::Answer{testing::fileAnswer(request, content, "\"e\"")};
  });
  const ScopedVariable endpoint("HF_ENDPOINT", server.url(""));
  EXPECT_EQ(downloadWeights("resnet18", workspace_), workspace_ / "weights/resnet18.safetensors");
  EXPECT_THAT(server.requests().at(0).target, AllOf(::testing::StartsWith("/timm/resnet18."),
                                                    ::testing::EndsWith("/resolve/main/model.safetensors")));
  EXPECT_THAT(found("resnet18"), HasSubstr("workspace"));
  EXPECT_THAT(failure([&] { downloadWeights("resnet34", workspace_); }),
              HasSubstr("holds a resnet18, not a resnet34"));
  EXPECT_EQ(found("resnet34"), "");
}

TEST_F(WeightSearch, OfflineIsSaidWithTheWayOut) {
  const ScopedVariable offline("HF_HUB_OFFLINE", "true");
  EXPECT_THAT(failure([&] { downloadWeights("resnet26d", workspace_); }),
              AllOf(HasSubstr("HF_HUB_OFFLINE"), HasSubstr("https://huggingface.co/timm/resnet26d.bt_in1k"),
                    HasSubstr((workspace_ / "weights/resnet26d.safetensors").string())));
  EXPECT_FALSE(fs::exists(workspace_));
}

}  // namespace
}  // namespace panicle
