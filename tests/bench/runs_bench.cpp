// How long a workspace of many runs takes to open and to search.
//
//   runs_bench [RUNS [EPOCHS [FOLDER]]]      10000 runs of 50 epochs in a folder of its own, which is removed
//
// Each figure is the median of nine.
#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/runs/run_query.h"
#include "core/runs/run_store.h"

namespace {

using namespace panicle;

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double median(const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) times.push_back(milliseconds(work));
  std::nth_element(times.begin(), times.begin() + 4, times.end());
  return times[4];
}

// Runs as they are stored, without the summaries, which the store then makes as it does for an old workspace.
void fill(const std::filesystem::path& folder, int runs, int epochs) {
  { RunStore store(folder); }
  constexpr const char* kArchitectures[] = {"convnext_small_in22k", "vit_small_patch16_224", "swin_small_patch4_window7_224", "resnet26d"};
  SQLite::Database db((folder / "panicle.db").string(), SQLite::OPEN_READWRITE);
  SQLite::Transaction transaction(db);
  SQLite::Statement run(db, "INSERT INTO runs (name, status, created, finished, seconds, peak_tensor_bytes, spec, environment) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  SQLite::Statement epoch(db, "INSERT INTO epochs (run, epoch, stage, phase, train_loss, valid_loss, seconds) VALUES (?, ?, 0, 'one cycle', ?, ?, 60)");
  SQLite::Statement metric(db, "INSERT INTO metrics (run, epoch, name, value) VALUES (?, ?, ?, ?)");
  SQLite::Statement tag(db, "INSERT INTO tags (run, tag) VALUES (?, ?)");
  RunSpec spec;
  spec.data.root = "/data/paddy-disease-classification/train_images";
  for (int i = 1; i <= runs; ++i) {
    spec.model.arch = kArchitectures[i % 4];
    spec.seed = static_cast<std::uint64_t>(i);
    spec.stages[0].schedule.epochs = epochs;
    SQLite::bind(run, "run number " + std::to_string(i), i % 50 == 0 ? "failed" : "finished", "2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z", 3600.0,
                 std::int64_t{5'000'000'000}, specToJson(spec).dump(2), R"({"device": "cuda:0 NVIDIA H200", "precision": "bf16", "panicle": "0.1.0"})");
    run.exec();
    run.reset();
    for (int e = 0; e < epochs; ++e) {
      const double error = 0.02 + 0.3 / (e + 1) + 0.0001 * (i % 100);
      SQLite::bind(epoch, i, e, 2 * error, 3 * error);
      epoch.exec();
      epoch.reset();
      for (const auto& [name, value] : {std::pair{"error_rate", error}, {"accuracy", 1 - error}}) {
        SQLite::bind(metric, i, e, name, value);
        metric.exec();
        metric.reset();
      }
    }
    if (i % 10 != 0) continue;
    SQLite::bind(tag, i, i % 100 == 0 ? "baseline" : "sweep");
    tag.exec();
    tag.reset();
  }
  transaction.commit();
}

void measure(const std::filesystem::path& folder) {
  std::printf("first opening, with all summaries made   %9.1f ms\n", milliseconds([&] { RunStore store(folder); }));
  std::printf("opening the store                        %9.2f ms\n", median([&] { RunStore store(folder); }));
  RunStore store(folder);
  std::vector<RunSummary> runs;
  std::printf("summaries()                              %9.2f ms\n", median([&] { runs = store.summaries(); }));
  std::printf("opening the store and summaries()        %9.2f ms\n", median([&] { RunStore(folder).summaries(); }));
  std::printf("changes(), where there are none          %9.3f ms\n", median([&] { store.changes(); }));
  std::printf("a star                                   %9.3f ms\n", median([&] { store.setStarred("1", true); }));
  for (const char* query : {"convnext", "run number 77", "arch:vit error<0.03", "-status:failed tag:baseline", "nothing like this", "starred -failed"}) {
    std::size_t found = 0;
    const double time = median([&] { found = RunQuery(query).filter(runs).size(); });
    std::printf("filter %-30s    %9.3f ms, %zu of %zu\n", query, time, found, runs.size());
  }
  const std::string run = store.create(RunSpec{}, Json::object());
  int number = 0;
  std::printf("recording an epoch                       %9.2f ms\n", median([&] {
                EpochEnded epoch;
                epoch.epoch = number++;
                epoch.metrics = {{"error_rate", 0.5}, {"accuracy", 0.5}};
                store.record(run, epoch);
              }));
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const int epochs = argc > 2 ? std::atoi(argv[2]) : 50;
  const bool own = argc <= 3;
  std::filesystem::path folder = own ? std::filesystem::temp_directory_path() / "panicle-runs-bench" : std::filesystem::path(argv[3]);
  if (own) std::filesystem::remove_all(folder);
  const double filling = milliseconds([&] { fill(folder, runs, epochs); });
  std::printf("%d runs of %d epochs, filled in %.1f s, %.0f MiB\n", runs, epochs, filling / 1000,
              static_cast<double>(std::filesystem::file_size(folder / "panicle.db")) / (1 << 20));
  measure(folder);
  if (own) std::filesystem::remove_all(folder);
  return 0;
}
