// A memory reading as the meter shows it: disjoint parts that add up to the whole. No widgets.
#pragma once

#include <QColor>
#include <QString>
#include <optional>
#include <vector>

#include "core/memory/meter.h"

namespace panicle::ui {

struct MemoryPart {
  enum class Kind { Tensors, Cached, Process, Others, Free };
  Kind kind;
  QString name;       // "tensors"
  QString meaning;    // one sentence
  quint64 bytes = 0;
};

// On CUDA: tensors, cached, context, others, free; on the CPU: tensors, rest of the process, others, free.
std::vector<MemoryPart> memoryParts(const MemoryReading& reading);

QColor partColor(MemoryPart::Kind kind, bool dark);

// Of the whole, by all programs together: 0..1; 0 while it is not known.
double takenShare(const MemoryReading& reading);

// The colour of words about it: amber from where it is tight, red from where it is full (core/memory/device_profile.h).
QColor takenColor(double share);

// "1.4 of 15.6 GiB", the process's share of the whole.
QString memoryHeadline(const MemoryReading& reading);

// All parts with what they are, and the peaks: rich text. `expected`: the planned peak that the meter marks.
QString memoryTooltip(const MemoryReading& reading, std::optional<quint64> expected = {});

}  // namespace panicle::ui
