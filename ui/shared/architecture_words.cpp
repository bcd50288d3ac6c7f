#include "ui/shared/architecture_words.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>
#include <cmath>

namespace panicle::ui {
namespace {

constexpr int kMostSide = 1024;
constexpr int kMostStep = 64;  // of which multiples are told as such; of longer ones the first are named
constexpr std::size_t kNamed = 2;

QString tr(const char* text) {
  return QCoreApplication::translate("panicle::ui::ArchitectureWords", text);
}

QString threeFigures(double value) {
  if (value >= 99.95) return QString::number(value, 'f', 0);
  return QString::number(value, 'f', value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3);
}

}  // namespace

std::vector<int> takenSides(const Architecture& architecture, int most) {
  std::vector<int> sides;
  for (int side = 1; side <= most; ++side) {
    if (architecture.takes_side(side)) sides.push_back(side);
  }
  return sides;
}

QString sidesWords(const Architecture& architecture) {
  const std::vector<int> sides = takenSides(architecture, kMostSide);
  if (sides.empty()) return tr("none");
  const int first = sides.front();
  if (sides.size() == static_cast<std::size_t>(kMostSide - first + 1)) return tr("from %1 on").arg(first);
  const int step = sides.size() > 1 ? sides[1] - sides[0] : 0;
  bool even = step > 0 && step <= kMostStep && first % step == 0;
  for (std::size_t i = 1; i < sides.size(); ++i) even = even && sides[i] - sides[i - 1] == step;
  if (even)
    return first == step ? tr("steps of %1").arg(step) : tr("steps of %1 from %2 on").arg(step).arg(first);
  QStringList named;
  for (std::size_t i = 0; i < std::min(kNamed, sides.size()); ++i) named << QString::number(sides[i]);
  const QString list = named.join(QStringLiteral(", "));
  return sides.size() > kNamed ? list + QStringLiteral(" …") : list;
}

Size networkSize(const StageOptions& stage) {
  return stage.augment ? augmentedSize(*stage.augment, stage.resize.size) : stage.resize.size;
}

void setNetworkSize(StageOptions& stage, Size size) {
  if (stage.augment && stage.augment->size) {
    stage.augment->size = size;
  } else {
    stage.resize.size = size;
  }
}

const Architecture* recipeArchitecture(const ModelOptions& model) {
  return findArchitecture(model.arch).architecture;
}

QString pixelWords(Size size) {
  return QStringLiteral("%1×%2").arg(size.height).arg(size.width);
}

QString millions(std::int64_t count) {
  return threeFigures(static_cast<double>(count) / 1e6);
}

QString billions(std::int64_t count) {
  return threeFigures(static_cast<double>(count) / 1e9);
}

}  // namespace panicle::ui
