// Kills panicle-cli with SIGKILL, again and again, while it trains; resumes each time; and compares what comes of it, bit for bit, with a run that
// was never killed.
//
//   kill_resume PANICLE_CLI [--kills N] [--seed S] [--keep]
//
// Half of the kills aim at the writing of a checkpoint: they wait for the unfinished folder to be there, and then for a random part of the time
// that a write takes. The others come at random times, some of them also there. When a run ends before it is killed, the next begins. Exit status
// 1, with all folders kept, when weights, history or predictions differ, the database is damaged or a resume fails.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/base/file.h"
#include "core/data/sample_data.h"
#include "core/runs/run_store.h"
#include "core/weights/sha256.h"

namespace {

using namespace panicle;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// A program that was started, in a group of its own.
class Child {
 public:
  Child(const std::vector<std::string>& command, const fs::path& log) {
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("fork failed");
    if (process_ > 0) return;
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  // Whether it has ended, by now.
  bool ended() {
    if (!ended_) ended_ = ::waitpid(process_, &status_, WNOHANG) == process_;
    return ended_;
  }
  void wait() {
    if (!ended_) ::waitpid(process_, &status_, 0);
    ended_ = true;
  }
  void kill() {
    if (!ended()) ::kill(process_, SIGKILL);
    wait();
  }
  bool wasKilled() const { return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL; }
  bool succeeded() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

 private:
  pid_t process_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

struct Options {
  std::string program;
  int kills = 200;
  unsigned seed = 1;
  bool keep = false;
};

class Driver {
 public:
  explicit Driver(const Options& options)
      : options_(options), random_(options.seed), folder_(fs::temp_directory_path() / ("panicle kill-resume " + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    writeSampleData(folder_ / "data", {.per_class = 4, .size = {96, 96}});
    RunSpec spec;
    spec.data.root = (folder_ / "data").string();
    spec.model.arch = "resnet18";
    spec.model.weights = "none";
    spec.batch.size = 8;
    spec.threads = 1;
    spec.stages[0].resize.size = {32, 32};
    spec.stages[0].schedule = {.kind = ScheduleKind::FineTune, .epochs = 3};
    spec.callbacks.keep_best = KeepBestOptions{};
    spec.callbacks.ema_decay = 0.5;
    spec.checkpoint = {.every_minutes = 0, .max_share = 1};
    writeAtomically(folder_ / "spec.json", specToJson(spec).dump(1));
  }
  ~Driver() {
    if (!options_.keep) {
      std::error_code ignored;
      fs::remove_all(folder_, ignored);
    }
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  int drive() {
    Child whole = start({"train", (folder_ / "spec.json").string()});
    whole.wait();
    if (!whole.succeeded()) return fail("the run that is not killed failed");
    const auto began = Clock::now();
    while (kills_ < options_.kills) {
      if (const int status = killedRun(); status != 0) return status;
      std::printf("%d kills, %d of them in a checkpoint, %d runs, %.0f s\n", kills_, inCheckpoint_, runs_,
                  std::chrono::duration<double>(Clock::now() - began).count());
      std::fflush(stdout);
    }
    std::printf("%d runs ended as the one that was never killed, after %d kills, %d of them while a checkpoint was written\n", runs_, kills_,
                inCheckpoint_);
    return 0;
  }

 private:
  fs::path workspace() const { return folder_ / "work"; }
  fs::path runFolder(const std::string& run) const { return workspace() / "runs" / run; }

  Child start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), options_.program);
    arguments.insert(arguments.end(), {"--workspace", workspace().string()});
    return Child(arguments, folder_ / "log.txt");
  }

  int fail(const std::string& what) {
    std::fprintf(stderr, "%s; see %s\n", what.c_str(), folder_.c_str());
    options_.keep = true;
    return 1;
  }

  // One run, killed some times, to its end.
  int killedRun() {
    const std::string before = newestRun();
    std::string run;  // "": not in the store yet
    for (int mine = 0;; ++mine) {
      Child child = run.empty() ? start({"train", (folder_ / "spec.json").string()}) : start({"resume", run});
      if (mine < kKillsOfARun && kills_ < options_.kills) strike(child);
      child.wait();
      if (const std::string newest = newestRun(); newest != before) run = newest;
      if (!child.wasKilled()) {
        if (!child.succeeded()) return fail("run " + run + " failed");
        ++runs_;
        return compare(run);
      }
      ++kills_;
      if (run.empty()) continue;
      if (const int status = checkStore(run); status != 0) return status;
    }
  }

  std::string newestRun() const { return RunStore(workspace()).list().front().id; }

  // Of the newest folder: a run has one before it is in the store.
  fs::path checkpoints() const {
    int newest = 0;
    for (const auto& entry : fs::directory_iterator(workspace() / "runs")) newest = std::max(newest, std::atoi(entry.path().filename().c_str()));
    return runFolder(std::to_string(newest)) / "checkpoints";
  }

  void strike(Child& child) {
    const bool atCheckpoint = random_() % 2 == 0;
    const auto patience = std::chrono::milliseconds(atCheckpoint ? 60'000 : 300 + random_() % 6000);
    const auto deadline = Clock::now() + patience;
    bool hit = false;
    while (!child.ended() && Clock::now() < deadline) {
      if (atCheckpoint && unfinished()) {
        std::this_thread::sleep_for(std::chrono::microseconds(random_() % 60'000));
        hit = unfinished();
        if (hit) break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (child.ended()) return;
    hit = hit || unfinished();
    child.kill();
    if (child.wasKilled() && hit) ++inCheckpoint_;
  }

  bool unfinished() const {
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(checkpoints(), absent)) {
      if (entry.path().filename().string().starts_with("unfinished-")) return true;
    }
    return false;
  }

  // The database is whole, and steps and epochs have neither gaps nor overlaps.
  int checkStore(const std::string& run) {
    {
      SQLite::Database db((workspace() / "panicle.db").string(), SQLite::OPEN_READWRITE, 10'000);
      if (const std::string answer = db.execAndGet("PRAGMA integrity_check").getString(); answer != "ok")
        return fail("the database is damaged: " + answer);
    }
    const RunStore store(workspace());
    const RunRecord record = store.get(run);
    if (record.status != RunStatus::Interrupted && record.status != RunStatus::Finished)
      return fail("run " + run + " is " + toString(record.status) + " after it was killed");
    const auto steps = store.steps(run);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].step != i + 1) return fail("run " + run + " has a gap in its steps before " + std::to_string(steps[i].step));
    }
    for (std::size_t i = 0; i < record.epochs.size(); ++i) {
      if (record.epochs[i].epoch != static_cast<int>(i)) return fail("run " + run + " has a gap in its epochs");
    }
    return 0;
  }

  int compare(const std::string& run) {
    if (const int status = checkStore(run); status != 0) return status;
    const RunStore store(workspace());
    const RunRecord killed = store.get(run), whole = store.get("1");
    if (killed.status != RunStatus::Finished) return fail("run " + run + " has not finished");
    for (const char* file : {"model.safetensors", "valid_preds.csv", "test_preds.csv"}) {
      if (sha256OfFile(runFolder(run) / file) != sha256OfFile(runFolder("1") / file)) return fail("run " + run + ": " + file + " differs");
    }
    if (killed.results != whole.results) return fail("run " + run + ": its results differ");
    if (killed.epochs.size() != whole.epochs.size()) return fail("run " + run + ": it has another number of epochs");
    for (std::size_t i = 0; i < whole.epochs.size(); ++i) {
      const EpochRow &a = killed.epochs[i], &b = whole.epochs[i];
      if (a.train_loss != b.train_loss || a.valid_loss != b.valid_loss || a.metrics != b.metrics)
        return fail("run " + run + ": epoch " + std::to_string(i + 1) + " differs");
    }
    const auto steps = store.steps(run), wholeSteps = store.steps("1");
    if (steps.size() != wholeSteps.size()) return fail("run " + run + ": it has another number of steps");
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].loss != wholeSteps[i].loss || steps[i].lr != wholeSteps[i].lr) return fail("run " + run + ": step " + std::to_string(i + 1) + " differs");
    }
    fs::remove_all(runFolder(run));  // its history stays
    return 0;
  }

  static constexpr int kKillsOfARun = 6;

  Options options_;
  std::mt19937 random_;
  fs::path folder_;
  int kills_ = 0, inCheckpoint_ = 0, runs_ = 0;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto value = [&] {
      if (++i == argc) throw std::runtime_error(argument + " needs a number");
      return std::atoi(argv[i]);
    };
    if (argument == "--kills") {
      options.kills = value();
    } else if (argument == "--seed") {
      options.seed = static_cast<unsigned>(value());
    } else if (argument == "--keep") {
      options.keep = true;
    } else {
      options.program = argument;
    }
  }
  if (options.program.empty()) throw std::runtime_error("usage: kill_resume PANICLE_CLI [--kills N] [--seed S] [--keep]");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Driver(parse(argc, argv)).drive();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
