// The training loop as a whole, on painted images.
#include "core/train/trainer.h"

#include <fstream>
#include <opencv2/imgcodecs.hpp>

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
  TargetColumn column{{"label", 2}, {"blue", "red"}, {}};
  for (const Sample& sample : samples) column.values.push_back(static_cast<float>(sample.target));
  return std::make_shared<const std::vector<TargetColumn>>(1, column);
}

struct Outcome {
  std::vector<EpochEnded> epochs;
  std::vector<BatchEnded> batches;
  std::vector<Warning> warnings;
  std::shared_ptr<Classifier> model;
};

struct TrainSetup {
  int epochs = 2;
  BatchOptions batch{8, 1};
  int threads = 2;
  ScheduleOptions schedule{};
  std::size_t train = 24;
  HeadKind head = HeadKind::Fastai;
  TrainerOptions options{};
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
                    if (const auto* epoch = std::get_if<EpochEnded>(&event)) outcome.epochs.push_back(*epoch);
                    if (const auto* batch = std::get_if<BatchEnded>(&event)) outcome.batches.push_back(*batch);
                    if (const auto* warning = std::get_if<Warning>(&event)) outcome.warnings.push_back(*warning);
                    if (setup.react) setup.react(control, event);
                  });
  trainer.fit({.phases = planPhases(setup.schedule, trainer.groups()), .batch = setup.batch}, loader, data, *samples);
  return outcome;
}

TEST(Trainer, LearnsWhatIsEasy) {
  const TempFolder folder;
  const auto outcome = train(paint(folder, 48), {.epochs = 6, .train = 36});
  ASSERT_EQ(outcome.epochs.size(), 6u);
  EXPECT_EQ(outcome.epochs.back().metrics.at("error_rate"), 0.0);
  EXPECT_DOUBLE_EQ(outcome.epochs.back().metrics.at("accuracy"), 1.0);
  EXPECT_LT(outcome.epochs.back().valid_loss, outcome.epochs.front().valid_loss);
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
  std::ofstream(samples->at(3).file, std::ios::trunc) << "no image";
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

}  // namespace
}  // namespace panicle
