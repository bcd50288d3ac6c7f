#include "core/runs/run_memory.h"

#include <algorithm>

namespace panicle {
namespace {

void raise(MemoryPeak& peak, const MemoryPeak& other) {
  peak.tensors = std::max(peak.tensors, other.tensors);
  peak.reserved = std::max(peak.reserved, other.reserved);
  peak.process = std::max(peak.process, other.process);
  peak.others = std::max(peak.others, other.others);
}

}  // namespace

MemoryPeak RunMemory::measured() const {
  MemoryPeak peak;
  for (const StageMemory& stage : stages) raise(peak, stage.measured);
  return peak;
}

const StageMemory* RunMemory::worst() const {
  const StageMemory* worst = nullptr;
  for (const StageMemory& stage : stages) {
    if (stage.predicted && (!worst || stage.predicted->total() > worst->predicted->total())) worst = &stage;
  }
  return worst;
}

std::uint64_t RunMemory::measuredHeld() const {
  const MemoryPeak peak = measured();
  return cuda ? peak.reserved : peak.tensors;
}

std::optional<std::uint64_t> RunMemory::predictedHeld() const {
  const StageMemory* stage = worst();
  if (!stage) return {};
  return stage->predicted->held();
}

void ThinnedMemory::add(const MemoryRow& row) {
  if (inLast_ > 0 && inLast_ < every_) {
    raise(rows_.back().bytes, row.bytes);
    ++inLast_;
    firstChanged_ = std::min(firstChanged_, rows_.size() - 1);
    return;
  }
  if (rows_.size() == kMost) {
    for (std::size_t i = 0; i < kMost / 2; ++i) {
      rows_[i] = rows_[2 * i];
      raise(rows_[i].bytes, rows_[2 * i + 1].bytes);
    }
    rows_.resize(kMost / 2);
    every_ *= 2;
    firstChanged_ = 0;
  }
  firstChanged_ = std::min(firstChanged_, rows_.size());
  rows_.push_back(row);
  inLast_ = 1;
}

}  // namespace panicle
