#include "ui/preview/transform_presets.h"

#include <QCoreApplication>

namespace panicle::ui {
namespace {

// All of the recipes cut out at least this share of the area.
constexpr double kMinScale = 0.75;

QString tr(const char* text) {
  return QCoreApplication::translate("panicle::ui::BatchTab", text);
}

TransformPreset preset(ResizeMethod method, Size item, Size size, const QString& help,
                       PadMode pad = PadMode::Reflection) {
  TransformPreset preset;
  preset.resize = {.method = method, .size = item, .pad_mode = pad};
  preset.augment.size = size;
  preset.augment.min_scale = kMinScale;
  const QString padded =
      method == ResizeMethod::Pad ? QStringLiteral(" %1").arg(QString::fromUtf8(enumName(pad))) : QString();
  preset.name = QStringLiteral("%1 %2%3 \u2192 %4")
                    .arg(QString::fromUtf8(enumName(method)), QString::fromStdString(toString(item)), padded,
                         QString::fromStdString(toString(size)));
  preset.help = help;
  return preset;
}

}  // namespace

const std::vector<TransformPreset>& transformPresets() {
  using enum ResizeMethod;
  static const std::vector<TransformPreset> presets{
      preset(Squish, {480, 480}, {224, 224},
             tr("Road to the Top, small models: the whole photo, its proportions bent. A safe start for "
                "480×640 photos.")),
      preset(Crop, {640, 480}, {288, 224},
             tr("Road to the Top, small models: portrait photos in their own proportions. The best of "
                "convnext_small.")),
      preset(Crop, {640, 480}, {320, 240},
             tr("Road to the Top, small models: as 288,224, with a little more detail and time.")),
      preset(Pad, {640, 640}, {224, 224},
             tr("Road to the Top, small models: the whole photo unbent, black beside it. Part of each "
                "picture is wasted."),
             PadMode::Zeros),
      preset(Squish, {192, 192}, {128, 128},
             tr("Road to the Top: quick trials, several epochs in the time of one.")),
      preset(Pad, {480, 360}, {256, 192},
             tr("Road to the Top: portrait photos whole and unbent in a portrait picture, so hardly any "
                "padding."),
             PadMode::Zeros),
      preset(Crop, {460, 460}, {224, 224},
             tr("fastbook chapter 7 and Cassava: fastai's standard presizing.")),
      preset(Crop, {560, 560}, {448, 448},
             tr("Cassava: the second, larger stage of progressive resizing. Four times the work of 224.")),
  };
  return presets;
}

int presetOf(const StageOptions& stage) {
  if (!stage.augment) return -1;
  const Json resize = toJson(stage.resize), augment = toJson(*stage.augment);
  const auto& presets = transformPresets();
  for (std::size_t i = 0; i < presets.size(); ++i) {
    if (toJson(presets[i].resize) == resize && toJson(presets[i].augment) == augment)
      return static_cast<int>(i);
  }
  return -1;
}

}  // namespace panicle::ui
