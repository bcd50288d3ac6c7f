#include <c10/core/Allocator.h>
#include <c10/util/Exception.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <torch/version.h>

#include <atomic>

#include "core/memory/meter.h"
#include "core/memory/storageless.h"
#include "core/memory/tensor_limit.h"

namespace panicle {
namespace {

std::uint64_t positive(std::int64_t bytes) { return bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0; }

class Count {
 public:
  void add(std::int64_t bytes) {
    const std::int64_t now = live_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    std::int64_t highest = peak_.load(std::memory_order_relaxed);
    while (now > highest && !peak_.compare_exchange_weak(highest, now, std::memory_order_relaxed)) {
    }
  }
  std::uint64_t live() const { return positive(live_.load(std::memory_order_relaxed)); }
  std::uint64_t peak() const { return positive(peak_.load(std::memory_order_relaxed)); }
  void resetPeak() { peak_.store(live_.load(std::memory_order_relaxed), std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> live_{0}, peak_{0};
};

Count all;  // over the process

// Torch 2.1 changed the totals' type from int64_t to size_t.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1)
using Total = std::size_t;
#else
using Total = std::int64_t;
#endif

// Bytes allocated (positive) and freed (negative) on the CPU, as c10 reports them to profilers.
class Reporter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t bytes, Total, Total, c10::Device device) override {
    if (!device.is_cpu()) return;
    all.add(bytes);
    own.add(bytes);
  }
  bool memoryProfilingEnabled() const override { return true; }

  Count own;
};

struct Limit {
  const Count* count = nullptr;
  std::uint64_t bytes = 0;  // 0: none
};

thread_local Limit limitHere;

std::string mib(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

std::uint64_t liveTensorBytes() { return all.live(); }

std::uint64_t peakTensorBytes() { return all.peak(); }

void resetPeakTensorBytes() { all.resetPeak(); }

void refuseAboveLimit(std::size_t bytes) {
  if (limitHere.bytes == 0) return;
  const std::uint64_t live = limitHere.count->live();
  if (live + bytes <= limitHere.bytes) return;
  C10_THROW_ERROR(OutOfMemoryError, "out of memory: a tensor of " + mib(bytes) + " beside the " + mib(live) +
                                        " that are held does not fit into " + mib(limitHere.bytes));
}

struct TensorTracking::Impl {
  explicit Impl(std::uint64_t limit) : reporter(std::make_shared<Reporter>()), guard(c10::DebugInfoKind::PROFILER_STATE, reporter) {
    if (limit > 0) installCpuAllocator();
    limitHere = {&reporter->own, limit};
  }
  ~Impl() { limitHere = before; }

  std::shared_ptr<Reporter> reporter;
  c10::DebugInfoGuard guard;
  const Limit before = limitHere;
};

TensorTracking::TensorTracking(std::uint64_t limit) : impl_(std::make_unique<Impl>(limit)) {}

TensorTracking::~TensorTracking() = default;

std::uint64_t TensorTracking::live() const { return impl_->reporter->own.live(); }

std::uint64_t TensorTracking::peak() const { return impl_->reporter->own.peak(); }

void TensorTracking::resetPeak() const { impl_->reporter->own.resetPeak(); }

}  // namespace panicle
