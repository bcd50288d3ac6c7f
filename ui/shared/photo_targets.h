// Further targets of a photo, in words.
#pragma once

#include <cstddef>

#include "core/data/dataset.h"
#include "ui/shared/photo.h"

namespace panicle::ui {

// Of item `item` of the data set.
QVector<PhotoTarget> furtherTargets(const Dataset& dataset, std::size_t item);

// What is known, without names, for where there is little room: "ADT45 · 45", and with what a run said of it
// "ADT45 → IR20 · 45 → 51.2". "" when nothing is.
QString targetsLine(const QVector<PhotoTarget>& targets);

// With names, for tooltips and screen readers: "variety ADT45, age 45", "variety ADT45 (predicted IR20)".
QString targetsText(const QVector<PhotoTarget>& targets);

}  // namespace panicle::ui
