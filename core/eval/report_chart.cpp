#include "core/eval/report_chart.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace panicle {
namespace {

constexpr double kWidth = 520, kHeight = 260;
constexpr double kLeft = 56, kRight = 12, kTop = 14, kBottom = 40;
constexpr std::size_t kColors = 6;  // classes c0 to c5 of the page's style

// From values to places.
struct Frame {
  double xLow = 0, xHigh = 1, yLow = 0, yHigh = 1;

  double x(double value) const { return kLeft + (value - xLow) / (xHigh - xLow) * (kWidth - kLeft - kRight); }
  double y(double value) const { return kHeight - kBottom - (value - yLow) / (yHigh - yLow) * (kHeight - kTop - kBottom); }
};

// 1, 2 or 5 times a power of ten.
double niceStep(double range, int steps) {
  const double raw = range / steps;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

std::string grid(const Frame& frame, const std::string& xLabel, const std::string& yLabel, double xStep) {
  std::string svg;
  const double yStep = niceStep(frame.yHigh - frame.yLow, 5);
  for (double value = std::ceil(frame.yLow / yStep) * yStep; value <= frame.yHigh + yStep / 1000; value += yStep) {
    const double y = frame.y(value);
    svg += fmt::format("<line class='grid' x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}'/><text x='{:.1f}' y='{:.1f}' text-anchor='end'>{:.4g}</text>", kLeft, y,
                       kWidth - kRight, y, kLeft - 6, y + 4, std::abs(value) < yStep / 1000 ? 0.0 : value);
  }
  for (double value = std::ceil(frame.xLow / xStep) * xStep; value <= frame.xHigh + xStep / 1000; value += xStep) {
    svg += fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='middle'>{:.4g}</text>", frame.x(value), kHeight - kBottom + 16, value);
  }
  svg += fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='middle'>{}</text>", (kLeft + kWidth - kRight) / 2, kHeight - 6, htmlText(xLabel));
  if (!yLabel.empty()) {
    svg += fmt::format("<text transform='translate(12 {:.1f}) rotate(-90)' text-anchor='middle'>{}</text>", (kTop + kHeight - kBottom) / 2, htmlText(yLabel));
  }
  return svg;
}

std::string framed(const std::string& title, const std::string& content) {
  return fmt::format("<svg viewBox='0 0 {:.0f} {:.0f}' role='img' aria-label='{}'>{}</svg>", kWidth, kHeight, htmlText(title), content);
}

std::string curveLines(const Frame& frame, const ReportCurve& curve, std::size_t color) {
  std::string svg, points;
  const auto end = [&] {
    if (!points.empty()) svg += fmt::format("<polyline class='curve c{}' points='{}'/>", color, points);
    points.clear();
  };
  for (std::size_t i = 0; i < curve.values.size(); ++i) {
    if (!std::isfinite(curve.values[i])) {
      end();
      continue;
    }
    const double x = frame.x(static_cast<double>(i + 1)), y = frame.y(curve.values[i]);
    points += fmt::format("{:.1f},{:.1f} ", x, y);
    svg += fmt::format("<circle class='dot c{}' cx='{:.1f}' cy='{:.1f}' r='2.5'><title>{} {}: {:.6g}</title></circle>", color, x, y, htmlText(curve.name), i + 1,
                       curve.values[i]);
  }
  end();
  return svg;
}

}  // namespace

std::string htmlText(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += c;
    }
  }
  return result;
}

std::string chartSvg(const ReportChart& chart) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::size_t longest = 0;
  for (const ReportCurve& curve : chart.curves) {
    longest = std::max(longest, curve.values.size());
    for (const double value : curve.values) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (!(low <= high)) return "";
  if (low >= 0 && low < 0.5 * high) low = 0;
  if (high - low < 1e-12) high = low + std::max(1e-3, std::abs(low) * 0.1);
  const Frame frame{1, std::max(2.0, static_cast<double>(longest)), low, high + 0.04 * (high - low)};
  std::string svg = grid(frame, chart.x_label, chart.y_label, std::max(1.0, niceStep(frame.xHigh - frame.xLow, 8)));
  for (std::size_t i = 0; i < chart.curves.size(); ++i) {
    svg += curveLines(frame, chart.curves[i], i % kColors);
    svg += fmt::format("<text class='key c{}' x='{:.1f}' y='{:.1f}' text-anchor='end'>{}</text>", i % kColors, kWidth - kRight - 4, kTop + 14 + 15 * static_cast<double>(i),
                       htmlText(chart.curves[i].name));
  }
  return framed(chart.title, svg);
}

std::string reliabilitySvg(const Calibration& calibration) {
  const Frame frame;
  std::string svg = grid(frame, "confidence", "share that is right", 0.2);
  for (const ReliabilityBin& bin : calibration.bins) {
    if (bin.images == 0) continue;
    const double x = frame.x(bin.low), y = frame.y(bin.accuracy), middle = frame.x((bin.low + bin.high) / 2);
    svg += fmt::format("<rect class='bar' x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}'><title>{} photos of confidence {:.3f} to {:.3f}: {:.1f} % right</title></rect>",
                       x + 1, y, frame.x(bin.high) - x - 2, frame.y(0) - y, bin.images, bin.low, bin.high, 100 * bin.accuracy);
    svg += fmt::format("<line class='reach' x1='{0:.1f}' y1='{1:.1f}' x2='{0:.1f}' y2='{2:.1f}'/>", middle, frame.y(bin.accuracy_range.low), frame.y(bin.accuracy_range.high));
  }
  svg += fmt::format("<line class='diagonal' x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}'/>", frame.x(0), frame.y(0), frame.x(1), frame.y(1));
  return framed("Reliability", svg);
}

}  // namespace panicle
