// The training loop as a whole, on painted images.
#include "core/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/loader/batch_tensor.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::TempFolder;

// `count` noisy 40x40 pictures, red or blue by class.
std::shared_ptr<const std::vector<Sample>> paint(const TempFolder& folder, int count) {
  auto samples = std::make_shared<std::vector<Sample>>();
  RandomStream random(1);
  for (int i = 0; i < count; ++i) {
    const int target = i % 2;
    cv::Mat picture(40, 40, CV_8UC3);
    for (int y = 0; y < 40; ++y) {
      for (int x = 0; x < 40; ++x) {
        const auto noise = [&] { return static_cast<uchar>(random.below(120)); };
        picture.at<cv::Vec3b>(y, x) = target ? cv::Vec3b(noise(), noise(), static_cast<uchar>(130 + noise()))
                                             : cv::Vec3b(static_cast<uchar>(130 + noise()), noise(), noise());
      }
    }
    const auto file = folder / (std::to_string(i) + ".png");
    cv::imwrite(file.string(), picture);
    samples->push_back({file, target});
  }
  return samples;
}

// Which class each sample is of, as the trainer takes it.
std::shared_ptr<const std::vector<TargetColumn>> columnOf(const std::vector<Sample>& samples) {
  TargetColumn column;
  column.kind.name = "label";
  column.kind.classes = 2;
  column.vocab = {"blue", "red"};
  for (const Sample& sample : samples) column.values.push_back(static_cast<float>(sample.target));
  return std::make_shared<const std::vector<TargetColumn>>(1, column);
}

struct Outcome {
  std::vector<EpochEnded> epochs;
  std::vector<BatchEnded> batches;
  std::vector<Warning> warnings;
  std::vector<RatesChanged> changes;
  std::vector<std::vector<torch::Tensor>> states;  // of the model as each epoch was told
  std::shared_ptr<Classifier> model;
};

std::vector<torch::Tensor> stateOf(const Classifier& model) {
  std::vector<torch::Tensor> state;
  for (const auto& entry : model.stateDict()) state.push_back(entry.tensor.detach().clone());
  return state;
}

bool equal(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) { return x.equal(y); });
}

struct TrainSetup {
  int epochs = 2;
  BatchOptions batch{8, 1};
  int threads = 2;
  ScheduleOptions schedule{};
  std::size_t train = 24;
  HeadKind head = HeadKind::Fastai;
  TrainerOptions options{};
  std::optional<MixOptions> mix{};
  std::function<void(Trainer&, const StageFit&, Loader&, const FitData&)> sweep{};  // before it trains
  std::function<void(TrainControl&, const TrainEvent&)> react;
};

Outcome train(const std::shared_ptr<const std::vector<Sample>>& samples, TrainSetup setup) {
  Outcome outcome;
  outcome.model = std::make_shared<Classifier>(ModelOptions{.head = setup.head}, 2, Size{32, 32}, 5);
  Pipeline pipeline{.resize = {.method = ResizeMethod::Squish, .size = {32, 32}}, .augment = AugOptions{}};
  Loader loader(samples, pipeline, {.threads = setup.threads});
  FitData data;
  for (std::uint32_t i = 0; i < samples->size(); ++i) (i < setup.train ? data.train : data.valid).push_back(i);
  setup.schedule.epochs = setup.epochs;
  TrainControl control;
  setup.options.seed = 5;
  Trainer trainer(outcome.model, torch::kCPU, columnOf(*samples), setup.options, control, [&](const TrainEvent& event) {
    if (const auto* epoch = std::get_if<EpochEnded>(&event)) {
      outcome.epochs.push_back(*epoch);
      outcome.states.push_back(stateOf(*outcome.model));
    }
    if (const auto* batch = std::get_if<BatchEnded>(&event)) outcome.batches.push_back(*batch);
    if (const auto* warning = std::get_if<Warning>(&event)) outcome.warnings.push_back(*warning);
    if (const auto* change = std::get_if<RatesChanged>(&event)) outcome.changes.push_back(*change);
    if (setup.react) setup.react(control, event);
  });
  const StageFit stage{.phases = planPhases(setup.schedule, trainer.groups()), .batch = setup.batch, .mix = setup.mix};
  if (setup.sweep) setup.sweep(trainer, stage, loader, data);
  trainer.fit(stage, loader, data, *samples);
  trainer.settle();
  return outcome;
}

TEST(Trainer, LearnsWhatIsEasy) {
  const TempFolder folder;
  const auto outcome = train(paint(folder, 48), {.epochs = 10, .train = 36});
  ASSERT_EQ(outcome.epochs.size(), 10u);
  EXPECT_EQ(outcome.epochs.back().metrics.at("error_rate"), 0.0);
  EXPECT_DOUBLE_EQ(outcome.epochs.back().metrics.at("accuracy"), 1.0);
  EXPECT_LT(outcome.epochs.back().valid_loss, outcome.epochs.front().valid_loss);
}

// In bf16 the forward pass is rounded to 8 bits; weights, loss and metrics stay float32.
TEST(Trainer, LearnsInMixedPrecision) {
  const TempFolder folder;
  const auto samples = paint(folder, 48);
  const auto exact = train(samples, {.epochs = 6, .train = 36});
  const auto mixed = train(samples, {.epochs = 6, .train = 36, .options = {.precision = Precision::Bf16}});
  EXPECT_NE(mixed.batches[0].loss, exact.batches[0].loss);
  EXPECT_NEAR(mixed.batches[0].loss, exact.batches[0].loss, 0.05);
  EXPECT_EQ(mixed.epochs.back().metrics.at("error_rate"), 0.0);
  for (const auto& parameter : mixed.model->parameters()) EXPECT_EQ(parameter.scalar_type(), torch::kFloat32);
}

TEST(Trainer, SameSpecSameNumbersForAnyNumberOfLoaderThreads) {
  const TempFolder folder;
  const auto samples = paint(folder, 32);
  const auto one = train(samples, {.threads = 1}), four = train(samples, {.threads = 4});
  ASSERT_EQ(one.batches.size(), four.batches.size());
  for (std::size_t i = 0; i < one.batches.size(); ++i) EXPECT_EQ(one.batches[i].loss, four.batches[i].loss) << i;
  EXPECT_EQ(one.epochs.back().valid_loss, four.epochs.back().valid_loss);
  const auto a = one.model->stateDict(), b = four.model->stateDict();
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].tensor.equal(b[i].tensor)) << a[i].name;
}

// With a learning rate of 0 the network stays as it is, so that the loss of every batch tells what it was fed: to the
// bit, the pictures that a preview makes of the epoch, the batch and its items.
TEST(Trainer, TrainsOnTheVeryPicturesOfThePreview) {
  const TempFolder folder;
  const auto samples = paint(folder, 24);
  const Pipeline pipeline{.resize = {.method = ResizeMethod::Crop, .size = {36, 40}},
                          .augment = AugOptions{.size = Size{32, 32}, .min_scale = 0.75},
                          .seed = 5};
  auto model = std::make_shared<Classifier>(ModelOptions{.head = HeadKind::Timm}, 2, Size{32, 32}, 5);
  FitData data;
  for (std::uint32_t i = 0; i < 24; ++i) (i < 21 ? data.train : data.valid).push_back(i);
  TrainControl control;
  std::vector<BatchEnded> ended;
  Trainer trainer(model, torch::kCPU, columnOf(*samples), {.seed = 5}, control, [&](const TrainEvent& event) {
                    if (const auto* batch = std::get_if<BatchEnded>(&event)) ended.push_back(*batch);
                  });
  Loader loader(samples, pipeline, {.threads = 3});
  trainer.fit({.phases = planPhases({.epochs = 3, .lr_max = {.high = 0}}, trainer.groups()), .batch = {8, 1}}, loader, data, *samples);
  ASSERT_EQ(ended.size(), 6u);

  model->train();
  for (const BatchEnded& event : ended) {
    const auto epoch = static_cast<std::uint64_t>(event.epoch);
    const Pass pass = trainingPass(data.train, pipeline.seed, epoch, 8);
    const auto items = std::span(pass.items).subspan((event.batch - 1) * 8, 8);
    const BatchContext context = batchContext(pipeline, Mode::Train, epoch, event.batch - 1, items);
    Batch batch{.count = 8, .size = {32, 32}, .pixels = std::vector<float>(8 * 3 * 32 * 32)};
    for (std::size_t i = 0; i < 8; ++i) {
      const auto picture = std::span(batch.pixels).subspan(i * 3 * 32 * 32, 3 * 32 * 32);
      renderItem(pipeline, (*samples)[items[i]].file, context, items[i], picture);
      batch.targets.push_back((*samples)[items[i]].target);
    }
    const torch::NoGradGuard noGrad;
    const auto logits = model->forward(batchTensor(batch, pipeline, torch::kCPU));
    const auto loss = torch::nn::functional::cross_entropy(logits, targetsTensor(batch.targets, torch::kCPU));
    EXPECT_EQ(loss.item<float>(), static_cast<float>(event.loss)) << "epoch " << epoch << ", batch " << event.batch;
  }
}

TEST(Trainer, DropsAnIncompleteLastBatchButNeverEverything) {
  const TempFolder folder;
  const auto samples = paint(folder, 32);
  EXPECT_EQ(train(samples, {.epochs = 1, .batch = {10, 1}, .train = 24}).batches.size(), 2u);
  EXPECT_EQ(train(samples, {.epochs = 1, .batch = {64, 1}, .train = 24}).batches.size(), 1u);
}

TEST(Trainer, StopIsHonouredWithinOneBatch) {
  const TempFolder folder;
  std::size_t seen = 0;
  TrainSetup setup{.epochs = 5};
  setup.react = [&](TrainControl& control, const TrainEvent& event) {
    if (!std::holds_alternative<BatchEnded>(event)) return;
    if (++seen == 2) control.stopNow();
  };
  EXPECT_THROW(train(paint(folder, 32), setup), Cancelled);
  EXPECT_EQ(seen, 2u);
}

TEST(Trainer, StopAfterEpochValidatesFirst) {
  const TempFolder folder;
  TrainSetup setup{.epochs = 5};
  setup.react = [](TrainControl& control, const TrainEvent& event) {
    if (std::holds_alternative<BatchEnded>(event)) control.stopAfterEpoch();
  };
  EXPECT_EQ(train(paint(folder, 32), setup).epochs.size(), 1u);
}

TEST(Trainer, BadImageIsReportedOnceAndLeftOut) {
  const TempFolder folder;
  const auto samples = paint(folder, 32);
  std::ofstream(samples->at(3).file.path(), std::ios::trunc) << "no image";
  const auto outcome = train(samples, {.epochs = 2, .batch = {24, 1}});
  ASSERT_EQ(outcome.warnings.size(), 1u);
  EXPECT_NE(outcome.warnings[0].message.find("3.png"), std::string::npos);
  EXPECT_EQ(outcome.epochs.size(), 2u);
  EXPECT_THROW(train(samples, {.epochs = 1, .options = {.bad_images = BadImagePolicy::Refuse}}), Error);
}

TEST(Trainer, LossThatIsNotFiniteEndsWithTheFiles) {
  const TempFolder folder;
  TrainSetup setup{.epochs = 3};
  setup.schedule.lr_max.high = 1e30;
  setup.schedule.div = 1;
  try {
    train(paint(folder, 32), setup);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(".png"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("lower the learning rate"), std::string::npos);
  }
}

TEST(Trainer, FrozenPhaseMovesOnlyHeadAndNorms) {
  const TempFolder folder;
  const Classifier before(ModelOptions{}, 2, Size{32, 32}, 5);
  TrainSetup setup{.epochs = 1};
  setup.schedule = {.kind = ScheduleKind::FineTune, .base_lr = 0.01, .freeze_epochs = 1};
  setup.react = [](TrainControl& control, const TrainEvent& event) {
    if (std::holds_alternative<BatchEnded>(event)) control.stopAfterEpoch();
  };
  const auto outcome = train(paint(folder, 32), setup);
  EXPECT_EQ(outcome.epochs.at(0).phase, "frozen");
  const auto a = before.stateDict(), b = outcome.model->stateDict();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool convolution = a[i].tensor.dim() == 4;
    EXPECT_EQ(a[i].tensor.equal(b[i].tensor), convolution) << a[i].name;
  }
}

// reference 13_misc: fastai trains on nothing then, and says so with a train_loss that is not a number.
TEST(Trainer, WithFidelityFastaiASmallTrainingSetTrainsOnNothing) {
  const TempFolder folder;
  const auto outcome = train(paint(folder, 32), {.epochs = 1, .batch = {64, 1}, .options = {.fidelity = Fidelity::Fastai}});
  EXPECT_TRUE(outcome.batches.empty());
  ASSERT_EQ(outcome.epochs.size(), 1u);
  EXPECT_TRUE(std::isnan(outcome.epochs[0].train_loss));
  EXPECT_TRUE(std::isfinite(outcome.epochs[0].valid_loss));
}

TEST(Trainer, TheBestEpochComesBackAtTheEndOfTheFit) {
  const TempFolder folder;
  TrainSetup setup{.epochs = 3, .schedule = {.kind = ScheduleKind::Fit, .lr_max = {.high = 1e-3}}};
  setup.options.callbacks.keep_best = KeepBestOptions{};
  setup.react = [](TrainControl& control, const TrainEvent& event) {  // after the second epoch the rate harms
    const auto* epoch = std::get_if<EpochEnded>(&event);
    if (epoch && epoch->epoch == 1) control.change({.lr_scale = 1000});
  };
  const auto outcome = train(paint(folder, 32), setup);
  const auto worse = [](const EpochEnded& a, const EpochEnded& b) { return a.valid_loss < b.valid_loss; };
  const auto best = std::min_element(outcome.epochs.begin(), outcome.epochs.end(), worse) - outcome.epochs.begin();
  ASSERT_LT(best, 2) << "the case tests nothing";
  EXPECT_TRUE(equal(stateOf(*outcome.model), outcome.states[static_cast<std::size_t>(best)]));
}

TEST(Trainer, AFitThatNoLongerGetsBetterEndsEarlyAndTheNextBegins) {
  const TempFolder folder;
  TrainSetup setup{.epochs = 6, .schedule = {.kind = ScheduleKind::FineTune, .base_lr = 1e-9, .freeze_epochs = 5}};
  setup.options.callbacks.early_stopping = EarlyStoppingOptions{.monitor = "accuracy", .patience = 2, .min_delta = 2};
  const auto outcome = train(paint(folder, 32), setup);
  ASSERT_EQ(outcome.epochs.size(), 6u);  // no epoch is better by that much: each fit ends after its first and two more
  EXPECT_EQ(outcome.epochs[2].phase, "frozen");
  EXPECT_EQ(outcome.epochs[3].phase, "unfrozen");
  ASSERT_EQ(outcome.warnings.size(), 2u);
  EXPECT_NE(outcome.warnings[0].message.find("accuracy has not improved for 2 epochs"), std::string::npos);
}

TEST(Trainer, ValidatesTheAverageOfTheWeightsAndTrainsTheWeights) {
  const TempFolder folder;
  const auto samples = paint(folder, 32);
  const auto plain = train(samples, {.epochs = 2});
  TrainSetup setup{.epochs = 2};
  setup.options.callbacks.ema_decay = 0.5;
  const auto averaged = train(samples, setup);
  ASSERT_EQ(plain.batches.size(), averaged.batches.size());
  for (std::size_t i = 0; i < plain.batches.size(); ++i) EXPECT_EQ(plain.batches[i].loss, averaged.batches[i].loss);
  EXPECT_NE(plain.epochs[1].valid_loss, averaged.epochs[1].valid_loss);
  EXPECT_TRUE(equal(stateOf(*averaged.model), averaged.states[1]));
}

TEST(WeightAverage, FollowsItsRuleAndSwapsBackAndForth) {
  Classifier model(ModelOptions{}, 2, Size{32, 32}, 5);
  WeightAverage average(model, 0.75);
  const auto first = stateOf(model);
  const auto add = [&](double value) {
    const torch::NoGradGuard noGrad;
    for (auto& parameter : model.parameters()) parameter.add_(value);
    average.update();
  };
  add(1);
  add(1);
  const auto raw = stateOf(model);
  average.swap();
  const auto entries = model.stateDict();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].tensor.requires_grad()) continue;
    const double expected = 0.75 * 0.25 * 1 + 0.25 * 2;  // of the two additions
    EXPECT_LT((entries[i].tensor - first[i] - expected).abs().max().item<double>(), 1e-6) << entries[i].name;
  }
  average.swap();
  EXPECT_TRUE(equal(stateOf(model), raw));
}

TEST(Trainer, AnEpochsTimeLeavesPausesOut) {
  using Clock = std::chrono::steady_clock;
  const TempFolder folder;
  TrainSetup setup{.epochs = 2};
  std::jthread pause;
  Clock::time_point begin, end;
  setup.react = [&](TrainControl& control, const TrainEvent& event) {
    if (std::holds_alternative<EpochEnded>(event)) {
      begin = std::exchange(end, Clock::now());
      if (pause.joinable()) pause.join();
    }
    const auto* batch = std::get_if<BatchEnded>(&event);
    if (!batch || batch->epoch != 1 || pause.joinable()) return;
    control.pause();
    pause = std::jthread([&control] {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      control.resume();
    });
  };
  const auto outcome = train(paint(folder, 32), setup);
  ASSERT_EQ(outcome.epochs.size(), 2u);
  EXPECT_LT(outcome.epochs[1].seconds, std::chrono::duration<double>(end - begin).count() - 0.5);
}

TEST(Trainer, RatesChangedWhileItRunsHoldFromTheNextStepOn) {
  const TempFolder folder;
  const auto samples = paint(folder, 32);
  const auto plain = train(samples, {.epochs = 2});
  TrainSetup setup{.epochs = 2};
  setup.react = [](TrainControl& control, const TrainEvent& event) {
    const auto* batch = std::get_if<BatchEnded>(&event);
    if (batch && batch->step == 2) control.change({.lr_scale = 0.5, .wd = 0.3});
  };
  const auto changed = train(samples, setup);
  ASSERT_EQ(changed.changes.size(), 1u);
  EXPECT_EQ(changed.changes[0].step, 3u);
  EXPECT_EQ(changed.changes[0].lr_scale, 0.5);
  EXPECT_EQ(changed.changes[0].wd, 0.3);
  for (std::size_t i = 0; i < plain.batches.size(); ++i) {
    EXPECT_DOUBLE_EQ(changed.batches[i].lr, plain.batches[i].lr * (i < 2 ? 1 : 0.5)) << i;
  }
}

TEST(Trainer, MixingChangesTheLossesAndIsRepeatable) {
  const TempFolder folder;
  const auto samples = paint(folder, 32);
  for (const MixKind kind : {MixKind::MixUp, MixKind::CutMix}) {
    const auto plain = train(samples, {.epochs = 1}), one = train(samples, {.epochs = 1, .mix = MixOptions{kind}}),
               two = train(samples, {.epochs = 1, .threads = 4, .mix = MixOptions{kind}});
    EXPECT_NE(plain.batches[0].loss, one.batches[0].loss);
    for (std::size_t i = 0; i < one.batches.size(); ++i) EXPECT_EQ(one.batches[i].loss, two.batches[i].loss);
  }
}

TEST(Trainer, ASweepLeavesEverythingAsItWas) {
  const TempFolder folder;
  const auto samples = paint(folder, 32);
  TrainSetup setup{.epochs = 1, .schedule = {.kind = ScheduleKind::FineTune, .freeze_epochs = 1}};
  const auto plain = train(samples, setup);
  std::vector<LrPoint> points;
  std::string ended;
  setup.sweep = [&](Trainer& trainer, const StageFit& stage, Loader& loader, const FitData& data) {
    ended = trainer.sweep({.num_it = 20}, stage, loader, data, *samples, [&](const LrPoint& point) { points.push_back(point); });
  };
  const auto swept = train(samples, setup);
  ASSERT_GE(points.size(), 2u);
  for (const LrPoint& point : points) EXPECT_NEAR(point.lr, 1e-7 * std::pow(1e8, point.iteration / 20.0), point.lr * 1e-12);
  EXPECT_FALSE(ended.empty());
  ASSERT_EQ(plain.batches.size(), swept.batches.size());
  for (std::size_t i = 0; i < plain.batches.size(); ++i) EXPECT_EQ(plain.batches[i].loss, swept.batches[i].loss) << i;
  EXPECT_TRUE(equal(stateOf(*plain.model), stateOf(*swept.model)));
}

TEST(Trainer, ASweepPutsWeightsAndBuffersBackWhenItIsStopped) {
  const TempFolder folder;
  const auto samples = paint(folder, 32);
  TrainSetup setup{.epochs = 1};
  std::vector<torch::Tensor> before, after;
  auto stopped = std::make_shared<bool>(false);
  setup.sweep = [&](Trainer& trainer, const StageFit& stage, Loader& loader, const FitData& data) {
    const auto model = std::make_shared<Classifier>(ModelOptions{}, 2, Size{32, 32}, 5);
    TrainControl control;
    Trainer own(model, torch::kCPU, columnOf(*samples), {}, control, [](const TrainEvent&) {});
    before = stateOf(*model);
    EXPECT_THROW(own.sweep({}, stage, loader, data, *samples, [&](const LrPoint& p) { if (p.iteration == 4) control.stopNow(); }), Cancelled);
    after = stateOf(*model);
    *stopped = trainer.groups() == 2;
  };
  train(samples, setup);
  EXPECT_TRUE(*stopped);
  EXPECT_TRUE(equal(before, after));
}

// Of a network without batch norm and without random masks.
TEST(Trainer, AnAccumulatedEpochOfPhotosEqualsThatOfTheBigBatch) {
  const TempFolder folder;
  const auto samples = paint(folder, 40);
  const auto run = [&](BatchOptions batch) {
    auto model = std::make_shared<Classifier>(ModelOptions{.arch = "convnext_tiny_in22k", .head = HeadKind::Timm}, 2, Size{32, 32}, 5);
    FitData data;
    for (std::uint32_t i = 0; i < 40; ++i) (i < 32 ? data.train : data.valid).push_back(i);
    TrainControl control;
    Loader loader(samples, {.resize = {.method = ResizeMethod::Squish, .size = {32, 32}}});
    Trainer trainer(model, torch::kCPU, columnOf(*samples), {.optimizer = {.kind = OptimizerKind::Sgd}, .seed = 5}, control, [](const TrainEvent&) {});
    trainer.fit({.phases = planPhases({.epochs = 2, .lr_max = {.high = 1e-2}}, 2), .batch = batch}, loader, data, *samples);
    return stateOf(*model);
  };
  const auto big = run({16, 1}), small = run({4, 4});
  for (std::size_t i = 0; i < big.size(); ++i) EXPECT_LT((big[i] - small[i]).abs().max().item<double>(), 1e-5) << i;
}

}  // namespace
}  // namespace panicle
