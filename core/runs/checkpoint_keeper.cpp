#include "core/runs/checkpoint_keeper.h"

#include <memory>
#include <utility>

namespace panicle {
namespace {

constexpr double kSecondsPerMinute = 60;

std::uint64_t newestNumber(const std::filesystem::path& folder) {
  const auto all = listCheckpoints(folder);
  return all.empty() ? 0 : numberOf(all.front());
}

}  // namespace

CheckpointKeeper::CheckpointKeeper(std::filesystem::path folder, const CheckpointOptions& options, BackgroundWriter& writer, Written written)
    : folder_(std::move(folder)), options_(options), writer_(writer), written_(std::move(written)), number_(newestNumber(folder_)) {}

bool CheckpointKeeper::due(Boundary boundary) {
  if (boundary == Boundary::Stop || boundary == Boundary::Free) return true;
  owed_ |= boundary == Boundary::Epoch;
  const double since = std::chrono::duration<double>(Clock::now() - taken_).count();
  if (onItsWay_ || since < cost_ / options_.max_share) return false;
  return owed_ || since >= options_.every_minutes * kSecondsPerMinute;
}

void CheckpointKeeper::take(const TrainerState& state, const CheckpointNote& note) {
  const auto begin = Clock::now();
  const auto staged = std::make_shared<StagedCheckpoint>(folder_, number_ + 1, state, note, memoryForNext(memory_));
  ++number_;
  taken_ = Clock::now();
  cost_ = std::chrono::duration<double>(taken_ - begin).count();
  owed_ = false;
  onItsWay_ = true;
  writer_.submit(
      "checkpoint", [staged, keep = options_.keep_last] { staged->commit(keep); },
      [this, place = staged->place()](const std::exception_ptr& failure) {
        onItsWay_ = false;
        if (failure) owed_ = true;
        written_(place, failure);
      });
}

}  // namespace panicle
