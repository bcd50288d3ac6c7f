#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <torch/version.h>

#include <atomic>

#include "core/memory/meter.h"

namespace panicle {
namespace {

std::atomic<std::int64_t> live{0};
std::atomic<std::int64_t> peak{0};

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
    const std::int64_t now = live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    std::int64_t highest = peak.load(std::memory_order_relaxed);
    while (now > highest && !peak.compare_exchange_weak(highest, now, std::memory_order_relaxed)) {
    }
  }
  bool memoryProfilingEnabled() const override { return true; }
};

std::uint64_t positive(std::int64_t bytes) { return bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0; }

}  // namespace

std::uint64_t liveTensorBytes() { return positive(live.load(std::memory_order_relaxed)); }

std::uint64_t peakTensorBytes() { return positive(peak.load(std::memory_order_relaxed)); }

void resetPeakTensorBytes() { peak.store(live.load(std::memory_order_relaxed), std::memory_order_relaxed); }

struct TensorTracking::Impl {
  c10::DebugInfoGuard guard{c10::DebugInfoKind::PROFILER_STATE, std::make_shared<Reporter>()};
};

TensorTracking::TensorTracking() : impl_(std::make_unique<Impl>()) {}

TensorTracking::~TensorTracking() = default;

}  // namespace panicle
