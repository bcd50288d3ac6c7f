// The memory of a run over its steps: what its tensors hold, and for each stage their highest beside the peak that was planned.
#pragma once

#include <QtGlobal>
#include <vector>

#include "core/memory/meter.h"
#include "core/runs/memory_plan.h"
#include "core/runs/run_memory.h"
#include "ui/train/run_series.h"

namespace panicle::ui {

class PlotCanvas;

// Bytes that a reading, a sample, a peak and a plan have in common: tensors, on a card with what its allocator keeps beside them.
quint64 heldBytes(const MemoryReading& reading);
quint64 heldBytes(const MemoryPeak& peak);
quint64 plannedBytes(const RunPlan& plan);

// What is drawn beside the measured memory.
struct MemoryExpectation {
  std::vector<quint64> stages;  // planned peak of each; empty where nothing was planned
  quint64 total = 0;            // of the device; 0: not known
  quint64 overhead = 0;         // of the process beside what is held
};
MemoryExpectation expectationOf(const RunPlan& plan, quint64 total);
MemoryExpectation expectationOf(const RunMemory& memory);

class MemoryCurve {
 public:
  explicit MemoryCurve(PlotCanvas& canvas);

  void clear();                                         // the curve; what is expected stays
  void expect(MemoryExpectation expected);
  void add(double step, quint64 held, quint64 highest);  // `highest` since the sample before; it may be 0
  // The one in progress, with its measured peak and last step; the next begins with a sample of a later step.
  void endStage(quint64 peak, double step);
  void setPeak(quint64 bytes);                          // of a run that is over
  bool empty() const { return stages_.empty(); }
  void restyle();                                       // in another theme's colours

 private:
  struct Stage {
    double first = 0, last = 0;
    quint64 peak = 0;
  };

  void addCurves();
  void drawLevels();
  void drawTitle();

  PlotCanvas& canvas_;
  int held_ = 0, highest_ = 0, planned_ = 0, tight_ = 0, full_ = 0;
  std::vector<Stage> stages_;
  Points points_;
  bool between_ = true;  // no stage is in progress
  quint64 peak_ = 0;
  MemoryExpectation expected_;
};

}  // namespace panicle::ui
