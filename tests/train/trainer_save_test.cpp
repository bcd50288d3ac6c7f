// A training that is saved and goes on in another trainer ends as if nothing had been.
#include <functional>
#include <utility>

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/data/sample_data.h"
#include "core/train/trainer.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::TempFolder;

struct Stage {
  ScheduleOptions schedule;
  BatchOptions batch{8, 1};
  std::optional<MixOptions> mix{};
  Size size{32, 32};
};

struct Told {
  std::vector<BatchEnded> batches;
  std::vector<EpochEnded> epochs;
  std::vector<torch::Tensor> weights;  // at the end
};

std::vector<torch::Tensor> stateOf(const Classifier& model) {
  std::vector<torch::Tensor> state;
  for (const auto& entry : model.stateDict()) state.push_back(entry.tensor.detach().clone());
  return state;
}

// As a file would keep it.
TrainerState copyOf(const TrainerState& state) {
  TrainerState copy{Json::parse(state.numbers.dump()), {}};
  for (const auto& [name, tensor] : state.tensors) copy.tensors.push_back({name, tensor.clone()});
  return copy;
}

class TrainerSave : public ::testing::Test {
 protected:
  TrainerSave() {
    writeSampleData(folder_ / "data", {.per_class = 5, .size = {96, 96}});
    DataOptions data;
    data.root = (folder_ / "data").string();
    const Dataset dataset = loadDataset(data);
    auto samples = std::make_shared<std::vector<Sample>>();
    auto columns = std::make_shared<std::vector<TargetColumn>>();
    for (const Item& item : dataset.items) {
      (samples->size() < 37 ? data_.train : data_.valid).push_back(static_cast<std::uint32_t>(samples->size()));
      samples->push_back({dataset.file(item), item.target});
    }
    for (const Target& target : dataset.targets()) columns->push_back({{target.name, target.vocab.size()}, target.vocab, target.values});
    samples_ = samples;
    columns_ = columns;
    options_.seed = 7;
  }

  using OnBoundary = std::function<void(const Trainer&, Boundary, std::size_t index)>;

  // From the beginning, or from `state`.
  Told train(const TrainerState* state, const OnBoundary& onBoundary, int loaderThreads = 2) {
    Told told;
    auto model = std::make_shared<Classifier>(ModelOptions{.arch = "resnet18"}, 10, stages_.front().size, state ? 99 : 7);
    model->toChannelsLast();
    TrainControl control;
    TrainerOptions options = options_;
    std::size_t boundaries = 0;
    Trainer* self = nullptr;
    options.on_boundary = [&](Boundary boundary) { onBoundary(*self, boundary, boundaries++); };
    Trainer trainer(model, torch::kCPU, columns_, options, control, [&](const TrainEvent& event) {
      if (const auto* batch = std::get_if<BatchEnded>(&event)) told.batches.push_back(*batch);
      if (const auto* epoch = std::get_if<EpochEnded>(&event)) told.epochs.push_back(*epoch);
    });
    self = &trainer;
    if (state) trainer.restoreState(*state);
    for (auto stage = static_cast<std::size_t>(trainer.stage()); stage < stages_.size(); ++stage) {
      const Stage& plan = stages_[stage];
      const Pipeline pipeline{.resize = {.method = ResizeMethod::Squish, .size = plan.size}, .augment = AugOptions{}, .seed = 7};
      Loader loader(samples_, pipeline, {.threads = loaderThreads});
      trainer.fit({.stage = static_cast<int>(stage), .phases = planPhases(plan.schedule, trainer.groups()), .batch = plan.batch, .mix = plan.mix},
                  loader, data_, *samples_);
    }
    trainer.settle();
    told.weights = stateOf(*model);
    return told;
  }

  // Goes on from every `stride`-th boundary, and compares with a training that was never saved.
  void expectExact(std::size_t stride) {
    const Told whole = train(nullptr, [](const Trainer&, Boundary, std::size_t) {});
    std::vector<TrainerState> saved;
    const auto save = [&](const Trainer& trainer, Boundary, std::size_t index) {
      if (index % stride == stride - 1) saved.push_back(copyOf(trainer.saveState()));
    };
    const Told alsoSaved = train(nullptr, save);
    expectEnd(alsoSaved, whole);
    ASSERT_GE(saved.size(), 2u);
    for (const TrainerState& state : saved) {
      SCOPED_TRACE(state.numbers.dump().substr(0, 160));
      expectEnd(train(&state, [](const Trainer&, Boundary, std::size_t) {}, 3), whole);
    }
  }

  // What `part` told is the end of what `whole` did, and the weights are the same.
  static void expectEnd(const Told& part, const Told& whole) {
    ASSERT_LE(part.batches.size(), whole.batches.size());
    for (std::size_t i = 1; i <= part.batches.size(); ++i) {
      const BatchEnded &a = part.batches[part.batches.size() - i], &b = whole.batches[whole.batches.size() - i];
      EXPECT_EQ(std::tie(a.step, a.epoch, a.batch, a.loss, a.smooth_loss, a.lr, a.momentum),
                std::tie(b.step, b.epoch, b.batch, b.loss, b.smooth_loss, b.lr, b.momentum));
    }
    ASSERT_LE(part.epochs.size(), whole.epochs.size());
    for (std::size_t i = 1; i <= part.epochs.size(); ++i) {
      const EpochEnded &a = part.epochs[part.epochs.size() - i], &b = whole.epochs[whole.epochs.size() - i];
      EXPECT_EQ(std::tie(a.stage, a.epoch, a.phase, a.train_loss, a.valid_loss, a.metrics, a.skipped_steps),
                std::tie(b.stage, b.epoch, b.phase, b.train_loss, b.valid_loss, b.metrics, b.skipped_steps));
    }
    ASSERT_EQ(part.weights.size(), whole.weights.size());
    std::size_t different = 0;
    for (std::size_t i = 0; i < whole.weights.size(); ++i) different += !part.weights[i].equal(whole.weights[i]);
    EXPECT_EQ(different, 0u) << "tensors of the network differ";
  }

  TempFolder folder_;
  std::shared_ptr<const std::vector<Sample>> samples_;
  std::shared_ptr<const std::vector<TargetColumn>> columns_;
  FitData data_;
  TrainerOptions options_;
  std::vector<Stage> stages_;
};

TEST_F(TrainerSave, FrozenAndUnfrozenAccumulatedAndTheBestKept) {
  options_.callbacks.keep_best = KeepBestOptions{};
  options_.callbacks.reduce_lr = ReduceLrOptions{.min_delta = 0.5};
  options_.callbacks.grad_clip = 1;
  stages_ = {{.schedule = {.kind = ScheduleKind::FineTune, .epochs = 2}, .batch = {.size = 4, .accum = 2}}};
  expectExact(5);
}

TEST_F(TrainerSave, RangerWithAveragedWeightsOverTwoSizesWithMixup) {
  options_.optimizer.kind = OptimizerKind::Ranger;
  options_.callbacks.ema_decay = 0.7;
  options_.callbacks.keep_best = KeepBestOptions{};
  stages_ = {{.schedule = {.kind = ScheduleKind::FlatCos, .epochs = 2}},
             {.schedule = {.epochs = 1}, .mix = MixOptions{}, .size = {64, 64}}};
  expectExact(4);
}

// Its gradients stay when a fit ends in the middle of a step, and frozen weights that have learnt still decay.
TEST_F(TrainerSave, WithFidelityFastai) {
  options_.fidelity = Fidelity::Fastai;
  options_.callbacks.early_stopping = EarlyStoppingOptions{.patience = 1, .min_delta = 10};
  stages_ = {{.schedule = {.epochs = 1}, .batch = {.size = 8, .accum = 3}},
             {.schedule = {.kind = ScheduleKind::FineTune, .epochs = 4}, .batch = {.size = 8, .accum = 3}}};
  expectExact(2);
}

// A change that came after the state was saved is done again when its step comes.
TEST_F(TrainerSave, ChangesOfTheRatesStay) {
  options_.optimizer.kind = OptimizerKind::Sgd;
  options_.changes = {{2, {.lr_scale = 0.5, .wd = 0.3}}, {6, {.lr_scale = 2}}};
  stages_ = {{.schedule = {.kind = ScheduleKind::Fit, .epochs = 2}}};
  expectExact(3);
}

// Stopped in the validation of the first epoch, which is done again.
TEST_F(TrainerSave, AStopIsABoundaryToo) {
  stages_ = {{.schedule = {.epochs = 2}}};
  const Told whole = train(nullptr, [](const Trainer&, Boundary, std::size_t) {});
  auto model = std::make_shared<Classifier>(ModelOptions{.arch = "resnet18"}, 10, Size{32, 32}, 7);
  model->toChannelsLast();
  TrainControl control;
  std::optional<TrainerState> saved;
  TrainerOptions options = options_;
  Trainer* self = nullptr;
  options.on_boundary = [&](Boundary boundary) {
    if (boundary == Boundary::Stop) saved = copyOf(self->saveState());
  };
  Trainer trainer(model, torch::kCPU, columns_, options, control, [&](const TrainEvent& event) {
    if (std::holds_alternative<ValidationProgress>(event)) control.stopNow();
  });
  self = &trainer;
  Loader loader(samples_, {.resize = {.method = ResizeMethod::Squish, .size = {32, 32}}, .augment = AugOptions{}, .seed = 7}, {.threads = 2});
  EXPECT_THROW(trainer.fit({.phases = planPhases(stages_[0].schedule, trainer.groups()), .batch = {8, 1}}, loader, data_, *samples_), Cancelled);
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->numbers.at("epoch"), 0);
  EXPECT_EQ(saved->numbers.at("batch"), 4);
  expectEnd(train(&*saved, [](const Trainer&, Boundary, std::size_t) {}), whole);
}

}  // namespace
}  // namespace panicle
