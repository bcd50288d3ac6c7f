// The memory of a run over its steps: what its tensors hold, their highest so far, and the peak that was planned.
#pragma once

#include <QtGlobal>
#include <optional>

#include "core/memory/meter.h"
#include "core/runs/memory_plan.h"

namespace panicle::ui {

class PlotCanvas;

// Bytes that a reading and a plan have in common: tensors, on a card with what its allocator keeps beside them.
quint64 heldBytes(const MemoryReading& reading);
quint64 plannedBytes(const RunPlan& plan);

class MemoryCurve {
 public:
  explicit MemoryCurve(PlotCanvas& canvas);

  void clear();                                    // the curve; the plan stays
  void add(double step, const MemoryReading& reading);
  void setPlanned(std::optional<quint64> bytes);   // plannedBytes()
  void setPeak(quint64 bytes);                     // of a run that is over

 private:
  void addCurves();
  void drawLevels();
  void drawTitle();

  PlotCanvas& canvas_;
  int held_ = 0, highest_ = 0, planned_ = 0;
  double first_ = 0, last_ = 0;
  bool any_ = false;
  quint64 peak_ = 0;
  std::optional<quint64> plan_;
};

}  // namespace panicle::ui
