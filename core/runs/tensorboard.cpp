#include "core/runs/tensorboard.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <map>
#include <system_error>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/runs/event_file.h"

namespace panicle {
namespace {

constexpr std::string_view kPrefix = "events.out.tfevents.";
// How long a viewer may wait for what was trained.
constexpr std::chrono::seconds kDelay{1};

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Of ISO 8601 as the store has it, UTC.
double secondsOf(const std::string& created) {
  std::tm parts{};
  return ::strptime(created.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) ? static_cast<double>(::timegm(&parts)) : 0;
}

// Viewers read the files of a folder in the order of their names.
std::string fileName(double time) {
  return fmt::format("{}{:010d}.panicle", kPrefix, static_cast<std::int64_t>(time));
}

std::string stepRecord(double time, std::uint64_t step, double loss, double smoothLoss, double lr, double momentum) {
  const std::array<Scalar, 4> scalars{{{"batch/loss", loss}, {"batch/smooth_loss", smoothLoss}, {"batch/lr", lr}, {"batch/momentum", momentum}}};
  return scalarsRecord(time, static_cast<std::int64_t>(step), scalars);
}

std::string epochRecord(double time, int epoch, double trainLoss, double validLoss, double seconds, const std::map<std::string, double>& metrics) {
  std::vector<Scalar> scalars{{"epoch/train_loss", trainLoss}, {"epoch/valid_loss", validLoss}, {"epoch/seconds", seconds}};
  for (const auto& [name, value] : metrics) scalars.push_back({"epoch/" + name, value});
  return scalarsRecord(time, epoch + 1, scalars);
}

std::string historyOf(const RunRecord& record, const std::vector<StepRow>& steps) {
  const double begin = secondsOf(record.created);
  std::string records = versionRecord(begin) + startRecord(begin, 0);
  const double each = steps.empty() ? 0 : record.seconds / static_cast<double>(steps.size());
  double seconds = 0;
  for (const StepRow& row : steps) {
    seconds += each;
    records += stepRecord(begin + seconds, row.step, row.loss, row.smooth_loss, row.lr, row.momentum);
  }
  seconds = 0;
  for (const EpochRow& row : record.epochs) {
    seconds += row.seconds;
    records += epochRecord(begin + seconds, row.epoch, row.train_loss, row.valid_loss, row.seconds, row.metrics);
  }
  return records;
}

void makeFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw fileError(folder, "cannot be made: " + error.message());
}

}  // namespace

std::filesystem::path exportTensorBoard(const RunStore& store, const std::string& run, const std::filesystem::path& folder) {
  const RunRecord record = store.get(run);
  makeFolder(folder);
  std::filesystem::path file = folder / fileName(secondsOf(record.created));
  writeAtomically(file, historyOf(record, store.steps(run)));
  return file;
}

void TensorBoardLog::take(const TrainEvent& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) return begin(started->run);
  if (!out_.is_open()) return;
  if (const auto* batch = std::get_if<BatchEnded>(&event)) {
    write(stepRecord(now(), batch->step, batch->loss, batch->smooth_loss, batch->lr, batch->momentum),
          std::chrono::steady_clock::now() - flushed_ >= kDelay);
  } else if (const auto* epoch = std::get_if<EpochEnded>(&event)) {
    write(epochRecord(now(), epoch->epoch, epoch->train_loss, epoch->valid_loss, epoch->seconds, epoch->metrics), true);
  } else if (std::holds_alternative<RunEnded>(event)) {
    write("", true);
    out_.close();
  }
}

void TensorBoardLog::begin(const std::string& run) {
  const std::filesystem::path folder = store_.folder(run) / "tensorboard";
  out_.close();
  out_.clear();
  try {
    const std::string history = historyOf(store_.get(run), store_.steps(run));
    makeFolder(folder);
    std::vector<std::filesystem::path> old;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().filename().string().starts_with(kPrefix)) old.push_back(entry.path());
    }
    for (const auto& file : old) std::filesystem::remove(file);
    file_ = folder / fileName(now());
    out_.open(file_, std::ios::binary);
    write(history, true);
  } catch (const std::exception& error) {
    out_.close();
    warn_(std::string("the run's event files for TensorBoard are not written: ") + error.what());
  }
}

void TensorBoardLog::write(const std::string& records, bool flush) {
  out_ << records;
  if (flush) {
    out_.flush();
    flushed_ = std::chrono::steady_clock::now();
  }
  if (out_) return;
  out_.close();
  warn_(file_.string() + " cannot be written: nothing more goes there for TensorBoard; 'panicle-cli runs tensorboard' writes it from the store later");
}

}  // namespace panicle
