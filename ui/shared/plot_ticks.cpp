#include "ui/shared/plot_ticks.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace panicle::ui {
namespace {

constexpr int kFewestLabels = 4;
constexpr double kDecadesOfSteps = 3;  // up to so many a logarithmic axis has ticks at 2 and 5
constexpr double kThousand = 1000;
constexpr double kSlack = 1e-9;  // of what rounding leaves

// What a step may be: one of these times a power of ten, and not less than `least`.
struct Steps {
  std::vector<double> parts;  // rising, from 1
  double least = 0;
};

const Steps& anySteps() {
  static const Steps steps{.parts = {1, 2, 2.5, 5}};
  return steps;
}

const Steps& wholeSteps() {
  static const Steps steps{.parts = {1, 2, 5}, .least = 1};
  return steps;
}

double powerOf(double value) { return std::pow(10, std::floor(std::log10(value) + kSlack)); }

// The least step that is not below `value`.
double stepFrom(double value, const Steps& steps) {
  if (value <= steps.least) return steps.least;
  const double power = powerOf(value);
  for (double part : steps.parts) {
    if (part * power >= value * (1 - kSlack)) return part * power;
  }
  return 10 * power;
}

// The next step below one.
double stepBelow(double step, const Steps& steps) {
  const double power = powerOf(step);
  for (auto part = steps.parts.rbegin(); part != steps.parts.rend(); ++part) {
    if (*part * power < step * (1 - kSlack)) return *part * power;
  }
  return steps.parts.back() * power / 10;
}

double labels(const QCPRange& range, double step) {
  return std::floor(range.upper / step + kSlack) - std::ceil(range.lower / step - kSlack) + 1;
}

double roundStep(const QCPRange& range, const TickRoom& room, const Steps& steps) {
  double step = stepFrom(range.size() / std::max(1, room.wanted), steps);
  while (labels(range, step) < kFewestLabels) {
    const double finer = stepBelow(step, steps);
    if (finer < steps.least || range.size() / finer > room.most) break;
    step = finer;
  }
  return step;
}

}  // namespace

double RoundTicker::getTickStep(const QCPRange& range) {
  return range.size() > 0 ? roundStep(range, room_, anySteps()) : QCPAxisTicker::getTickStep(range);
}

WholeTicker::WholeTicker(int offset) : offset_(offset) { setTickOrigin(-offset); }

double WholeTicker::getTickStep(const QCPRange& range) {
  const QCPRange told(range.lower + offset_, range.upper + offset_);
  step_ = range.size() > 0 ? roundStep(told, room(), wholeSteps()) : 1;
  return step_;
}

QString WholeTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
  const double told = std::round(tick) + offset_;
  if (told == 0 || step_ < kThousand) return QString::number(told, 'f', 0);
  return QString::number(told / kThousand, 'f', 0) + QLatin1Char('k');
}

void LogTicker::setRoom(const TickRoom& room) {
  room_ = room;
  setTickCount(room.wanted);
}

QVector<double> LogTicker::createTickVector(double step, const QCPRange& range) {
  const double decades = std::log10(range.upper / range.lower);
  if (!std::isfinite(decades) || decades > kDecadesOfSteps) return QCPAxisTickerLog::createTickVector(step, range);
  QVector<double> ticks;
  for (double power = powerOf(range.lower); power <= range.upper; power *= 10) {
    for (const double part : {1, 2, 5}) ticks.append(part * power);
  }
  const auto inside = std::count_if(ticks.begin(), ticks.end(), [&](double tick) { return range.contains(tick); });
  return inside >= kFewestLabels ? ticks : QCPAxisTicker::createTickVector(roundStep(range, room_, anySteps()), range);
}

void setTickRoom(QCPAxis& axis, const TickRoom& room) {
  if (auto* round = dynamic_cast<RoundTicker*>(axis.ticker().data())) round->setRoom(room);
  if (auto* log = dynamic_cast<LogTicker*>(axis.ticker().data())) log->setRoom(room);
}

}  // namespace panicle::ui
