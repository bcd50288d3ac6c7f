// Weight files in and out of a model.
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/weights/safetensors.h"
#include "tests/models/timm_fill.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::TempFolder;

// A second reading of the file, by hand: 8-byte length, JSON, bytes.
TEST(Weights, SavedFileHasTimmsNamesForTheBody) {
  const TempFolder folder;
  const Classifier model("resnet26d", HeadKind::Fastai, 10, 3);
  saveWeights(model, folder / "model.safetensors", {});
  const std::string bytes = readText(folder / "model.safetensors");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  const Json header = Json::parse(bytes.substr(8, length));
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
  for (const auto& [name, tensor] : model.stateDict()) {
    if (name == "conv1.0.weight") {
      EXPECT_EQ(tensor.flatten()[0].item<float>(), first);
    }
  }
}

TEST(Weights, RoundTripIsExact) {
  const TempFolder folder;
  Classifier a("resnet18", HeadKind::Fastai, 4, 1), b("resnet18", HeadKind::Fastai, 4, 2);
  a.toChannelsLast();
  saveWeights(a, folder / "a.safetensors", {});
  const WeightReport report = loadWeights(b, folder / "a.safetensors");
  EXPECT_TRUE(report.notes.empty());
  const auto sa = a.stateDict(), sb = b.stateDict();
  for (std::size_t i = 0; i < sa.size(); ++i) EXPECT_TRUE(sa[i].tensor.equal(sb[i].tensor)) << sa[i].name;
}

TEST(Weights, ClassifierOfAnotherClassCountIsLeftOutWithANote) {
  const TempFolder folder;
  const Classifier timm("resnet18", HeadKind::Timm, 1000, 1);
  saveWeights(timm, folder / "timm.safetensors", {});
  Classifier ours("resnet18", HeadKind::Timm, 10, 2);
  const WeightReport report = loadWeights(ours, folder / "timm.safetensors");
  ASSERT_EQ(report.notes.size(), 2u);
  EXPECT_NE(report.notes[0].find("fc.weight has shape 1000x512, not 10x512"), std::string::npos) << report.notes[0];
}

TEST(Weights, FileOfAnotherArchitectureIsRefusedWithNames) {
  const TempFolder folder;
  saveWeights(Classifier("resnet18", HeadKind::Timm, 10, 1), folder / "r18.safetensors", {});
  Classifier other("resnet50", HeadKind::Timm, 10, 1);
  try {
    loadWeights(other, folder / "r18.safetensors");
    FAIL();
  } catch (const Error& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find("does not fit resnet50"), std::string::npos);
    EXPECT_NE(what.find("layer1.0.conv3.weight"), std::string::npos) << what;
  }
}

}  // namespace
}  // namespace panicle
