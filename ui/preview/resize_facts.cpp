#include "ui/preview/resize_facts.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>
#include <cmath>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kSeen = 0.0005;  // smaller shares are roundings to a whole pixel
constexpr double kSeenBend = 0.005;

QString tr(const char* text) {
  return QCoreApplication::translate("ResizeFacts", text);
}

double area(const Box& box) {
  return static_cast<double>(box.width) * box.height;
}

double areaInside(const Box& box, Size source) {
  const int width = std::min(box.left + box.width, source.width) - std::max(box.left, 0);
  const int height = std::min(box.top + box.height, source.height) - std::max(box.top, 0);
  return width > 0 && height > 0 ? static_cast<double>(width) * height : 0;
}

QString factor(double value) {
  return QString::number(value, 'f', 2);
}

QString lossWords(const ResizeFacts& facts) {
  return facts.lost > kSeen ? tr("loses %1 of the photo").arg(formatPercent(facts.lost)) : QString();
}

QString bendWords(double stretch) {
  const double bend = std::max(stretch, 1 / stretch);
  if (bend < 1 + kSeenBend) return {};
  return stretch > 1 ? tr("looks %1 × as wide").arg(factor(bend))
                     : tr("looks %1 × as high").arg(factor(bend));
}

template <typename Value>
std::pair<double, double> rangeOf(std::span<const ResizeFacts> facts, Value value) {
  double low = value(facts.front()), high = low;
  for (const ResizeFacts& one : facts) {
    low = std::min(low, value(one));
    high = std::max(high, value(one));
  }
  return {low, high};
}

QString trainWords(const ResizeFacts& valid, std::span<const ResizeFacts> train) {
  if (train.empty()) return {};
  const auto [low, high] = rangeOf(train, [](const ResizeFacts& one) { return one.lost; });
  if (std::max(std::abs(low - valid.lost), std::abs(high - valid.lost)) < 0.01) return {};
  return low == high ? tr(" (training %1)").arg(formatPercent(low))
                     : tr(" (training %1 to %2)").arg(formatPercent(low), formatPercent(high));
}

}  // namespace

ResizeFacts resizeFacts(Size source, const ResizeOptions& options, const ResizeDraw& draw) {
  ResizeFacts facts;
  facts.source = source;
  facts.result = resizedSize(options, source);
  facts.box = resizeBox(source, options, draw);
  // Of a very thin photo less than half a pixel may be left.
  facts.box.width = std::max(facts.box.width, 1);
  facts.box.height = std::max(facts.box.height, 1);
  const double shown = areaInside(facts.box, source);
  const double across = static_cast<double>(facts.box.width) / facts.result.width;
  const double down = static_cast<double>(facts.box.height) / facts.result.height;
  facts.lost = 1 - shown / (static_cast<double>(source.width) * source.height);
  facts.invented = 1 - shown / area(facts.box);
  facts.stretch = down / across;
  facts.reduction = std::sqrt(across * down);
  return facts;
}

QString costWords(const ResizeFacts& valid, std::span<const ResizeFacts> train) {
  QStringList parts;
  const QString more = trainWords(valid, train);
  QString loss = lossWords(valid);
  if (loss.isEmpty() && !more.isEmpty()) loss = tr("keeps all of the photo");
  parts << loss + more << bendWords(valid.stretch);
  if (valid.invented > kSeen) parts << tr("invents %1 of the picture").arg(formatPercent(valid.invented));
  parts.removeAll(QString());
  if (parts.isEmpty()) return tr("Keeps all of the photo in its proportions");
  QString words = parts.join(QStringLiteral("; "));
  words[0] = words[0].toUpper();
  return words;
}

QString reductionWords(const ResizeFacts& facts) {
  if (std::abs(facts.reduction - 1) < kSeenBend) return tr("At the photo's own resolution");
  return facts.reduction > 1 ? tr("Reduced %1 ×").arg(factor(facts.reduction))
                             : tr("Enlarged %1 ×: no finer detail").arg(factor(1 / facts.reduction));
}

std::vector<ResizeOptions> resizeCases(const ResizeOptions& base) {
  std::vector<ResizeOptions> cases;
  for (std::size_t method = 0; method < EnumNames<ResizeMethod>::names.size(); ++method) {
    ResizeOptions options = base;
    options.method = static_cast<ResizeMethod>(method);
    if (options.method != ResizeMethod::Pad) {
      cases.push_back(options);
      continue;
    }
    for (std::size_t mode = 0; mode < EnumNames<PadMode>::names.size(); ++mode) {
      options.pad_mode = static_cast<PadMode>(mode);
      cases.push_back(options);
    }
  }
  return cases;
}

QString caseName(const ResizeOptions& options) {
  const QString name = QString::fromUtf8(enumName(options.method));
  return options.method == ResizeMethod::Pad
             ? name + QStringLiteral(", ") + QString::fromUtf8(enumName(options.pad_mode))
             : name;
}

QString caseHelp(const ResizeOptions& options) {
  switch (options.method) {
    case ResizeMethod::Squish:
      return tr(
          "Keeps the whole photo and bends its proportions. Good where the signs may be anywhere in the "
          "photo and shape "
          "matters little; the notebooks' first choice.");
    case ResizeMethod::Crop:
      return tr(
          "Keeps the proportions and cuts off what is too long: around the centre in validation, at a random "
          "place in "
          "training. Good where the subject fills the photo; what lies at the edges is not seen in every "
          "epoch.");
    case ResizeMethod::RandomResizedCrop:
      return tr(
          "In training a random part of the photo at a random scale and shape, as ImageNet models are "
          "trained; in "
          "validation nearly all of it. Strong augmentation: give it many epochs.");
    case ResizeMethod::RatioResize:
      return tr(
          "Keeps the photo's shape: the longer side gets the size. Only for data whose photos all have one "
          "shape, or a "
          "batch size of 1.");
    case ResizeMethod::Pad:
      break;
  }
  const QString fill =
      options.pad_mode == PadMode::Zeros ? tr("black: it tells the network clearly where the photo ends.")
      : options.pad_mode == PadMode::Border
          ? tr("the outermost pixels stretched: no hard edge, but streaks.")
          : tr("the photo mirrored at its edges: looks most like a photo, but shows some things twice.");
  return tr("Keeps the whole photo in its proportions and fills the rest with ") + fill;
}

bool sameCase(const ResizeOptions& a, const ResizeOptions& b) {
  return a.method == b.method && a.size == b.size &&
         (a.method != ResizeMethod::Pad || a.pad_mode == b.pad_mode);
}

MeanFacts meanFacts(const std::map<std::pair<int, int>, std::size_t>& sizes, const ResizeOptions& options) {
  MeanFacts mean;
  double bends = 0;
  for (const auto& [size, files] : sizes) {
    if (size.first < 1 || size.second < 1) continue;
    const ResizeFacts facts = resizeFacts({size.first, size.second}, options, {});
    const auto weight = static_cast<double>(files);
    mean.files += files;
    mean.lost += weight * facts.lost;
    mean.invented += weight * facts.invented;
    bends += weight * std::abs(std::log(facts.stretch));
  }
  if (mean.files == 0) return mean;
  const auto total = static_cast<double>(mean.files);
  mean.lost /= total;
  mean.invented /= total;
  mean.bend = std::exp(bends / total);
  return mean;
}

QString meanWords(const MeanFacts& facts) {
  QStringList parts;
  if (facts.lost > kSeen) parts << tr("loses %1").arg(formatPercent(facts.lost));
  if (facts.bend > 1 + kSeenBend) parts << tr("bends proportions %1 ×").arg(factor(facts.bend));
  if (facts.invented > kSeen) parts << tr("invents %1").arg(formatPercent(facts.invented));
  return parts.isEmpty() ? tr("keeps everything") : parts.join(QStringLiteral(", "));
}

}  // namespace panicle::ui
