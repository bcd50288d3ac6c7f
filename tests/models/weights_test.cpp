// Weight files in and out of a model.
#include <gmock/gmock.h>

#include <fstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "tests/models/timm_fill.h"
#include "tests/models/weight_fakes.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using testing::differences;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::makeModel;
using testing::renamed;
using testing::TempFolder;
using testing::writeFake;

std::string failure(Classifier& model, const std::filesystem::path& file) {
  try {
    loadWeights(model, file);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// A second reading of the file, by hand: 8-byte length, JSON, bytes.
TEST(Weights, SavedFileHasTimmsNamesForTheBody) {
  const TempFolder folder;
  const Classifier model = makeModel("resnet26d", HeadKind::Fastai, 10, 3);
  saveWeights(model, folder / "model.safetensors", {{"epoch", "3"}});
  const std::string bytes = readText(folder / "model.safetensors");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  const Json header = Json::parse(bytes.substr(8, length));
  EXPECT_EQ(header["__metadata__"]["arch"], "resnet26d");
  EXPECT_EQ(header["__metadata__"]["format"], "pt");
  EXPECT_EQ(header["__metadata__"]["epoch"], "3");
  const Json timm = readJson(testing::reference("timm/resnet26d.json"));
  for (const auto& row : timm["state_dict"]) {
    const std::string name = row["name"];
    if (name.starts_with("fc.")) continue;
    ASSERT_TRUE(header.contains(name)) << name;
    EXPECT_EQ(header[name]["shape"], row["shape"]) << name;
    EXPECT_EQ(header[name]["dtype"].get<std::string>(), row["dtype"] == "int64" ? "I64" : "F32") << name;
  }
  const auto offsets = header["conv1.0.weight"]["data_offsets"];
  float first = 0;
  std::memcpy(&first, bytes.data() + 8 + length + offsets[0].get<std::size_t>(), 4);
  StateDict state = model.stateDict();
  EXPECT_EQ(testing::at(state, "conv1.0.weight").flatten()[0].item<float>(), first);
}

TEST(Weights, RoundTripIsExact) {
  const TempFolder folder;
  Classifier a = makeModel("resnet18", HeadKind::Fastai, 4, 1),
             b = makeModel("resnet18", HeadKind::Fastai, 4, 2);
  a.toChannelsLast();
  saveWeights(a, folder / "a.safetensors", {});
  EXPECT_GT(differences(a, b), 0);
  const WeightReport report = loadWeights(b, folder / "a.safetensors");
  EXPECT_THAT(report.notes, IsEmpty());
  EXPECT_EQ(report.loaded, a.stateDict().size());
  EXPECT_EQ(report.layout, "timm");
  EXPECT_EQ(differences(a, b), 0);
}

TEST(Weights, ClassifierOfAnotherClassCountIsLeftOutWithANote) {
  const TempFolder folder;
  const Classifier timm = makeModel("resnet18", HeadKind::Timm, 1000, 1);
  saveWeights(timm, folder / "timm.safetensors", {});
  Classifier ours = makeModel("resnet18", HeadKind::Timm, 10, 2),
             untouched = makeModel("resnet18", HeadKind::Timm, 10, 2);
  EXPECT_THAT(loadWeights(ours, folder / "timm.safetensors").notes,
              ElementsAre("the file's classifier has 1000 classes, this model 10: not used"));
  StateDict state = ours.stateDict(), before = untouched.stateDict(), stored = timm.stateDict();
  EXPECT_TRUE(testing::at(state, "fc.weight").equal(testing::at(before, "fc.weight")));
  EXPECT_TRUE(testing::at(state, "conv1.weight").equal(testing::at(stored, "conv1.weight")));
}

TEST(Weights, TimmsClassifierIsNotForFastaisHead) {
  const TempFolder folder;
  saveWeights(makeModel("resnet18", HeadKind::Timm, 10, 1), folder / "timm.safetensors", {});
  Classifier ours = makeModel("resnet18", HeadKind::Fastai, 10, 2);
  EXPECT_THAT(
      loadWeights(ours, folder / "timm.safetensors").notes,
      ElementsAre("the file's classifier has 10 classes and another kind of head than this model: not used"));
}

TEST(Weights, OfFastaisHeadAllButTheClassifierIsTaken) {
  const TempFolder folder;
  const Classifier stored = makeModel("resnet18", HeadKind::Fastai, 37, 1);
  saveWeights(stored, folder / "a.safetensors", {});
  Classifier ours = makeModel("resnet18", HeadKind::Fastai, 10, 2);
  EXPECT_THAT(loadWeights(ours, folder / "a.safetensors").notes,
              ElementsAre("the file's classifier has 37 classes, this model 10: not used"));
  StateDict state = ours.stateDict(), wanted = stored.stateDict();
  EXPECT_TRUE(testing::at(state, "head.4.weight").equal(testing::at(wanted, "head.4.weight")));
}

TEST(Weights, FileWithoutAClassifierLeavesTheHeadFresh) {
  const TempFolder folder;
  const Classifier timm = makeModel("resnet18", HeadKind::Timm, 10, 1);
  writeFake(folder / "body.safetensors", renamed(timm.stateDict(), [](const std::string& name) {
              return name.starts_with("fc.") ? "" : name;
            }));
  Classifier ours = makeModel("resnet18", HeadKind::Timm, 10, 2);
  EXPECT_THAT(loadWeights(ours, folder / "body.safetensors").notes,
              ElementsAre("the file has no classifier: the head starts fresh"));
}

TEST(Weights, CountersOfBatchNormsMayBeMissing) {
  const TempFolder folder;
  const Classifier a = makeModel("resnet18", HeadKind::Timm, 10, 1);
  writeFake(folder / "old.safetensors", renamed(a.stateDict(), [](const std::string& name) {
              return name.ends_with("num_batches_tracked") ? "" : name;
            }));
  Classifier b = makeModel("resnet18", HeadKind::Timm, 10, 2);
  EXPECT_THAT(loadWeights(b, folder / "old.safetensors").notes, IsEmpty());
  EXPECT_EQ(differences(a, b), 0);
}

TEST(Weights, OtherNumberTypesAreConverted) {
  const TempFolder folder;
  const Classifier a = makeModel("resnet18", HeadKind::Timm, 10, 1);
  const std::map<torch::ScalarType, double> precision{
      {torch::kFloat16, 1e-3}, {torch::kBFloat16, 8e-3}, {torch::kFloat64, 0}};
  for (const auto& [type, relative] : precision) {
    StateDict other = a.stateDict();
    for (auto& [name, tensor] : other) {
      if (tensor.is_floating_point()) tensor = tensor.detach().to(type);
    }
    writeFake(folder / "typed.safetensors", other);
    Classifier b = makeModel("resnet18", HeadKind::Timm, 10, 2);
    loadWeights(b, folder / "typed.safetensors");
    const StateDict left = a.stateDict(), right = b.stateDict();
    for (std::size_t i = 0; i < left.size(); ++i) {
      EXPECT_EQ(right[i].tensor.scalar_type(), left[i].tensor.scalar_type());
      EXPECT_TRUE(torch::allclose(right[i].tensor, left[i].tensor, relative, 1e-7))
          << left[i].name << " " << type;
    }
  }
}

TEST(Weights, FileOfAnotherArchitectureIsNamed) {
  const TempFolder folder;
  saveWeights(makeModel("resnet18", HeadKind::Timm, 10, 1), folder / "r18.safetensors", {});
  Classifier other = makeModel("resnet50", HeadKind::Timm, 10, 1);
  EXPECT_THAT(failure(other, folder / "r18.safetensors"),
              AllOf(HasSubstr("r18.safetensors"), HasSubstr("this is a resnet18, not a resnet50"),
                    HasSubstr("missing"), HasSubstr("layer1.0.conv3.weight"), HasSubstr("of another shape"),
                    HasSubstr("(64x64x3x3, not 64x64x1x1)")));
}

// Every name and shape of resnet18 is in a resnet34 as well.
TEST(Weights, ALargerOneOfTheSameFamilyIsRefused) {
  const TempFolder folder;
  saveWeights(makeModel("resnet34", HeadKind::Timm, 10, 1), folder / "r34.safetensors", {});
  Classifier small = makeModel("resnet18", HeadKind::Timm, 10, 1),
             untouched = makeModel("resnet18", HeadKind::Timm, 10, 1);
  EXPECT_THAT(
      failure(small, folder / "r34.safetensors"),
      AllOf(HasSubstr("this is a resnet34"), HasSubstr("unexpected"), HasSubstr("layer1.2.conv1.weight")));
  EXPECT_EQ(differences(small, untouched), 0) << "nothing is loaded of a file that does not fit";
}

TEST(Weights, UnknownNamesAreListedWithTheirCount) {
  const TempFolder folder;
  const Classifier a = makeModel("resnet18", HeadKind::Timm, 10, 1);
  writeFake(folder / "odd.safetensors", renamed(a.stateDict(), [](const std::string& name) {
              return name.starts_with("layer4.") ? "stage" + name.substr(5) : name;
            }));
  Classifier b = makeModel("resnet18", HeadKind::Timm, 10, 2);
  EXPECT_THAT(failure(b, folder / "odd.safetensors"),
              AllOf(HasSubstr("does not fit resnet18"), HasSubstr("25 missing: layer4.0.conv1.weight"),
                    HasSubstr("30 unexpected: stage4.0.conv1"), HasSubstr(" more")));
}

Classifier vitFor(Size images, std::uint64_t seed) {
  ModelOptions options;
  options.arch = "vit_tiny_patch16_224";
  options.head = HeadKind::Timm;
  return Classifier(options, 10, images, seed);
}

// The position embeddings of the patches, (rows, columns, channels).
torch::Tensor positions(const Classifier& model, std::int64_t rows, std::int64_t columns) {
  StateDict state = model.stateDict();
  return testing::at(state, "pos_embed").detach().slice(1, 1).reshape({rows, columns, -1});
}

TEST(Weights, PositionEmbeddingsOfAnotherImageSizeAreInterpolated) {
  const TempFolder folder;
  const Classifier stored = makeModel("vit_tiny_patch16_224", HeadKind::Timm, 10, 1);
  saveWeights(stored, folder / "vit.safetensors", {});
  Classifier larger = vitFor({320, 256}, 2);
  EXPECT_THAT(loadWeights(larger, folder / "vit.safetensors").notes,
              ElementsAre(HasSubstr("pos_embed interpolated from 14x14 to 20x16 patches")));
  StateDict state = larger.stateDict(), wanted = stored.stateDict();
  const torch::Tensor adapted = testing::at(state, "pos_embed"), original = testing::at(wanted, "pos_embed");
  EXPECT_TRUE(adapted.slice(1, 0, 1).equal(original.slice(1, 0, 1))) << "the class token's stays";
  EXPECT_NEAR(adapted.std().item<double>(), original.std().item<double>(), 0.01);
}

// As many patches in another grid: what tells columns apart must go on doing so, and rows stay alike.
TEST(Weights, PositionEmbeddingsKeepTheirGrid) {
  const torch::NoGradGuard noGrad;
  const TempFolder folder;
  Classifier wide = vitFor({64, 256}, 1);
  positions(wide, 4, 16).copy_(torch::arange(16).reshape({1, 16, 1}).expand({4, 16, 192}));
  wide.setImageSize({128, 128});  // the parameter stays as it was made
  saveWeights(wide, folder / "wide.safetensors", {});

  Classifier square = vitFor({128, 128}, 2), same = vitFor({64, 256}, 2);
  EXPECT_THAT(loadWeights(square, folder / "wide.safetensors").notes,
              ElementsAre(HasSubstr("pos_embed interpolated from 4x16 to 8x8 patches")));
  const torch::Tensor adapted = positions(square, 8, 8);
  EXPECT_TRUE(torch::allclose(adapted, adapted.slice(0, 0, 1).expand_as(adapted), 0, 1e-4));
  EXPECT_GT((adapted.slice(1, 1) - adapted.slice(1, 0, 7)).min().item<double>(), 1.0);

  EXPECT_THAT(loadWeights(same, folder / "wide.safetensors").notes, IsEmpty());
  EXPECT_EQ(differences(wide, same), 0);
}

TEST(Weights, PositionEmbeddingsOfAGridThatIsNoSquare) {
  const TempFolder folder;
  const Classifier tall = vitFor({96, 64}, 1);
  saveWeights(tall, folder / "ours.safetensors", {});
  writeFake(folder / "theirs.safetensors", tall.stateDict());
  Classifier other = vitFor({128, 128}, 2), untouched = vitFor({128, 128}, 2), same = vitFor({96, 64}, 2);
  EXPECT_THAT(failure(other, folder / "theirs.safetensors"), HasSubstr("pos_embed (1x25x192, not 1x65x192)"));
  EXPECT_EQ(differences(other, untouched), 0) << "nothing is loaded of a file that does not fit";
  EXPECT_THAT(loadWeights(same, folder / "theirs.safetensors").notes, IsEmpty());
  EXPECT_THAT(loadWeights(other, folder / "ours.safetensors").notes,
              ElementsAre(HasSubstr("from 6x4 to 8x8 patches")));
}

// A file that does not say its grid: a square, as timm takes it for.
TEST(Weights, PositionEmbeddingsOfAnUnknownGridAreASquare) {
  const TempFolder folder;
  writeFake(folder / "a.safetensors", vitFor({128, 128}, 1).stateDict());
  Classifier square = vitFor({128, 128}, 2), wide = vitFor({64, 256}, 2);
  EXPECT_THAT(loadWeights(square, folder / "a.safetensors").notes, IsEmpty());
  EXPECT_THAT(loadWeights(wide, folder / "a.safetensors").notes,
              ElementsAre(HasSubstr("from 8x8 to 4x16 patches")));
}

TEST(Weights, WholeNumbersAreNoWeights) {
  const TempFolder folder;
  const Classifier good = makeModel("resnet18", HeadKind::Timm, 10, 1);
  Classifier model = makeModel("resnet18", HeadKind::Timm, 10, 2),
             untouched = makeModel("resnet18", HeadKind::Timm, 10, 2);
  for (const std::string name : {"layer4.1.conv2.weight", "bn1.running_var", "fc.bias"}) {
    StateDict state = good.stateDict();
    testing::at(state, name) = testing::at(state, name).detach().to(torch::kInt64);
    writeFake(folder / "whole.safetensors", state);
    EXPECT_THAT(failure(model, folder / "whole.safetensors"),
                HasSubstr("1 not of a floating-point type: " + name + " (I64)"));
    EXPECT_EQ(differences(model, untouched), 0) << "nothing is loaded of a file that does not fit";
  }
}

// A line of /proc/self/status, in bytes.
std::uint64_t ownMemory(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return std::stoull(line.substr(key.size() + 1)) * 1024;
  }
  return 0;
}

// The largest tensor of the file is its classifier, 67 MB: no second copy of it, nor the file's pages, may
// pile up.
TEST(Weights, LoadingTakesLittleMemoryBesideTheModel) {
  const TempFolder folder;
  Classifier model = makeModel("convnext_tiny_in22k", HeadKind::Timm, 21841, 1);
  saveWeights(model, folder / "a.safetensors", {});
  std::ofstream clear("/proc/self/clear_refs");
  if (!(clear << "5" << std::flush))
    GTEST_SKIP() << "SKIPPED: the system does not let the peak be reset";  // VmHWM = VmRSS
  const std::uint64_t before = ownMemory("VmRSS");
  loadWeights(model, folder / "a.safetensors");
  EXPECT_LT(ownMemory("VmHWM"), before + (std::uint64_t{32} << 20));
}

TEST(Weights, SwinsMasksAreNotTakenFromFiles) {
  const TempFolder folder;
  const Classifier a = makeModel("swin_tiny_patch4_window7_224", HeadKind::Timm, 10, 1);
  StateDict state = a.stateDict();
  for (auto& [name, tensor] : state) {
    if (name.ends_with("attn_mask")) tensor = torch::full_like(tensor, 7);
  }
  writeFake(folder / "swin.safetensors", state);
  Classifier b = makeModel("swin_tiny_patch4_window7_224", HeadKind::Timm, 10, 2);
  loadWeights(b, folder / "swin.safetensors");
  EXPECT_EQ(differences(a, b), 0);
}

}  // namespace
}  // namespace panicle
