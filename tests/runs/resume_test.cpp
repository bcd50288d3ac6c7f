// Runs that end early and go on: they end as if nothing had been, or say why not.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/sample_data.h"
#include "core/eval/predictions.h"
#include "core/memory/meter.h"
#include "core/runs/execute.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;

// A run of two frozen and unfrozen fits on 32 sample photos, four batches an epoch, in a workspace that scripts trip over.
class Resume : public ::testing::Test {
 public:
  using React = std::function<void(TrainControl&, const TrainEvent&)>;

 protected:
  Resume() {
    writeSampleData(folder_ / "data", {.per_class = 4, .size = {96, 96}});
    spec_.data.root = (folder_ / "data").string();
    spec_.model.arch = "resnet18";
    spec_.model.weights = "none";
    spec_.batch.size = 8;
    spec_.stages[0].resize.size = {32, 32};
    spec_.stages[0].schedule = {.kind = ScheduleKind::FineTune, .epochs = 2};
    spec_.checkpoint.max_share = 1;
    store_ = std::make_unique<RunStore>(workspace());
  }

  std::filesystem::path workspace() const { return folder_ / "Läufe, \"neu\" 稲 1"; }
  std::filesystem::path checkpoints(const std::string& run) const { return store_->folder(run) / "checkpoints"; }

  TrainObserver listening(TrainControl& control, const React& react) {
    warnings_.clear();
    return [&, react](const TrainEvent& event) {
      if (const auto* warning = std::get_if<Warning>(&event)) warnings_.push_back(warning->message);
      if (const auto* started = std::get_if<RunStarted>(&event)) start_ = started->start;
      if (react) react(control, event);
    };
  }
  RunOutcome train(const React& react = {}) {
    TrainControl control;
    return execute(*store_, spec_, control, listening(control, react));
  }
  RunOutcome goOn(const std::string& run, const React& react = {}) {
    TrainControl control;
    return resume(*store_, run, control, listening(control, react));
  }

  // Stops when `step` batches were trained on.
  static React stopAt(std::uint64_t step) {
    return [step](TrainControl& control, const TrainEvent& event) {
      if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->step == step) control.stopNow();
    };
  }

  // The history, the model and the predictions of the two are the same but for the time that they took.
  void expectSame(const std::string& run, const std::string& whole) const {
    const RunRecord a = store_->get(run), b = store_->get(whole);
    EXPECT_EQ(a.status, RunStatus::Finished) << a.message;
    EXPECT_EQ(a.results, b.results);
    ASSERT_EQ(a.epochs.size(), b.epochs.size());
    for (std::size_t i = 0; i < a.epochs.size(); ++i) {
      EXPECT_EQ(a.epochs[i].epoch, static_cast<int>(i));
      EXPECT_EQ(a.epochs[i].train_loss, b.epochs[i].train_loss);
      EXPECT_EQ(a.epochs[i].valid_loss, b.epochs[i].valid_loss);
      EXPECT_EQ(a.epochs[i].metrics, b.epochs[i].metrics);
    }
    const auto steps = store_->steps(run), wholeSteps = store_->steps(whole);
    ASSERT_EQ(steps.size(), wholeSteps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      EXPECT_EQ(std::tie(steps[i].step, steps[i].loss, steps[i].smooth_loss, steps[i].lr, steps[i].momentum),
                std::tie(wholeSteps[i].step, wholeSteps[i].loss, wholeSteps[i].smooth_loss, wholeSteps[i].lr, wholeSteps[i].momentum));
    }
    EXPECT_TRUE(readText(store_->folder(run) / "model.safetensors") == readText(store_->folder(whole) / "model.safetensors"));
    for (const char* split : {"valid", "test"}) {
      EXPECT_EQ(readPredictions(store_->folder(run), split).probabilities, readPredictions(store_->folder(whole), split).probabilities);
    }
  }

  std::string failure(const std::function<void()>& work) const {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TempFolder folder_;
  RunSpec spec_;
  std::unique_ptr<RunStore> store_;
  std::vector<std::string> warnings_;  // of the newest
  std::string start_;
};

TEST_F(Resume, AStoppedRunGoesOnBitForBit) {
  const RunOutcome whole = train();
  ASSERT_EQ(whole.status, RunStatus::Finished) << whole.message;
  EXPECT_FALSE(std::filesystem::exists(checkpoints(whole.run))) << "a finished run keeps no checkpoints";
  for (const std::uint64_t step : {1u, 6u, 8u}) {
    SCOPED_TRACE("stopped after step " + std::to_string(step));
    const RunOutcome stopped = train(stopAt(step));
    ASSERT_EQ(stopped.status, RunStatus::Stopped) << stopped.message;
    const RunOutcome resumed = goOn(stopped.run);
    EXPECT_EQ(resumed.run, stopped.run);
    EXPECT_THAT(start_, HasSubstr("the checkpoint after step " + std::to_string(step) + " "));
    EXPECT_THAT(start_, HasSubstr("bit for bit"));
    EXPECT_THAT(warnings_, Each(Not(AnyOf(HasSubstr("checkpoint"), HasSubstr("bit for bit"), HasSubstr("data set")))));
    expectSame(resumed.run, whole.run);
  }
}

// Twice: after an epoch, and in a validation. The rates are changed in between, and what callbacks keep goes on.
TEST_F(Resume, WithCallbacksAndChangedRates) {
  spec_.callbacks.keep_best = KeepBestOptions{};
  spec_.callbacks.ema_decay = 0.6;
  spec_.optimizer.kind = OptimizerKind::Ranger;
  spec_.batch.accum = 2;
  const auto change = [](TrainControl& control, const TrainEvent& event) {
    if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->step == 6) control.change({.lr_scale = 3, .wd = 0.1});
  };
  const RunOutcome whole = train(change);
  ASSERT_EQ(whole.status, RunStatus::Finished) << whole.message;
  const RunOutcome first = train([](TrainControl& control, const TrainEvent& event) {
    if (std::holds_alternative<EpochEnded>(event)) control.stopAfterEpoch();
  });
  const RunOutcome second = goOn(first.run, [&](TrainControl& control, const TrainEvent& event) {
    change(control, event);
    if (const auto* validation = std::get_if<ValidationProgress>(&event); validation && validation->epoch == 1) control.stopNow();
  });
  ASSERT_EQ(second.status, RunStatus::Stopped) << second.message;
  goOn(first.run);
  expectSame(first.run, whole.run);
  ASSERT_EQ(store_->get(first.run).changes.size(), 1u);
}

// After the newest whole checkpoint a change of the rates was made, and the run failed: it is made again.
TEST_F(Resume, AFailedRunGoesOnAndChangesAreMadeAgain) {
  spec_.checkpoint.every_minutes = 1000;
  const auto change = [](TrainControl& control, const TrainEvent& event) {
    if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->step == 5) control.change({.lr_scale = 3});
  };
  const RunOutcome whole = train(change);
  const RunOutcome failed = train([&](TrainControl& control, const TrainEvent& event) {
    change(control, event);
    if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->step == 7) throw Error("the roof is on fire");
  });
  ASSERT_EQ(failed.status, RunStatus::Failed);
  EXPECT_EQ(goOn(failed.run).status, RunStatus::Finished);
  expectSame(failed.run, whole.run);
  EXPECT_EQ(store_->get(failed.run).message, "");
}

TEST_F(Resume, ADamagedCheckpointIsPassedOverForTheOneBefore) {
  spec_.checkpoint.keep_last = 3;
  spec_.checkpoint.every_minutes = 0;
  const RunOutcome whole = train();
  const RunOutcome stopped = train(stopAt(7));
  std::vector<std::filesystem::path> kept;
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints(stopped.run))) kept.push_back(entry.path());
  ASSERT_GE(kept.size(), 2u);
  ASSERT_LE(kept.size(), 3u);
  const auto newest = *std::max_element(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
    return std::stoi(a.filename().string()) < std::stoi(b.filename().string());
  });
  std::fstream file(newest / "tensors.safetensors", std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(20'000'000);
  file.put('!');
  file.close();
  std::filesystem::create_directory(checkpoints(stopped.run) / "unfinished-99");
  std::ofstream(store_->folder(stopped.run) / "model.safetensors.a1b2c3") << "a part";
  EXPECT_EQ(goOn(stopped.run).status, RunStatus::Finished);
  EXPECT_THAT(warnings_, Contains(AllOf(HasSubstr(newest.string()), HasSubstr("damaged"))));
  EXPECT_THAT(start_, Not(HasSubstr("after step 7 ")));
  EXPECT_FALSE(std::filesystem::exists(store_->folder(stopped.run) / "model.safetensors.a1b2c3"));
  expectSame(stopped.run, whole.run);
}

TEST_F(Resume, WithoutACheckpointTheRunBeginsAnewUnderItsNumber) {
  const RunOutcome whole = train();
  const RunOutcome stopped = train(stopAt(6));
  std::filesystem::remove_all(checkpoints(stopped.run));
  EXPECT_EQ(goOn(stopped.run).run, stopped.run);
  EXPECT_THAT(warnings_, Contains(HasSubstr("begins anew")));
  expectSame(stopped.run, whole.run);
}

TEST_F(Resume, RefusesWhatCannotGoOn) {
  EXPECT_THAT(failure([&] { goOn("7"); }), HasSubstr("there is no run '7'"));
  const RunOutcome whole = train();
  EXPECT_THAT(failure([&] { goOn(whole.run); }), HasSubstr("has finished"));
  EXPECT_EQ(store_->get(whole.run).status, RunStatus::Finished);
  std::string here, elsewhere;
  train([&](TrainControl& control, const TrainEvent& event) {
    const auto* batch = std::get_if<BatchEnded>(&event);
    if (!batch || batch->step != 1) return;
    const std::string run = store_->list().front().id;
    TrainControl other;
    here = failure([&] { resume(*store_, run, other, {}); });
    RunStore another(workspace());
    elsewhere = failure([&] { resume(another, run, other, {}); });
    control.stopNow();
  });
  EXPECT_THAT(here, HasSubstr("is running"));
  EXPECT_THAT(elsewhere, HasSubstr("is running"));
}

TEST_F(Resume, SaysWhenTheDataHasChanged) {
  const RunOutcome stopped = train(stopAt(5));
  const auto classFolder = folder_ / "data" / "train_images" / "normal";
  const auto photo = std::filesystem::directory_iterator(classFolder)->path();
  const auto added = classFolder / "zzz.jpg";
  // A photo that was written again is trained on, with a warning.
  std::filesystem::last_write_time(photo, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(goOn(stopped.run, stopAt(6)).status, RunStatus::Stopped);
  EXPECT_THAT(warnings_, Contains(HasSubstr("written since the run began")));
  // Labels are refused: renamed photos would move between training and validation.
  const std::string table = readText(folder_ / "data" / "train.csv");
  std::ofstream(folder_ / "data" / "train.csv") << table.substr(0, table.rfind('\n', table.size() - 2) + 1);
  const RunOutcome refused = goOn(stopped.run);
  EXPECT_EQ(refused.status, RunStatus::Failed);
  EXPECT_THAT(refused.message, AllOf(HasSubstr("cannot be resumed"), HasSubstr("added, removed or renamed")));
  std::ofstream(folder_ / "data" / "train.csv") << table;
  EXPECT_EQ(goOn(stopped.run).status, RunStatus::Finished);
}

// Killed before it came to a model of its own, and stopped when it hardly goes on.
TEST_F(Resume, AStopBeforeItTrainsKeepsTheCheckpointsModel) {
  const RunOutcome first = train(stopAt(6));
  const auto folder = store_->folder(first.run);
  const std::string model = readText(folder / "model.safetensors");
  const auto results = store_->get(first.run).results;
  for (const char* file : {"model.safetensors", "valid_preds.csv", "valid_items.csv", "test_preds.csv"}) std::filesystem::remove(folder / file);
  const RunOutcome stopped = goOn(first.run, [](TrainControl& control, const TrainEvent&) { control.stopNow(); });
  ASSERT_EQ(stopped.status, RunStatus::Stopped) << stopped.message;
  EXPECT_TRUE(readText(folder / "model.safetensors") == model);
  EXPECT_GT(readPredictions(folder, "valid").size(), 0u);
  EXPECT_EQ(store_->get(first.run).results, results);
}

// Each time that the device is free.
Resume::React whenFree(const std::function<void(TrainControl&)>& act) {
  return [act](TrainControl& control, const TrainEvent& event) {
    const auto* phase = std::get_if<PhaseChanged>(&event);
    if (phase && phase->what == "paused; the device is free") act(control);
  };
}

TEST_F(Resume, APauseThatFreesTheDeviceChangesNothing) {
  spec_.callbacks.ema_decay = 0.6;
  spec_.batch.accum = 2;
  const RunOutcome whole = train();
  // After a step, between two batches of one step, at the end of an epoch, and in a validation.
  const std::vector<std::pair<std::string, std::function<bool(const TrainEvent&)>>> moments{
      {"step 2", [](const TrainEvent& event) { return std::holds_alternative<BatchEnded>(event) && std::get<BatchEnded>(event).step == 2; }},
      {"step 5", [](const TrainEvent& event) { return std::holds_alternative<BatchEnded>(event) && std::get<BatchEnded>(event).step == 5; }},
      {"epoch 1", [](const TrainEvent& event) { return std::holds_alternative<EpochEnded>(event) && std::get<EpochEnded>(event).epoch == 0; }},
      {"validation", [](const TrainEvent& event) { return std::holds_alternative<ValidationProgress>(event) && std::get<ValidationProgress>(event).epoch == 1; }}};
  for (const auto& [name, isIt] : moments) {
    SCOPED_TRACE(name);
    int freed = 0, begun = 0;
    bool asked = false;
    const auto free = whenFree([&](TrainControl& control) {
      ++freed;
      EXPECT_TRUE(control.paused());
      EXPECT_LT(liveTensorBytes(), 1u << 20) << "the network is still there";
      EXPECT_EQ(store_->list().front().status, RunStatus::Running);
      control.resume();
    });
    const RunOutcome paused = train([&, &isIt = isIt](TrainControl& control, const TrainEvent& event) {
      begun += std::holds_alternative<RunStarted>(event);
      if (!asked && isIt(event)) {
        asked = true;
        control.pauseAndFreeDevice();
      }
      free(control, event);
    });
    EXPECT_EQ(freed, 1);
    EXPECT_EQ(begun, 2);
    EXPECT_THAT(start_, HasSubstr("bit for bit"));
    expectSame(paused.run, whole.run);
    const auto memory = store_->memory(paused.run);
    EXPECT_TRUE(std::is_sorted(memory.begin(), memory.end(), [](const MemoryRow& a, const MemoryRow& b) { return a.step < b.step; }));
  }
}

TEST_F(Resume, AnyPauseCanFreeTheDeviceLater) {
  const RunOutcome whole = train();
  std::jthread other;
  int freed = 0;
  const auto free = whenFree([&](TrainControl& control) {
    ++freed;
    control.resume();
  });
  const RunOutcome paused = train([&](TrainControl& control, const TrainEvent& event) {
    if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->step == 3) {
      control.pause();
      other = std::jthread([&control] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        control.pauseAndFreeDevice();
      });
    }
    free(control, event);
  });
  EXPECT_EQ(freed, 1);
  expectSame(paused.run, whole.run);
}

TEST_F(Resume, AStopWhileTheDeviceIsFreeKeepsTheModel) {
  const RunOutcome whole = train();
  const RunOutcome plain = train(stopAt(6));
  const auto free = whenFree([](TrainControl& control) { control.stopNow(); });
  const RunOutcome stopped = train([&](TrainControl& control, const TrainEvent& event) {
    if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->step == 6) control.pauseAndFreeDevice();
    free(control, event);
  });
  ASSERT_EQ(stopped.status, RunStatus::Stopped) << stopped.message;
  EXPECT_TRUE(readText(store_->folder(stopped.run) / "model.safetensors") == readText(store_->folder(plain.run) / "model.safetensors"));
  EXPECT_EQ(readPredictions(store_->folder(stopped.run), "valid").probabilities, readPredictions(store_->folder(plain.run), "valid").probabilities);
  EXPECT_EQ(store_->get(stopped.run).results, store_->get(plain.run).results);
  goOn(stopped.run);
  expectSame(stopped.run, whole.run);
}

// Files longer than this fail to be written, while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

// A model takes 43 MiB, a checkpoint three times that.
TEST_F(Resume, ACheckpointThatCannotBeWrittenDoesNotEndTheRun) {
  const RunOutcome whole = train();
  RunOutcome limited;
  {
    const FileSizeLimit limit(70 << 20);
    limited = train();
  }
  EXPECT_THAT(warnings_, Contains(AllOf(HasSubstr("a checkpoint was not written"), HasSubstr("File too large"))));
  expectSame(limited.run, whole.run);
}

// What it would go on from, three times the model, cannot be saved: it pauses with what it holds.
TEST_F(Resume, ADeviceIsNotFreedForNothing) {
  const RunOutcome whole = train();
  RunOutcome paused;
  int kept = 0;
  {
    const FileSizeLimit limit(70 << 20);
    paused = train([&](TrainControl& control, const TrainEvent& event) {
      if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->step == 6) control.pauseAndFreeDevice();
      const auto* phase = std::get_if<PhaseChanged>(&event);
      if (phase && phase->what == "paused; the device is free") control.resume();  // or it would wait for ever
      if (!phase || phase->what != "paused; the device is not free") return;
      ++kept;
      EXPECT_TRUE(control.paused());
      EXPECT_FALSE(control.freesDevice());
      control.resume();
    });
  }
  EXPECT_EQ(kept, 1);
  EXPECT_THAT(warnings_, Contains(HasSubstr("the device could not be given back")));
  expectSame(paused.run, whole.run);
}

// A small file system of its own, where this process may make one.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=640m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  bool makeReadOnly() const { return ::mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=640m") == 0; }
  // Leaves so much.
  void fill(std::uintmax_t left) const {
    std::ofstream file(folder_ / "filler", std::ios::binary);
    const std::string block(1 << 20, 'x');
    while (std::filesystem::space(folder_).available > left + block.size()) file << block << std::flush;
  }
  void empty() const { std::filesystem::remove(folder_ / "filler"); }

 private:
  std::filesystem::path folder_;
  bool mounted_ = false;
};

TEST_F(Resume, AFullDiskPausesTheRunUntilThereIsSpace) {
  const RunOutcome whole = train();
  const std::string model = readText(store_->folder(whole.run) / "model.safetensors");
  const auto steps = store_->steps(whole.run);
  const SmallDisk disk(folder_ / "small disk");
  if (!disk.mounted()) GTEST_SKIP() << "SKIPPED: this process may not mount a file system";
  store_ = std::make_unique<RunStore>(folder_ / "small disk" / "work");
  disk.fill(100 << 20);
  std::vector<std::string> phases;
  const RunOutcome full = train([&](TrainControl& control, const TrainEvent& event) {
    const auto* phase = std::get_if<PhaseChanged>(&event);
    if (!phase || (phase->what.find("paused") == std::string::npos && phase->what.find("space again") == std::string::npos)) return;
    phases.push_back(phase->what);
    if (phases.size() > 1) return;
    EXPECT_FALSE(control.paused());
    disk.empty();
  });
  EXPECT_EQ(full.status, RunStatus::Finished) << full.message;
  ASSERT_EQ(phases.size(), 2u);
  EXPECT_THAT(phases[0], AllOf(HasSubstr("paused, for the disk is full"), HasSubstr("small disk"), HasSubstr("MiB")));
  EXPECT_THAT(phases[1], HasSubstr("goes on"));
  EXPECT_TRUE(readText(store_->folder(full.run) / "model.safetensors") == model);
  EXPECT_EQ(store_->steps(full.run).size(), steps.size());
}

// With nothing free at all, the database included, a run that is stopped cannot say so; it is interrupted, and goes on later.
TEST_F(Resume, ARunThatADiskFullToTheLastByteEndedGoesOn) {
  const RunOutcome whole = train();
  const std::string model = readText(store_->folder(whole.run) / "model.safetensors");
  const SmallDisk disk(folder_ / "small disk");
  if (!disk.mounted()) GTEST_SKIP() << "SKIPPED: this process may not mount a file system";
  store_ = std::make_unique<RunStore>(folder_ / "small disk" / "work");
  const auto fillThenStop = [&](TrainControl& control, const TrainEvent& event) {
    if (const auto* batch = std::get_if<BatchEnded>(&event); batch && batch->step == 6) disk.fill(0);
    const auto* warning = std::get_if<Warning>(&event);
    if (warning && warning->message.find("the disk is full") != std::string::npos) control.stopNow();
  };
  RunOutcome full;
  const std::string thrown = failure([&] { full = train(fillThenStop); });
  EXPECT_TRUE(full.status == RunStatus::Failed || !thrown.empty());
  EXPECT_THAT(full.message + thrown, HasSubstr("disk"));
  disk.empty();
  store_ = std::make_unique<RunStore>(folder_ / "small disk" / "work");
  const std::string run = store_->list().front().id;
  EXPECT_EQ(goOn(run).status, RunStatus::Finished);
  EXPECT_TRUE(readText(store_->folder(run) / "model.safetensors") == model);
}

TEST_F(Resume, AReadOnlyWorkspaceIsNamed) {
  const SmallDisk disk(folder_ / "small disk");
  if (!disk.mounted()) GTEST_SKIP() << "SKIPPED: this process may not mount a file system";
  { const RunStore made(folder_ / "small disk" / "work"); }
  ASSERT_TRUE(disk.makeReadOnly());
  EXPECT_THAT(failure([&] { const RunStore none(folder_ / "small disk" / "new"); }), AllOf(HasSubstr("small disk"), HasSubstr("Read-only")));
  const std::string message = failure([&] {
    store_ = std::make_unique<RunStore>(folder_ / "small disk" / "work");
    train();
  });
  EXPECT_THAT(message, AllOf(HasSubstr("small disk"), AnyOf(HasSubstr("Read-only"), HasSubstr("can be written"))));
}

}  // namespace
}  // namespace panicle
