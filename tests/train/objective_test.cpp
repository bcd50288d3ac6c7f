// Losses of one and several targets against fastai's own: reference section 6, and
// tests/reference/make_loss_cases.py.
#include "core/train/objective.h"

#include <ATen/Context.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>
#include <map>
#include <numeric>

#include "core/base/error.h"
#include "core/base/json.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pointwise;
using testing::reference;

using Columns = std::vector<TargetColumn>;
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

torch::Tensor tensorOf(const Json& json) {
  if (!json.is_array()) return torch::tensor(json.get<float>());
  std::vector<torch::Tensor> rows;
  for (const Json& row : json) rows.push_back(tensorOf(row));
  return torch::stack(rows);
}

std::vector<torch::Device> devices() {
  std::vector<torch::Device> all{torch::kCPU};
  if (at::globalContext().hasCUDA()) all.emplace_back(torch::kCUDA, 0);
  return all;
}

std::shared_ptr<const Columns> shared(Columns columns) {
  return std::make_shared<const Columns>(std::move(columns));
}

std::vector<std::uint32_t> indices(std::size_t first, std::size_t count) {
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), static_cast<std::uint32_t>(first));
  return all;
}

// The batch's own photos come first; the training photos that follow give balanced weights that are in the
// ratio of 1 / counts.
struct Photos {
  TargetColumn column;
  std::vector<std::uint32_t> batch, train;
};

Photos photos(const std::vector<float>& values, std::size_t classes, const std::vector<int>& counts = {}) {
  Photos made{.column = {.kind = {"label", classes}, .vocab = {}, .values = values},
              .batch = indices(0, values.size())};
  for (std::size_t c = 0; c < counts.size(); ++c)
    made.column.values.insert(made.column.values.end(), counts[c], static_cast<float>(c));
  made.train = indices(values.size(), made.column.values.size() - values.size());
  return made;
}

Objective objectiveOf(const Photos& photos, const LossOptions& options, torch::Device device = torch::kCPU) {
  return Objective(shared({photos.column}), options, photos.train, device);
}

LossOptions optionsOf(const std::string& loss, bool weighted) {
  LossOptions options{.class_weight_cap = 100};
  if (loss.starts_with("label_smoothing_")) options.label_smoothing = std::stod(loss.substr(16));
  if (loss.starts_with("focal_")) {
    options.kind = LossKind::Focal;
    options.focal_gamma = std::stod(loss.substr(6));
  }
  if (weighted) options.class_weights = ClassWeights::Balanced;
  return options;
}

const std::vector<int> kCounts{8, 1, 4, 3};  // balanced weights .5, 4, 1, 4/3: those of the reference

TEST(Objective, LossesAndGradientsEqualFastais) {
  const Json all = readJson(reference("fastai/loss_cases.json"))["losses"];
  const Photos given = photos(all["targets"], 4, kCounts);
  double worst = 0;
  for (const torch::Device device : devices()) {
    for (const Json& one : all["cases"]) {
      const std::string name =
          one["loss"].get<std::string>() + (one["weighted"].get<bool>() ? " weighted" : "");
      auto logits = tensorOf(all["logits"]).to(device).requires_grad_();
      const auto loss =
          objectiveOf(given, optionsOf(one["loss"], one["weighted"]), device).loss(logits, given.batch);
      loss.backward();
      const double difference = std::abs(loss.item<double>() - one["value"].get<double>());
      const double slope = (logits.grad().cpu() - tensorOf(one["grad"])).abs().max().item<double>();
      EXPECT_LE(difference, 1e-6) << name << " on " << device;
      EXPECT_LE(slope, 1e-6) << name << " on " << device;
      worst = std::max({worst, difference, slope});
    }
  }
  RecordProperty("worst difference", std::to_string(worst * 1e9) + "e-9");
}

TEST(Objective, LossesEqualTheReference) {
  const Json all = readJson(reference("fastai/data/06_loss_norm_mixup.json"))["losses"];
  // Weights .5, 1, 2, .25, 1.5 but for a factor, which a weighted mean does not see.
  const Photos given = photos(all["targets"], 5, {12, 6, 3, 24, 4});
  const auto logits = tensorOf(all["logits_6x5"]);
  const std::map<std::string, LossOptions> cases{
      {"CrossEntropyLossFlat/mean", optionsOf("cross_entropy", false)},
      {"LabelSmoothingCrossEntropyFlat/mean", optionsOf("label_smoothing_0.1", false)},
      {"FocalLossFlat/mean", optionsOf("focal_2", false)},
      {"CrossEntropyLossFlat/weighted_mean", optionsOf("cross_entropy", true)},
      {"LabelSmoothingCrossEntropy/weighted_mean", optionsOf("label_smoothing_0.1", true)},
  };
  for (const auto& [name, options] : cases) {
    EXPECT_NEAR(objectiveOf(given, options).loss(logits, given.batch).item<double>(),
                all["values"][name].get<double>(), 1e-6)
        << name;
  }
  // Photo by photo too.
  for (const char* loss : {"CrossEntropyLossFlat", "LabelSmoothingCrossEntropyFlat", "FocalLossFlat"}) {
    const Objective objective = objectiveOf(given, cases.at(std::string(loss) + "/mean"));
    for (std::uint32_t i = 0; i < 6; ++i) {
      EXPECT_NEAR(objective.loss(logits.narrow(0, i, 1), {i}).item<double>(),
                  all["values"][std::string(loss) + "/none"][i].get<double>(), 2e-6)
          << loss << ", photo " << i;
    }
  }
}

TEST(Objective, LossesOfNumbersEqualFastais) {
  const Json all = readJson(reference("fastai/loss_cases.json"))["regressions"];
  const Photos given = photos(all["truth"], 0);
  for (const auto kind : {RegressionLoss::Mse, RegressionLoss::L1, RegressionLoss::SmoothL1}) {
    for (const torch::Device device : devices()) {
      const auto loss = objectiveOf(given, {.regression = kind}, device)
                            .loss(tensorOf(all["predicted"]).to(device), given.batch);
      EXPECT_NEAR(loss.item<double>(), all["values"][enumName(kind)].get<double>(), 2e-6) << enumName(kind);
    }
  }
}

MixDraw mixUpDraw(const Json& partners, std::vector<float> shares) {
  for (float& share : shares) share = std::max(share, 1 - share);
  return {.partner = partners, .share = std::move(shares)};
}

TEST(Objective, MixedLossEqualsTheReference) {
  const Json all = readJson(reference("fastai/data/06_loss_norm_mixup.json"))["mixup"];
  for (const char* name : {"ce", "label_smoothing"}) {
    const Json& one = all[name];
    const Photos given = photos(one["y"], 3);
    const MixDraw draw = mixUpDraw(one["perm"], one["lam_raw"]);
    const Objective objective = objectiveOf(given, {.label_smoothing = std::string(name) == "ce" ? 0 : 0.1});
    EXPECT_NEAR(objective.loss(tensorOf(one["pred"]), given.batch, &draw).item<double>(),
                one["train_loss"].get<double>(), 1e-6)
        << name;
  }
}

TEST(Objective, MixedLossesOfALearnerEqualFastais) {
  const Json all = readJson(reference("fastai/loss_cases.json"))["mixes"];
  const std::map<std::string, std::string> cases{{"mixup", "cross_entropy"},
                                                 {"mixup_weighted", "cross_entropy weighted"},
                                                 {"mixup_smoothed_weighted", "label_smoothing_0.1 weighted"},
                                                 {"mixup_focal", "focal_2"},
                                                 {"mixup_number", "mse"},
                                                 {"cutmix", "cross_entropy"},
                                                 {"cutmix_number", "l1"}};
  for (const auto& [name, loss] : cases) {
    const Json& one = all[name];
    const bool isNumber = name.ends_with("number");
    const Photos given = photos(one["y"], isNumber ? 0 : 4, isNumber ? std::vector<int>{} : kCounts);
    LossOptions options = optionsOf(loss, loss.ends_with("weighted"));
    if (loss == "l1") options.regression = RegressionLoss::L1;
    MixDraw draw;
    if (one["centre"].is_null()) {
      draw = mixUpDraw(one["partners"], one["shares_drawn"]);
    } else {
      const Size size{4, 6};
      draw.partner = one["partners"].get<std::vector<std::uint32_t>>();
      draw.box = cutMixBox(size, one["shares_drawn"][0].get<float>(), one["centre"][0].get<int>(),
                           one["centre"][1].get<int>());
      draw.share.assign(draw.partner.size(), boxShare(*draw.box, size));
    }
    for (const torch::Device device : devices()) {
      const auto value =
          objectiveOf(given, options, device).loss(tensorOf(one["pred"]).to(device), given.batch, &draw);
      EXPECT_NEAR(value.item<double>(), one["loss"].get<double>(), 2e-6) << name << " on " << device;
    }
  }
}

TEST(Objective, BalancedWeightsComeFromTheTrainingPhotosAndAreCapped) {
  Photos given = photos({0, 1, 2, 3}, 4, {90, 9, 1, 0});
  const auto weights = [&](double cap) {
    return objectiveOf(given, {.class_weights = ClassWeights::Balanced, .class_weight_cap = cap})
        .classWeights(0);
  };
  // Of 100 photos in 4 classes; the last has none to learn from.
  EXPECT_THAT(weights(1000), Pointwise(FloatNear(1e-5f), {100 / 360.0f, 100 / 36.0f, 25.0f, 1000.0f}));
  EXPECT_THAT(weights(10), Pointwise(FloatNear(1e-5f), {100 / 360.0f, 100 / 36.0f, 10.0f, 10.0f}));
  EXPECT_THAT(objectiveOf(given, {}).classWeights(0), IsEmpty());
}

// Member by member: g++ 12 takes nested braces of texts for uninitialised.
TargetColumn columnOf(const char* name, const std::vector<std::string>& vocab,
                      const std::vector<float>& values) {
  TargetColumn column;
  column.kind.name = name;
  column.kind.classes = vocab.size();
  column.vocab = vocab;
  column.values = values;
  return column;
}

// Disease (3 classes), variety (2) and age (a number) of five photos; some values are missing.
Columns threeTargets() {
  Columns targets;
  targets.push_back(columnOf("label", {"blast", "hispa", "normal"}, {0, 2, 1, 1, 2}));
  targets.push_back(columnOf("variety", {"ADT45", "IR20"}, {1, kNone, 0, -1, 1}));
  targets.push_back(columnOf("age", {}, {45, 50, kNone, 60, 72}));
  return targets;
}

torch::Tensor someLogits(std::int64_t rows, std::int64_t columns) {
  const auto numbers = torch::arange(rows * columns, torch::kFloat32).view({rows, columns});
  return torch::sin(numbers * 1.7) * 2;
}

double single(const TargetColumn& column, const LossOptions& options, const torch::Tensor& logits,
              const std::vector<std::uint32_t>& items) {
  return Objective(shared({column}), options, items, torch::kCPU).loss(logits, items).item<double>();
}

TEST(Objective, SeveralTargetsAreTheSumOfEachByItsWeight) {
  const Columns targets = threeTargets();
  const auto items = indices(0, 5);
  const auto logits = someLogits(5, 6);
  const auto rows = [](const torch::Tensor& tensor, const std::vector<std::int64_t>& kept) {
    return tensor.index_select(0, torch::tensor(kept));
  };
  const double label = single(targets[0], {}, logits.narrow(1, 0, 3), items);
  // A photo without a value: as if it were not in the batch.
  const double variety = single(targets[1], {}, rows(logits.narrow(1, 3, 2), {0, 2, 4}), {0, 2, 4});
  const double age = single(targets[2], {}, rows(logits.narrow(1, 5, 1), {0, 1, 3, 4}), {0, 1, 3, 4});
  const auto both = shared(targets);
  EXPECT_NEAR(Objective(both, {}, items, torch::kCPU).loss(logits, items).item<double>(),
              label + variety + age, 1e-3);
  const LossOptions weighted{.target_weights = {1, 0.5, 0.001}};
  EXPECT_NEAR(Objective(both, weighted, items, torch::kCPU).loss(logits, items).item<double>(),
              label + 0.5 * variety + 0.001 * age, 1e-6);
  const LossOptions without{.target_weights = {1, 0.5, 0}};
  EXPECT_NEAR(Objective(both, without, items, torch::kCPU).loss(logits, items).item<double>(),
              label + 0.5 * variety, 1e-6);
  EXPECT_EQ(Objective(both, {}, items, torch::kCPU).outputs(), 6);
}

TEST(Objective, ATargetWithoutAnyValueInTheBatchTeachesNothing) {
  const Columns targets = threeTargets();
  auto logits = someLogits(2, 6).requires_grad_();
  const std::vector<std::uint32_t> items{1, 3};  // neither has a variety
  Objective(shared(targets), {}, items, torch::kCPU).loss(logits, items).backward();
  EXPECT_EQ(logits.grad().narrow(1, 3, 2).abs().max().item<float>(), 0);
  EXPECT_GT(logits.grad().narrow(1, 0, 3).abs().max().item<float>(), 0);
  auto alone = someLogits(2, 2).requires_grad_();
  const auto nothing = Objective(shared({targets[1]}), {}, items, torch::kCPU).loss(alone, items);
  nothing.backward();  // still a loss that a trainer can go back from
  EXPECT_EQ(nothing.item<float>(), 0);
  EXPECT_EQ(alone.grad().abs().max().item<float>(), 0);
}

TEST(Objective, MixingLeavesOutWhatHasNoValue) {
  const Columns targets = threeTargets();
  const auto items = indices(0, 5);
  const auto logits = someLogits(5, 2);
  const Objective variety(shared({targets[1]}), {}, items, torch::kCPU);
  MixDraw draw{.partner = {1, 2, 4, 0, 3}, .share = {0.9f, 0.8f, 0.7f, 0.6f, 0.5f}};
  // By hand: values 1, -, 0, -, 1 and partners' -, 0, 1, 1, -.
  const auto p = torch::log_softmax(logits, 1);
  const auto nll = [&](int row, int label) { return -p[row][label].item<double>(); };
  const double sum = 0.9 * nll(0, 1) + 0.2 * nll(1, 0) + 0.7 * nll(2, 0) + 0.3 * nll(2, 1) + 0.4 * nll(3, 1) +
                     0.5 * nll(4, 1);
  EXPECT_NEAR(variety.loss(logits, items, &draw).item<double>(), sum / (0.9 + 0.2 + 0.7 + 0.3 + 0.4 + 0.5),
              1e-6);
  draw.share.assign(5, 1);  // nothing mixed: the plain loss
  EXPECT_NEAR(variety.loss(logits, items, &draw).item<double>(), variety.loss(logits, items).item<double>(),
              1e-6);
  // A mixed number needs both.
  const Objective age(shared({targets[2]}), {.regression = RegressionLoss::L1}, items, torch::kCPU);
  draw.share = {0.9f, 0.8f, 0.7f, 0.6f, 0.5f};
  const auto out = someLogits(5, 1);
  const double ages = std::abs(out[0].item<double>() - (0.9 * 45 + 0.1 * 50)) +
                      std::abs(out[3].item<double>() - (0.6 * 60 + 0.4 * 45)) +
                      std::abs(out[4].item<double>() - (0.5 * 72 + 0.5 * 60));
  EXPECT_NEAR(age.loss(out, items, &draw).item<double>(), ages / 3, 1e-4);
}

TEST(Objective, StaysInSinglePrecision) {
  const Photos given = photos({0, 3, 1, 2, 2}, 4);
  const auto logits = (someLogits(5, 4) * 8).to(torch::kBFloat16);
  const auto loss = objectiveOf(given, {}).loss(logits, given.batch);
  EXPECT_EQ(loss.scalar_type(), torch::kFloat32);
  EXPECT_FLOAT_EQ(loss.item<float>(),
                  objectiveOf(given, {}).loss(logits.to(torch::kFloat32), given.batch).item<float>());
}

TEST(Objective, FocalOfAPhotoThatIsCertainHasAFiniteSlope) {
  const Photos given = photos({0, 1}, 2);
  for (const double gamma : {0.0, 0.5, 1.0, 2.0}) {
    auto logits = torch::tensor({{200.0f, -200.0f}, {1.0f, 0.5f}}).requires_grad_();
    objectiveOf(given, {.kind = LossKind::Focal, .focal_gamma = gamma}).loss(logits, given.batch).backward();
    EXPECT_TRUE(logits.grad().isfinite().all().item<bool>()) << gamma;
  }
}

TEST(Objective, RefusesWhatDoesNotFit) {
  const auto targets = shared(threeTargets());
  const auto items = indices(0, 5);
  try {
    Objective(targets, {.target_weights = {1, 2}}, items, torch::kCPU);
    FAIL() << "two weights for three targets";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("2 numbers, but there are 3 targets: label, variety, age"));
  }
  Columns wrong = threeTargets();
  wrong[1].values[2] = 2;
  EXPECT_THROW(Objective(shared(wrong), {}, items, torch::kCPU), std::invalid_argument);
  const Objective objective(targets, {}, items, torch::kCPU);
  EXPECT_THROW(objective.loss(someLogits(5, 5), items), std::invalid_argument);
  EXPECT_THROW(objective.loss(someLogits(4, 6), items), std::invalid_argument);
  const MixDraw draw{.partner = {0, 1}, .share = {1, 1}};
  EXPECT_THROW(objective.loss(someLogits(5, 6), items, &draw), std::invalid_argument);
}

TEST(LossOptions, AreReadCheckedAndWritten) {
  LossOptions options;
  std::vector<std::string> problems;
  fromJson(
      options,
      Json::parse(
          R"({"kind": "focal", "focal_gamma": 1.5, "class_weights": "balanced", "target_weights": [1, 0.5]})"),
      "loss", problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(options.kind, LossKind::Focal);
  EXPECT_THAT(options.target_weights, ElementsAre(1, 0.5));
  EXPECT_THAT(check(options), IsEmpty());
  EXPECT_EQ(toJson(options)["target_weights"].dump(), "[1.0,0.5]");
  fromJson(options, Json::parse(R"({"label_smoothing": 1.5, "target_weights": [-1]})"), "loss", problems);
  EXPECT_EQ(problems.size(), 2u);
  options.target_weights = {0, 0};
  EXPECT_THAT(check(options), ElementsAre(HasSubstr("target_weights are all 0")));
}

TEST(MetricTable, IsOfAllPredictionsOfAllTargets) {
  const auto targets = shared(threeTargets());
  MetricTable table({"accuracy", "recall", "mae"}, targets);
  //          label          variety   age
  const auto logits = torch::tensor({{9.f, 0.f, 0.f, 0.f, 1.f, 44.f},
                                     {9.f, 0.f, 0.f, 0.f, 1.f, 52.f},
                                     {0.f, 9.f, 0.f, 0.f, 1.f, 0.f},
                                     {0.f, 9.f, 0.f, 0.f, 1.f, 60.f},
                                     {0.f, 0.f, 9.f, 0.f, 1.f, 75.f}});
  table.add(logits.narrow(0, 0, 2), {0, 1});
  table.add(logits.narrow(0, 2, 3), {2, 3, 4});
  EXPECT_THAT(table.names(),
              ElementsAre("accuracy", "recall/blast", "recall/hispa", "recall/normal", "variety_accuracy",
                          "variety_recall/ADT45", "variety_recall/IR20", "age_mae"));
  const auto values = table.values();
  EXPECT_EQ(values.size(), 8u);
  EXPECT_DOUBLE_EQ(values.at("accuracy"), 0.8);
  EXPECT_DOUBLE_EQ(values.at("recall/blast"), 1);
  EXPECT_DOUBLE_EQ(values.at("recall/hispa"), 1);
  EXPECT_DOUBLE_EQ(values.at("recall/normal"), 0.5);
  EXPECT_DOUBLE_EQ(values.at("variety_accuracy"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(values.at("variety_recall/ADT45"), 0);
  EXPECT_DOUBLE_EQ(values.at("variety_recall/IR20"), 1);
  EXPECT_DOUBLE_EQ(values.at("age_mae"), (1 + 2 + 0 + 3) / 4.0);
}

}  // namespace
}  // namespace panicle
