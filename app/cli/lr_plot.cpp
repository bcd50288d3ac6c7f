#include "app/cli/lr_plot.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/base/error.h"

namespace panicle::cli {
namespace {

// Drawn twice as large and then halved, which smooths lines and letters better than OpenCV does.
constexpr int kOver = 2;
constexpr int kWidth = 1200;
constexpr int kHeight = 720;
constexpr int kLeft = 90;
constexpr int kRight = 40;
constexpr int kTop = 90;
constexpr int kBottom = 75;
constexpr std::size_t kRunaway = 5;  // points at the end that the scale does not follow

const cv::Scalar kInk{50, 50, 50};
const cv::Scalar kFrame{150, 150, 150};
const cv::Scalar kGrid{228, 228, 228};
const cv::Scalar kCurve{31, 119, 180};

struct Marker {
  const char* name;
  std::optional<double> rate;
  cv::Scalar colour;
};

struct Range {
  double low = 0;
  double high = 1;

  double share(double value) const { return (value - low) / (high - low); }
};

// The distance between ticks: 1, 2 or 5 times a power of ten, for about six of them.
double tickStep(const Range& range) {
  const double rough = (range.high - range.low) / 6;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power) return factor * power;
  }
  return 10 * power;
}

Range lossRange(const std::vector<LrPoint>& points) {
  const std::size_t shown = points.size() > 2 * kRunaway ? points.size() - kRunaway : points.size();
  const auto [low, high] =
      std::minmax_element(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(shown),
                          [](const LrPoint& a, const LrPoint& b) { return a.smooth_loss < b.smooth_loss; });
  const double span =
      std::max(high->smooth_loss - low->smooth_loss, 1e-6 * std::abs(low->smooth_loss) + 1e-9);
  return {low->smooth_loss - 0.06 * span, high->smooth_loss + 0.06 * span};
}

class Plot {
 public:
  Plot(const std::vector<LrPoint>& points)
      : points_(points),
        canvas_(kHeight * kOver, kWidth * kOver, CV_8UC3, cv::Scalar::all(255)),
        inside_(canvas_, cv::Rect(kLeft * kOver, kTop * kOver, (kWidth - kLeft - kRight) * kOver,
                                  (kHeight - kTop - kBottom) * kOver)),
        rates_{std::log10(points.front().lr), std::log10(points.back().lr)},
        losses_(lossRange(points)) {}

  void words(const std::string& title, const std::string& below) {
    text(title, {kLeft, 34}, 0.72, kInk, 0, 2);
    text(below, {kLeft, 64}, 0.52, kInk, 0);
  }

  void axes() {
    rateAxis();
    lossAxis();
    cv::rectangle(inside_, {0, 0}, {inside_.cols - 1, inside_.rows - 1}, kFrame, kOver);
    text("learning rate", {kLeft + (kWidth - kLeft - kRight) / 2, kHeight - 18}, 0.6, kInk, 0.5);
    text("loss", {kLeft, kTop - 8}, 0.5, kInk, 1.25);
  }

  void curve() {
    std::vector<cv::Point> line;
    for (const LrPoint& point : points_) line.push_back(place(point.lr, point.smooth_loss));
    cv::polylines(inside_, line, false, kCurve, 2 * kOver, cv::LINE_AA);
  }

  void line(const Marker& marker) {
    const cv::Point point = place(*marker.rate, lossAt(*marker.rate));
    constexpr int kDash = 7 * kOver;
    for (int y = 0; y < inside_.rows; y += 2 * kDash)
      cv::line(inside_, {point.x, y}, {point.x, std::min(y + kDash, inside_.rows)}, marker.colour, kOver);
    cv::circle(inside_, point, 5 * kOver, marker.colour, cv::FILLED, cv::LINE_AA);
    cv::circle(inside_, point, 5 * kOver, cv::Scalar::all(255), kOver, cv::LINE_AA);
  }

  // Labels stand one below the other, so that those of rates that are close do not cover each other.
  void label(const Marker& marker, int row) {
    constexpr double kScale = 0.52;
    const double across = rates_.share(std::log10(*marker.rate));
    const bool left = across > 0.8;  // no room for it on the right
    const cv::Point at{kLeft + static_cast<int>(across * inside_.cols) / kOver + (left ? -8 : 8),
                       kTop + 22 + 24 * row};
    const std::string words = fmt::format("{} {:.2g}", marker.name, *marker.rate);
    const cv::Size size = sizeOf(words, kScale, 2);
    const cv::Point corner{at.x * kOver - (left ? size.width : 0) - 3 * kOver,
                           at.y * kOver - size.height - 4 * kOver};
    cv::rectangle(canvas_, cv::Rect(corner, cv::Size(size.width + 6 * kOver, size.height + 9 * kOver)),
                  cv::Scalar::all(255), cv::FILLED);
    text(words, at, kScale, marker.colour, left ? 1 : 0);
  }

  Image image() const {
    Image image{kWidth, kHeight, std::vector<std::uint8_t>(std::size_t{3} * kWidth * kHeight)};
    cv::Mat small(kHeight, kWidth, CV_8UC3, image.pixels.data());
    cv::resize(canvas_, small, small.size(), 0, 0, cv::INTER_AREA);
    return image;
  }

 private:
  static constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

  cv::Point place(double rate, double loss) const {
    // Far outside is as good as outside, and no integer overflows there.
    const double x = std::clamp(rates_.share(std::log10(rate)), -1.0, 2.0);
    const double y = std::isfinite(loss) ? std::clamp(1 - losses_.share(loss), -3.0, 4.0) : -3.0;
    return {static_cast<int>(std::lround(x * inside_.cols)), static_cast<int>(std::lround(y * inside_.rows))};
  }

  // On the curve, between the batches too.
  double lossAt(double rate) const {
    const auto after =
        std::find_if(points_.begin(), points_.end(), [&](const LrPoint& p) { return p.lr >= rate; });
    if (after == points_.begin() || after == points_.end())
      return after == points_.end() ? points_.back().smooth_loss : after->smooth_loss;
    const LrPoint& before = *(after - 1);
    const double share = std::log(rate / before.lr) / std::log(after->lr / before.lr);
    return before.smooth_loss + share * (after->smooth_loss - before.smooth_loss);
  }

  cv::Size sizeOf(const std::string& words, double scale, int thickness) const {
    return cv::getTextSize(words, kFont, scale * kOver, thickness * kOver / 2, nullptr);
  }

  // `share` of the text lies left of `at`, whose y is the line that the letters stand on.
  void text(const std::string& words, cv::Point at, double scale, const cv::Scalar& colour, double share,
            int thickness = 2) {
    const int width = sizeOf(words, scale, thickness).width;
    cv::putText(canvas_, words, {at.x * kOver - static_cast<int>(share * width), at.y * kOver}, kFont,
                scale * kOver, colour, thickness * kOver / 2, cv::LINE_AA);
  }

  void rateAxis() {
    for (int power = static_cast<int>(std::floor(rates_.low)); power <= std::ceil(rates_.high); ++power) {
      for (int digit = 1; digit <= 9; ++digit) {
        const double share = rates_.share(power + std::log10(digit));
        if (share < -1e-9 || share > 1 + 1e-9) continue;
        const int x = static_cast<int>(std::lround(share * inside_.cols));
        const int bottom = inside_.rows;
        cv::line(inside_, {x, digit == 1 ? 0 : bottom - 5 * kOver}, {x, bottom}, digit == 1 ? kGrid : kFrame,
                 kOver);
        if (digit == 1)
          text(fmt::format("1e{}", power), {kLeft + x / kOver, kHeight - kBottom + 24}, 0.5, kInk, 0.5);
      }
    }
  }

  void lossAxis() {
    const double step = tickStep(losses_);
    const int digits = std::max(0, static_cast<int>(-std::floor(std::log10(step))));
    for (double tick = std::ceil(losses_.low / step); tick * step <= losses_.high; ++tick) {
      const int y = static_cast<int>(std::lround((1 - losses_.share(tick * step)) * inside_.rows));
      cv::line(inside_, {0, y}, {inside_.cols, y}, kGrid, kOver);
      text(fmt::format("{:.{}f}", tick * step, digits), {kLeft - 8, kTop + y / kOver + 5}, 0.5, kInk, 1);
    }
  }

  const std::vector<LrPoint>& points_;
  cv::Mat canvas_;
  cv::Mat inside_;  // the part of it within the axes: what is drawn there stays there
  Range rates_;     // powers of ten
  Range losses_;
};

}  // namespace

Image drawSweep(const LrSweep& sweep, const std::string& title) {
  if (sweep.points.size() < 2)
    throw Error("a sweep of " + std::to_string(sweep.points.size()) + " batches makes no plot");
  const LrSuggestions& found = sweep.suggestions;
  const std::array<Marker, 4> markers{{{"valley", found.valley, {230, 126, 34}},
                                       {"slide", found.slide, {39, 143, 72}},
                                       {"minimum", found.minimum, {200, 40, 50}},
                                       {"steep", found.steep, {128, 70, 160}}}};
  Plot plot(sweep.points);
  plot.words(title, sweep.frozen + "; ended: " + sweep.ended);
  plot.axes();
  plot.curve();
  for (const Marker& marker : markers) {
    if (marker.rate) plot.line(marker);
  }
  int row = 0;
  for (const Marker& marker : markers) {
    if (marker.rate) plot.label(marker, row++);
  }
  return plot.image();
}

}  // namespace panicle::cli
