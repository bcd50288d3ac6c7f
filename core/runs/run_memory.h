// What a run took of memory beside what was predicted for it, as the store keeps it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/memory/planner.h"
#include "core/train/events.h"

namespace panicle {

struct StageMemory {
  int stage = kOutsideStages;  // index into RunSpec::stages
  bool whole = false;          // as MemoryMeasured's
  MemoryPeak measured;         // zeros until the stage has ended
  bool frozen = false;         // of the phase that `predicted` is of, the one that takes most
  std::optional<MemoryParts> predicted;  // overhead included; none outside the stages
};

struct RunMemory {
  // The device that was predicted for; "" where nothing was, as of runs before schema 4.
  std::string profile;
  bool cuda = false;
  std::uint64_t total = 0;          // bytes of that device
  std::vector<StageMemory> stages;  // by stage, what lies outside first

  // The highest over all stretches.
  MemoryPeak measured() const;
  // Of the stage that takes most, or nullptr.
  const StageMemory* worst() const;
  // What a prediction and a measurement have in common: bytes of tensors, on a card with what the allocator
  // keeps beside them (MemoryParts::held()).
  std::uint64_t measuredHeld() const;
  std::optional<std::uint64_t> predictedHeld() const;
};

// A run with its memory alone: what the planner's error and a profile's overhead are learned from.
struct MeasuredRun {
  std::string run;
  RunMemory memory;
  bool split = false;  // its batches did not fit, and went on in pieces that were not planned
};

// A sample of a run's memory. At most some 500 are kept of a run: of a long one each stands for several, as
// the highest of every member among them, at the time of the first.
struct MemoryRow {
  double seconds = 0;  // since the run began
  std::uint64_t step = 0;
  MemoryPeak bytes;
};

// A run's samples while they come in, thinned by halves.
class ThinnedMemory {
 public:
  static constexpr std::size_t kMost = 512;
  void add(const MemoryRow& row);
  // In order of time; the last may still grow.
  const std::vector<MemoryRow>& rows() const { return rows_; }
  // Index of the first row that is new or another since keep() was called.
  std::size_t firstChanged() const { return firstChanged_; }
  void keep() { firstChanged_ = rows_.size(); }

 private:
  std::vector<MemoryRow> rows_;
  std::size_t firstChanged_ = 0;
  std::size_t every_ = 1;  // samples in a row
  std::size_t inLast_ = 0;
};

}  // namespace panicle
