// Colours of the confusion matrix, made from the theme's alone.
#pragma once

#include <QColor>

#include "ui/shared/theme.h"

namespace panicle::ui {

// `share` of the way from one colour to the other, 0 to 1.
QColor mixed(const QColor& from, const QColor& to, double share);

// Right answers (the diagonal) go from the base to the accent, wrong ones from the base to the error colour. `strength` is
// 0 to 1; whatever is above 0 stays visible.
QColor matrixCellColor(bool right, double strength, const ThemeColors& colors);

// A colour for text on `background`, with a contrast of at least 4.5 on any background.
QColor inkOn(const QColor& background, const ThemeColors& colors);

}  // namespace panicle::ui
