// Whether the time left that a run tells is true: at the start of each epoch, what the run then says is left beside what it then took,
// predictions included. Exit status 1 when the worst after the second epoch is off by 20 % or more.
//
//   time_left [KEY=VALUE ...]        of the run: stages.0.schedule.kind=fine_tune stages.0.schedule.freeze_epochs=2
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/runs/execute.h"
#include "tests/bench/bench_run.h"

namespace {

using namespace panicle;
using Clock = std::chrono::steady_clock;

constexpr double kLimit = 0.2;
constexpr int kEpochs = 6;

struct Told {
  double seconds;
  Clock::time_point when;
};

int measure(const std::vector<std::string>& settings) {
  const bench::WorkFolder folder;
  const RunSpec spec = bench::benchSpec(settings, kEpochs, folder);
  RunStore store(folder / "workspace");
  TrainControl control;
  std::vector<Told> told;  // with the third batch of each epoch: the first two of a run tell nothing
  const RunOutcome outcome = execute(store, spec, control, [&](const TrainEvent& event) {
    const auto* batch = std::get_if<BatchEnded>(&event);
    if (batch && batch->batch == std::min<std::size_t>(3, batch->batches)) told.push_back({batch->eta_seconds, Clock::now()});
  });
  const Clock::time_point end = Clock::now();
  if (outcome.status != RunStatus::Finished) throw Error(outcome.message);
  std::printf("%s, %s\nepoch  time left      it took    error\n", spec.model.arch.c_str(), enumName(spec.stages[0].schedule.kind));
  double worst = 0;
  for (std::size_t epoch = 0; epoch < told.size(); ++epoch) {
    const double took = std::chrono::duration<double>(end - told[epoch].when).count();
    const double error = told[epoch].seconds / took - 1;
    std::printf("%5zu  %7.1f s  %9.1f s  %+6.1f %%\n", epoch + 1, told[epoch].seconds, took, 100 * error);
    if (epoch >= 2) worst = std::max(worst, std::abs(error));
  }
  const bool met = worst < kLimit;
  std::printf("worst after the second epoch: %.1f %%; under %.0f %%: %s\n", 100 * worst, 100 * kLimit, met ? "met" : "missed");
  return met ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return panicle::bench::mainOf(argc, argv, measure); }
