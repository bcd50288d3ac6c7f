// models, weights, download.
#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "core/base/file.h"
#include "core/weights/safetensors.h"
#include "tests/cli/program.h"
#include "tests/testing.h"
#include "tests/weights/http_server.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using testing::Answer;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::HttpServer;
using ::testing::Not;
using testing::Program;
using testing::TempFolder;

class CliModels : public ::testing::Test {
 protected:
  void SetUp() override {
    // Nothing of this machine's own caches is seen, and its proxy not asked.
    ::setenv("HOME", path("home").c_str(), 1);
    ::setenv("no_proxy", "127.0.0.1", 1);
    for (const char* name : {"XDG_CACHE_HOME", "TORCH_HOME", "HF_HOME", "HF_HUB_CACHE",
                             "HUGGINGFACE_HUB_CACHE", "HF_ENDPOINT", "HF_HUB_OFFLINE", "http_proxy"}) {
      ::unsetenv(name);
    }
  }

  Answer run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--workspace", path("w")});
    return testing::run(folder_.path(), arguments);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  TempFolder folder_;
};

// timm's resnet18, all zeros, from the names and shapes of the reference data.
void writeResnet18(const std::filesystem::path& file) {
  const Json timm = readJson(testing::reference("timm/resnet18.json"));
  std::vector<TensorEntry> entries;
  for (const auto& row : timm["state_dict"]) {
    entries.push_back({row["name"],
                       row["dtype"] == "int64" ? "I64" : "F32",
                       row["shape"].get<std::vector<std::int64_t>>(),
                       {}});
  }
  std::vector<std::byte> zeros;
  writeSafetensors(file, entries, {}, [&](std::size_t i) -> std::span<const std::byte> {
    zeros.assign(*tensorBytes(entries[i].dtype, entries[i].shape), std::byte{0});
    return zeros;
  });
}

Json named(const Json& models, const std::string& name) {
  for (const Json& model : models) {
    if (model["name"] == name) return model;
  }
  return nullptr;
}

TEST_F(CliModels, ListSaysWhatEachIsAndWhereItsWeightsAre) {
  std::filesystem::create_directories(folder_ / "home/.cache/torch/hub/checkpoints");
  const std::string cached = path("home/.cache/torch/hub/checkpoints/resnet26d-69e92c46.pth");
  writeAtomically(cached, "");
  const Json models = run({"models", "--json"}).json();
  EXPECT_GE(models.size(), 19u);
  const Json resnet = named(models, "resnet26d"), swin = named(models, "swinv2_base_window12_192_22k");
  EXPECT_EQ(resnet["weights"], cached);
  EXPECT_EQ(resnet["weights_place"], "torch hub cache");
  EXPECT_EQ(swin["params"], 109'280'841);  // timm's count
  EXPECT_EQ(swin["input_size"], Json({192, 192}));
  EXPECT_TRUE(swin["weights"].is_null());
  EXPECT_EQ(swin["pretrained"][0]["hub_url"],
            "https://huggingface.co/timm/swinv2_base_window12_192.ms_in22k/resolve/main/model.safetensors");
  const Answer table = run({"models"});
  EXPECT_THAT(table.out, AllOf(HasSubstr("GMACs"), HasSubstr(cached),
                               HasSubstr("not here: panicle-cli download resnet34")));
}

TEST_F(CliModels, FilterLooksAtNamesAndFamilies) {
  const Answer answer = run({"models", "CONVNEXT_s"});
  EXPECT_THAT(answer.out, AllOf(HasSubstr("convnext_small_in22k"), Not(HasSubstr("convnext_tiny")),
                                Not(HasSubstr("resnet"))));
  EXPECT_EQ(run({"models", "resnet", "--json"}).json().size(),
            run({"models", "ResNet", "--json"}).json().size());
  EXPECT_EQ(run({"models", "efficientnet"}).status, 1);
}

TEST_F(CliModels, WeightsShowsWhatAFileHolds) {
  writeResnet18(folder_ / "r18.safetensors");
  const Json facts = run({"weights", path("r18.safetensors"), "--json"}).json();
  EXPECT_EQ(facts["arch"], "resnet18");
  EXPECT_EQ(facts["classes"], 1000);
  EXPECT_EQ(facts["format"], "safetensors");
  EXPECT_EQ(facts["parameters"], 11'689'512);
  EXPECT_EQ(facts["tensors"].size(), 122u);
  EXPECT_EQ(
      facts["tensors"][0],
      Json::parse(R"({"name":"conv1.weight","dtype":"F32","shape":[64,3,7,7],"timm_name":"conv1.weight"})"));
  EXPECT_TRUE(facts["imported"].is_null());
  const Answer table = run({"weights", path("r18.safetensors")});
  EXPECT_THAT(table.out, AllOf(HasSubstr("resnet18"), HasSubstr("64x3x7x7"), HasSubstr("and 102 more"),
                               Not(HasSubstr("fc.weight"))));
  EXPECT_THAT(run({"weights", path("r18.safetensors"), "--all"}).out, HasSubstr("fc.weight"));
}

TEST_F(CliModels, WeightsSaysWhyAFileIsNoModel) {
  const std::array<std::byte, 8> bytes{};
  writeSafetensors(folder_ / "x.safetensors", {{"a", "F32", {2}, bytes}});
  EXPECT_THAT(run({"weights", path("x.safetensors")}).out, HasSubstr("none that Panicle knows"));
  EXPECT_TRUE(run({"weights", path("x.safetensors"), "--json"}).json()["arch"].is_null());
  writeAtomically(folder_ / "x.pth", "no pickle");
  const Answer answer = run({"weights", path("x.pth")});
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, HasSubstr("x.pth"));
  EXPECT_EQ(run({"weights"}).status, 2);
  EXPECT_EQ(run({"weights", path("x.pth"), "--replace"}).status, 2) << "without --import";
}

TEST_F(CliModels, ImportedWeightsAreFound) {
  writeResnet18(folder_ / "r18.safetensors");
  const Answer answer = run({"weights", path("r18.safetensors"), "--import", "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.json()["imported"], path("w/weights/resnet18.safetensors"));
  EXPECT_EQ(named(run({"models", "--json"}).json(), "resnet18")["weights"],
            path("w/weights/resnet18.safetensors"));
  EXPECT_THAT(run({"weights", path("r18.safetensors"), "--import"}).err, HasSubstr("is there already"));
  EXPECT_EQ(run({"weights", path("r18.safetensors"), "--import", "--replace"}).status, 0);
  EXPECT_THAT(run({"weights", path("r18.safetensors"), "--import", "--arch", "resnet34"}).err,
              HasSubstr("this is a resnet18"));
}

TEST_F(CliModels, DownloadFetchesOnceAndGoesOnAfterCtrlC) {
  writeResnet18(folder_ / "r18.safetensors");
  const std::string content = readText(folder_ / "r18.safetensors");
  std::atomic<bool> stall = true;
  HttpServer server([&](const HttpServer::Request& request) {
    const std::string whole = testing::fileAnswer(request, content, "\"one\"");
    return stall ? HttpServer::Answer{whole.substr(0, whole.size() / 2), true} : HttpServer::Answer{whole};
  });
  ::setenv("HF_ENDPOINT", server.url("").c_str(), 1);
  const std::vector<std::string> command{"download", "resnet18", "--workspace", path("w"), "--json"};
  {
    Program program(folder_.path(), command);
    const auto part = folder_ / "w/weights/resnet18.safetensors.part";
    std::error_code absent;
    while (!std::filesystem::exists(part) || std::filesystem::file_size(part, absent) == 0)
      std::this_thread::yield();
    program.signal(SIGINT);
    const Answer answer = program.wait();
    EXPECT_EQ(answer.status, 1) << answer.err;
    EXPECT_THAT(answer.err, HasSubstr("is kept"));
    EXPECT_TRUE(std::filesystem::exists(part));
  }
  stall = false;
  Answer answer = testing::run(folder_.path(), command);
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(
      answer.json(),
      Json::array(
          {{{"name", "resnet18"}, {"file", path("w/weights/resnet18.safetensors")}, {"downloaded", true}}}));
  EXPECT_EQ(readText(folder_ / "w/weights/resnet18.safetensors"), content);
  EXPECT_TRUE(server.requests().back().headers.contains("range"));
  const std::size_t requests = server.requests().size();
  answer = testing::run(folder_.path(), command);
  EXPECT_EQ(answer.json()[0]["downloaded"], false);
  EXPECT_EQ(server.requests().size(), requests);
}

TEST_F(CliModels, DownloadThatCannotBe) {
  EXPECT_THAT(run({"download", "resnet18", "resnet81"}).err, HasSubstr("did you mean 'resnet18'?"));
  EXPECT_EQ(run({"download"}).status, 2);
  ::setenv("HF_HUB_OFFLINE", "1", 1);
  const Answer answer = run({"download", "resnet18"});
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err,
              AllOf(HasSubstr("HF_HUB_OFFLINE"), HasSubstr(path("w/weights/resnet18.safetensors"))));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "w"));
}

}  // namespace
}  // namespace panicle
