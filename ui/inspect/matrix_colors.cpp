#include "ui/inspect/matrix_colors.h"

#include <algorithm>
#include <cmath>

namespace panicle::ui {
namespace {

constexpr double kReadableContrast = 4.5;
// A single error among thousands must not vanish in the base colour.
constexpr double kFaintest = 0.14;

}  // namespace

QColor mixed(const QColor& from, const QColor& to, double share) {
  const auto channel = [share](int a, int b) { return static_cast<int>(std::lround(a + (b - a) * share)); };
  return {channel(from.red(), to.red()), channel(from.green(), to.green()), channel(from.blue(), to.blue())};
}

QColor matrixCellColor(bool right, double strength, const ThemeColors& colors) {
  if (strength <= 0) return colors.base;
  const double share = kFaintest + (1 - kFaintest) * std::min(strength, 1.0);
  return mixed(colors.base, right ? colors.accent : colors.error, share);
}

QColor inkOn(const QColor& background, const ThemeColors& colors) {
  const QColor& ink =
      contrastRatio(background, colors.text) >= contrastRatio(background, colors.base) ? colors.text : colors.base;
  if (contrastRatio(background, ink) >= kReadableContrast) return ink;
  // One of the two extremes always reaches 4.5.
  const QColor dark(Qt::black);
  const QColor light(Qt::white);
  return contrastRatio(background, dark) >= contrastRatio(background, light) ? dark : light;
}

}  // namespace panicle::ui
