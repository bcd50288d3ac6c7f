#include "ui/rate/sweep.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::Sweep", text); }

constexpr double kLeastRise = 1.5;  // the plot reaches at least so far above the lowest loss

std::size_t index(RateKind kind) { return static_cast<std::size_t>(kind); }

}  // namespace

QString rateName(RateKind kind) {
  switch (kind) {
    case RateKind::Valley: return tr("valley");
    case RateKind::Slide: return tr("slide");
    case RateKind::Minimum: return tr("minimum");
    case RateKind::Steep: return tr("steep");
    case RateKind::Hand: return tr("by hand");
  }
  return {};
}

QString rateRule(RateKind kind) {
  switch (kind) {
    case RateKind::Valley: return tr("in the longest fall");
    case RateKind::Slide: return tr("before the loss turns");
    case RateKind::Minimum: return tr("a tenth of the least loss's");
    case RateKind::Steep: return tr("where it falls fastest");
    case RateKind::Hand: return {};
  }
  return {};
}

QString rateHelp(RateKind kind) {
  switch (kind) {
    case RateKind::Valley:
      return tr("Two thirds down the longest stretch in which the loss falls. fastai's own default, and a good first choice.");
    case RateKind::Slide:
      return tr("The last rate before the blow-up at which the loss is still about level: bolder than the valley.");
    case RateKind::Minimum:
      return tr("The rate of the lowest loss divided by ten: at the lowest point itself training is about to diverge.");
    case RateKind::Steep:
      return tr("Where the loss falls fastest. A noisy curve misleads it easily.");
    case RateKind::Hand:
      return tr("A rate of your own: type it, or drag its line in the plot. Until then the line stands at the recipe's rate.");
  }
  return {};
}

QColor Sweep::color() const { return classColor(number - 1); }

std::optional<double> Sweep::suggested(RateKind kind) const {
  switch (kind) {
    case RateKind::Valley: return suggestions.valley;
    case RateKind::Slide: return suggestions.slide;
    case RateKind::Minimum: return suggestions.minimum;
    case RateKind::Steep: return suggestions.steep;
    case RateKind::Hand: return {};
  }
  return {};
}

std::optional<double> Sweep::rate(RateKind kind) const {
  return isMoved(kind) ? moved[index(kind)] : suggested(kind);
}

bool Sweep::isMoved(RateKind kind) const { return kind != RateKind::Hand && moved[index(kind)].has_value(); }

void Sweep::move(RateKind kind, double rate) { moved[index(kind)] = rate; }

void Sweep::putBack(RateKind kind) { moved[index(kind)].reset(); }

std::pair<double, double> lossRange(const std::vector<LrPoint>& points) {
  const auto finite = [](const LrPoint& point) { return std::isfinite(point.smooth_loss); };
  auto best = points.end();
  for (auto it = points.begin(); it != points.end(); ++it) {
    if (finite(*it) && (best == points.end() || it->smooth_loss < best->smooth_loss)) best = it;
  }
  if (best == points.end()) return {0, 0};
  double high = kLeastRise * best->smooth_loss;
  for (auto it = points.begin(); it != best; ++it) {
    if (finite(*it)) high = std::max(high, it->smooth_loss);
  }
  double low = best->smooth_loss;
  for (const LrPoint& point : points) {
    if (std::isfinite(point.loss)) low = std::min(low, point.loss);  // the smoothed losses lag behind where they fall
  }
  return {low, high};
}

}  // namespace panicle::ui
