#include "core/runs/run_spec.h"

#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "core/base/file.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::message;
using testing::TempFolder;

void set(RunSpec& spec, std::string_view key, std::string_view value) {
  setByPath(spec, key, value);
}

// A spec in which no field has its default.
RunSpec changed() {
  RunSpec spec;
  spec.name = "naïve \"quoted\" 米";
  spec.seed = 18446744073709551615ull;
  spec.device = "cuda:1";
  spec.precision = Precision::Fp32;
  spec.threads = 3;
  spec.data.root = "/photos";
  spec.data.csv = "labels.csv";
  spec.data.label_columns = {"disease"};
  spec.data.test = "test";
  spec.data.exif = ExifPolicy::Apply;
  spec.data.split = {SplitKind::Column, 0.1, 7, "fold"};
  spec.data.subset = {{"blast", "hispa"}, 1.0 / 3.0};
  spec.model.arch = "resnet26d";
  spec.model.weights = "none";
  spec.batch = {16, 4};
  spec.optimizer.wd = 0.1;
  spec.stages.resize(2);
  spec.stages[0].augment.reset();
  spec.stages[1].resize.size = {640, 480};
  spec.stages[1].schedule.kind = ScheduleKind::FineTune;
  spec.stages[1].schedule.lr_max = {.high = 0.1 + 0.2, .low = 1e-7 / 3, .slice = true};
  spec.stages[1].schedule.pct_start = 0.4;
  spec.stages[1].batch = BatchOptions{.size = 8, .effective = 64};
  spec.stages[1].mix = MixOptions{.kind = MixKind::CutMix};
  spec.fidelity = Fidelity::Fastai;
  spec.metrics = {"f1_macro", "recall"};
  spec.callbacks.keep_best = KeepBestOptions{.monitor = "f1_macro", .min_delta = 0.01};
  spec.callbacks.reduce_lr = ReduceLrOptions{.patience = 2, .factor = 3};
  spec.callbacks.grad_clip = 0.5;
  spec.callbacks.ema_decay = 0.999;
  spec.checkpoint = {.every_minutes = 0.5, .max_share = 0.25, .keep_last = 3};
  spec.tensorboard = true;
  return spec;
}

TEST(RunSpec, RoundTripIsExact) {
  for (const RunSpec& spec : {RunSpec{}, changed()}) {
    const Json json = specToJson(spec);
    const RunSpec read = specFromJson(parseJson(json.dump(), "test"), "test");
    EXPECT_EQ(specToJson(read), json);
  }
  const RunSpec read = specFromJson(specToJson(changed()), "test");
  EXPECT_EQ(read.seed, 18446744073709551615ull);
  EXPECT_EQ(read.data.subset.fraction, 1.0 / 3.0);
  EXPECT_EQ(read.stages[1].schedule.lr_max, changed().stages[1].schedule.lr_max);
  EXPECT_FALSE(read.stages[0].augment.has_value());
  EXPECT_EQ(read.stages[1].schedule.pct_start, 0.4);
}

TEST(RunSpec, AbsentKeysKeepTheirDefaults) {
  const RunSpec spec = specFromJson(
      Json::parse(R"({"data": {"root": "/x"}, "stages": [{"schedule": {"epochs": 7}}]})"), "test");
  EXPECT_EQ(spec.data.root, "/x");
  EXPECT_EQ(spec.stages[0].schedule.epochs, 7);
  EXPECT_EQ(spec.stages[0].resize.size, (Size{128, 128}));
  EXPECT_EQ(spec.batch.size, 64);
}

TEST(RunSpec, ADocumentWithoutRootIsValidButCannotRun) {
  EXPECT_NO_THROW(specFromJson(Json::object(), "test"));
  EXPECT_THAT(check(RunSpec{}), Contains(HasSubstr("data.root is empty")));
}

TEST(RunSpec, EveryProblemIsToldAtOnceWithTheNearestName) {
  const std::string text = message([] {
    specFromJson(Json::parse(R"({"sede": 1, "batch": {"size": 0}, "model": {"arch": "resnet26"}, "colour": 2,
                                 "stages": [{"resize": {"method": "stretch"}, "schedule": {"epoch": 3}}]})"),
                 "my.json");
  });
  EXPECT_THAT(text, AllOf(HasSubstr("my.json"), HasSubstr("'sede'; did you mean 'seed'?"),
                          HasSubstr("batch.size must be"),
                          HasSubstr("unknown architecture 'resnet26'; did you mean 'resnet26d'?"),
                          HasSubstr("unknown key 'colour'"),
                          HasSubstr("stages.0.resize.method must be one of squish, pad, crop"),
                          HasSubstr("did you mean 'stages.0.schedule.epochs'?")));
}

TEST(RunSpec, WhatBatchAndCallbacksSayMustFitTogether) {
  const std::string text = message([] {
    specFromJson(Json::parse(R"({"batch": {"size": 64, "accum": 2, "effective": 32}, "metrics": ["accuracy"],
                                 "callbacks": {"early_stopping": {"monitor": "error_rate"}},
                                 "stages": [{"batch": {"size": 8, "effective": 4}}]})"),
                 "my.json");
  });
  EXPECT_THAT(text, AllOf(HasSubstr("batch.effective and accum say the same thing twice"),
                          HasSubstr("batch.effective is 32, but each batch has size 64"),
                          HasSubstr("callbacks.early_stopping.monitor 'error_rate' is not among the run's metrics"),
                          HasSubstr("stages.0.batch.effective is 4, but each batch has size 8")));
}

TEST(RunSpec, ANewerVersionIsToldBeforeItsUnknownKeys) {
  const std::string text =
      message([] { specFromJson(Json::parse(R"({"version": 2, "novelty": 1})"), "my.json"); });
  EXPECT_THAT(text, AllOf(HasSubstr("my.json"), HasSubstr("version 2"), HasSubstr("newer Panicle"),
                          Not(HasSubstr("novelty"))));
}

TEST(RunSpec, CrossFieldRules) {
  const auto problems = [](const std::function<void(RunSpec&)>& change) {
    RunSpec spec;
    spec.data.root = "/";
    change(spec);
    return check(spec);
  };
  EXPECT_THAT(problems([](RunSpec&) {}), IsEmpty());
  EXPECT_THAT(problems([](RunSpec& s) { s.data.root = "/no/such/folder"; }),
              Contains(HasSubstr("'/no/such/folder' does not exist")));
  EXPECT_THAT(problems([](RunSpec& s) { s.model.arch = "qqqqqqqqqq"; }), Contains(HasSubstr("panicle-cli models lists them")));
  EXPECT_THAT(problems([](RunSpec& s) { s.model.weights = "/no/such.safetensors"; }),
              Contains(HasSubstr("is not a file")));
  EXPECT_THAT(problems([](RunSpec& s) {
                s.stages[0].resize.size = {8, 480};
              }),
              Contains(HasSubstr("stages.0.resize.size: ")));
  EXPECT_THAT(problems([](RunSpec& s) {
                s.stages[0].augment->size = {480, 8};
              }),
              Contains(HasSubstr("stages.0.augment.size: ")));
  EXPECT_THAT(problems([](RunSpec& s) {
                s.stages[0].resize.min_scale = 0.9;
                s.stages[0].resize.max_scale = 0.5;
              }),
              Contains(StartsWith("stages.0.resize.min_scale ")));
  EXPECT_THAT(problems([](RunSpec& s) {
                s.stages[0].augment->min_zoom = 1.5;
              }),
              Contains(StartsWith("stages.0.augment.min_zoom ")));
  EXPECT_THAT(problems([](RunSpec& s) {
                s.stages[0].resize.method = ResizeMethod::RatioResize;
              }),
              Contains(HasSubstr("set stages.0.augment.size")));
  EXPECT_THAT(problems([](RunSpec& s) {
                s.stages[0].resize.method = ResizeMethod::RatioResize;
                s.stages[0].augment->size = Size{224, 224};
              }),
              IsEmpty());
  EXPECT_THAT(problems([](RunSpec& s) { s.data.subset.fraction = 0; }),
              Contains(HasSubstr("data.subset.fraction")));
  EXPECT_THAT(problems([](RunSpec& s) { s.data.split.valid_pct = 0; }),
              Contains(HasSubstr("data.split.kind to none")));
  EXPECT_THAT(problems([](RunSpec& s) { s.data.split = {SplitKind::None, 0, 1, ""}; }), IsEmpty());
  EXPECT_THAT(problems([](RunSpec& s) {
                s.data.split = {SplitKind::Column, 0.2, 1, ""};
              }),
              Contains(HasSubstr("data.split.column")));
  EXPECT_THAT(problems([](RunSpec& s) { s.data.label_columns.clear(); }),
              Contains(HasSubstr("data.label_columns")));
  EXPECT_THAT(problems([](RunSpec& s) { s.batch.size = 1; }), Contains(HasSubstr("batch.size")));
  EXPECT_THAT(problems([](RunSpec& s) { s.stages.clear(); }), Contains(HasSubstr("stages is empty")));
  EXPECT_THAT(problems([](RunSpec& s) {
                s.memory.on_oom = OnOutOfMemory::Split;
                s.fidelity = Fidelity::Fastai;
              }),
              Contains(AllOf(StartsWith("memory.on_oom "), HasSubstr("fidelity"))));
  EXPECT_THAT(problems([](RunSpec& s) { s.memory.on_oom = OnOutOfMemory::Split; }), IsEmpty());
  for (const char* device : {"auto", "cpu", "cuda", "cuda:0", "cuda:12"}) {
    EXPECT_THAT(problems([&](RunSpec& s) { s.device = device; }), IsEmpty()) << device;
  }
  for (const char* device : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x"}) {
    EXPECT_THAT(problems([&](RunSpec& s) { s.device = device; }), Contains(HasSubstr("device"))) << device;
  }
}

TEST(SetByPath, ReadsJsonBareWordsAndLists) {
  RunSpec spec;
  set(spec, "stages.0.schedule.epochs", "12");
  set(spec, "stages.0.schedule.lr_max", "3e-3");
  set(spec, "stages.0.resize.size", "640,480");
  set(spec, "stages.0.schedule.kind", "fine_tune");
  set(spec, "data.root", "/a path/with = and , signs");
  set(spec, "name", "42");
  set(spec, "data.csv", "\"quoted.csv\"");
  set(spec, "data.subset.classes", "blast,hispa");
  set(spec, "data.label_columns", "disease");
  EXPECT_EQ(spec.stages[0].schedule.epochs, 12);
  EXPECT_EQ(spec.stages[0].schedule.lr_max.high, 3e-3);
  EXPECT_EQ(spec.stages[0].resize.size, (Size{640, 480}));
  EXPECT_EQ(spec.stages[0].schedule.kind, ScheduleKind::FineTune);
  EXPECT_EQ(spec.data.root, "/a path/with = and , signs");
  EXPECT_EQ(spec.name, "42");
  EXPECT_EQ(spec.data.csv, "quoted.csv");
  EXPECT_EQ(spec.data.subset.classes, (std::vector<std::string>{"blast", "hispa"}));
  EXPECT_EQ(spec.data.label_columns, (std::vector<std::string>{"disease"}));
  set(spec, "stages.0.resize.size", "480");
  EXPECT_EQ(spec.stages[0].resize.size, (Size{480, 480}));
  set(spec, "stages", R"([{}, {"schedule": {"epochs": 2}}])");
  ASSERT_EQ(spec.stages.size(), 2u);
  set(spec, "stages.1.schedule.epochs", "9");
  EXPECT_EQ(spec.stages[1].schedule.epochs, 9);
  EXPECT_EQ(spec.stages[0].schedule.epochs, 5);
}

TEST(SetByPath, NullSwitchesOffAndAMemberSwitchesOn) {
  RunSpec spec;
  spec.stages[0].augment->do_flip = false;
  set(spec, "stages.0.augment", "null");
  EXPECT_FALSE(spec.stages[0].augment.has_value());
  set(spec, "stages.0.augment.p_flip", "0.25");
  ASSERT_TRUE(spec.stages[0].augment.has_value());
  EXPECT_EQ(spec.stages[0].augment->p_flip, 0.25);
  EXPECT_EQ(spec.stages[0].augment->do_flip, AugOptions{}.do_flip);
  set(spec, "stages.0.schedule.pct_start", "0.5");
  EXPECT_EQ(spec.stages[0].schedule.pct_start, 0.5);
  set(spec, "stages.0.schedule.pct_start", "null");
  EXPECT_FALSE(spec.stages[0].schedule.pct_start.has_value());
  set(spec, "data.csv", "null");
  EXPECT_FALSE(spec.data.csv.has_value());
}

TEST(SetByPath, ErrorsSuggestAndChangeNothing) {
  RunSpec spec = changed();
  const Json before = specToJson(spec);
  const auto error = [&](std::string_view key, std::string_view value) {
    return message([&] { set(spec, key, value); });
  };
  EXPECT_THAT(error("epochs", "3"), HasSubstr("did you mean 'stages.0.schedule.epochs'?"));
  EXPECT_THAT(error("arch", "resnet18"), HasSubstr("did you mean 'model.arch'?"));
  EXPECT_THAT(error("data.splt.seed", "3"), HasSubstr("did you mean 'data.split'?"));
  EXPECT_THAT(error("stages.0.schedule.epoch", "3"), HasSubstr("did you mean 'stages.0.schedule.epochs'?"));
  EXPECT_THAT(error("stages.0.augment.p_flop", "1"), HasSubstr("did you mean 'stages.0.augment.p_flip'?"));
  EXPECT_THAT(error("stages.2.schedule.epochs", "3"),
              AllOf(HasSubstr("holds 2 elements"), HasSubstr("numbered from 0")));
  EXPECT_THAT(error("stages.x", "3"), HasSubstr("holds 2 elements"));
  EXPECT_THAT(error("seed.x", "3"), HasSubstr("unknown key 'seed.x'"));
  EXPECT_THAT(error("", "3"), HasSubstr("unknown key ''"));
  EXPECT_THAT(error("stages.0.schedule.epochs", "many"),
              AllOf(HasSubstr("must be a whole number"), HasSubstr("\"many\"")));
  EXPECT_THAT(error("stages.0.schedule.epochs", "0"), HasSubstr("must be a whole number from 1 to"));
  EXPECT_THAT(error("stages.0.schedule.epochs", "null"), HasSubstr("must be a whole number"));
  EXPECT_THAT(error("data.csv.name", "1"), HasSubstr("data.csv"));
  EXPECT_EQ(specToJson(spec), before);
}

TEST(RunSpec, DescribesEveryLeafOnceInDocumentOrder) {
  RunSpec spec;
  std::vector<std::string> paths;
  for (const auto& field : describe(spec)) {
    paths.push_back(field.path);
    if (field.path == "version") continue;
    EXPECT_STRNE(field.info.label, "") << field.path << " needs a label for the form";
    EXPECT_STRNE(field.info.help, "") << field.path << " needs a tooltip";
  }
  // What a form shows must be what can be set: every described value is accepted back.
  for (const auto& field : describe(spec))
    EXPECT_NO_THROW(setByPath(spec, field.path, field.value)) << field.path;
  EXPECT_EQ(std::set<std::string>(paths.begin(), paths.end()).size(), paths.size());
  EXPECT_THAT(paths, AllOf(Contains("data.split.valid_pct"), Contains("stages.0.augment"),
                           Contains("stages.0.augment.p_flip")));
}

TEST(RunSpec, TheDocumentationNamesEveryKeyWithItsDefault) {
  const std::string text = readText(std::filesystem::path(PANICLE_DOCS) / "runspec.md");
  const auto fields = describe(RunSpec{});
  for (const auto& field : fields) {
    const std::string row = "| `" + field.path + "` | ";
    ASSERT_THAT(text, HasSubstr(row)) << "docs/runspec.md lacks a key";
    if (field.kind == FieldKind::Object) continue;
    const std::size_t begin = text.find(row) + row.size() + 1;
    const std::string documented = text.substr(begin, text.find('`', begin) - begin);
    EXPECT_EQ(Json::parse(documented), field.value) << field.path;
  }
  std::size_t rows = 0;
  for (std::size_t at = text.find("\n| `"); at != std::string::npos; at = text.find("\n| `", at + 1)) ++rows;
  EXPECT_EQ(rows, fields.size()) << "docs/runspec.md has a key that is gone";
}

TEST(RunSpec, APipelineNormalisesUnlessTheNetworkStartsFromScratch) {
  RunSpec spec;
  const auto mean = [&] { return makePipeline(spec, spec.stages[0]).normalization.mean; };
  const std::array<float, 3> imagenet{0.485f, 0.456f, 0.406f}, none{};
  EXPECT_EQ(mean(), imagenet);
  spec.model.weights = "none";
  EXPECT_EQ(mean(), none);
  spec.model.normalize = NormalizeInput::On;
  EXPECT_EQ(mean(), imagenet);
  spec.model.weights = "auto";
  spec.model.normalize = NormalizeInput::Off;
  EXPECT_EQ(mean(), none);
}

}  // namespace
}  // namespace panicle
