#include "ui/preview/slider_editor.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QSignalBlocker>
#include <QSlider>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

// What is worth sliding over; the spin box takes the whole range of the field.
struct SliderRange {
  std::string_view field;  // the end of its path
  double low;
  double high;
  double step;
};

constexpr std::array kRanges{
    SliderRange{".mult", 0, 3, 0.05},         SliderRange{".max_rotate", 0, 45, 1},
    SliderRange{".min_zoom", 0.5, 1.5, 0.01}, SliderRange{".max_zoom", 0.5, 2, 0.01},
    SliderRange{".max_warp", 0, 0.8, 0.01},   SliderRange{".max_lighting", 0, 0.9, 0.01},
    SliderRange{".max_hue", 0, 0.5, 0.01},    SliderRange{".augment.min_scale", 0.05, 1, 0.01},
    SliderRange{".max_count", 1, 10, 1},      SliderRange{".min_aspect", 0.1, 1, 0.01},
};
constexpr double kWidestRange = 2;  // of a field that is not listed
constexpr double kStep = 0.01;
constexpr int kDecimals = 4;
constexpr double kDigits =
    1e6;  // a position's value is rounded so that it reads 0.35, not 0.35000000000000003

std::optional<SliderRange> rangeOf(const FieldDescription& field) {
  if ((field.kind != FieldKind::Real && field.kind != FieldKind::Integer) || field.nullable) return {};
  for (const SliderRange& range : kRanges) {
    if (field.path.ends_with(range.field)) return range;
  }
  if (field.kind == FieldKind::Integer || field.info.max - field.info.min > kWidestRange) return {};
  return SliderRange{{}, field.info.min, field.info.max, kStep};
}

// Shows the shortest text of a number.
class NumberBox : public QDoubleSpinBox {
 public:
  using QDoubleSpinBox::QDoubleSpinBox;
  QString textFromValue(double value) const override { return formatReal(value); }
};

class SliderEditor : public FieldEditor {
 public:
  SliderEditor(const FieldDescription& field, const SliderRange& range, QWidget* parent)
      : FieldEditor(parent),
        range_(range),
        whole_(field.kind == FieldKind::Integer),
        slider_(new QSlider(Qt::Horizontal, this)),
        box_(new NumberBox(this)) {
    setInput(box_);
    box_->setLocale(QLocale::c());
    box_->setDecimals(whole_ ? 0 : kDecimals);
    box_->setRange(field.info.min, field.info.max);
    box_->setSingleStep(range.step);
    box_->setKeyboardTracking(false);
    box_->setMinimumWidth(9 * kGrid);
    slider_->setRange(0, static_cast<int>(std::lround((range.high - range.low) / range.step)));
    slider_->setPageStep(std::max(1, slider_->maximum() / 10));
    slider_->setMinimumWidth(8 * kGrid);
    slider_->setAccessibleName(QString::fromUtf8(field.info.label));
    slider_->setAccessibleDescription(QString::fromUtf8(field.info.help));
    keepWheelForFocus(slider_);
    auto* row = static_cast<QHBoxLayout*>(layout());
    row->setSpacing(kGrid);
    row->insertWidget(0, slider_, 1);
    setTabOrder(slider_, box_);
    QObject::connect(slider_, &QSlider::valueChanged, this,
                     [this](int position) { take(valueAt(position)); });
    QObject::connect(box_, &QDoubleSpinBox::valueChanged, this, [this](double value) { take(value); });
  }

  void setValue(const Json& value) override {
    const auto number = value.get<double>();
    const QSignalBlocker quietBox(box_), quietSlider(slider_);
    box_->setValue(number);
    slider_->setValue(static_cast<int>(std::lround((number - range_.low) / range_.step)));
  }

 private:
  double valueAt(int position) const {
    return std::round((range_.low + position * range_.step) * kDigits) / kDigits;
  }

  void take(double value) {
    setValue(Json(value));
    edited(whole_ ? Json(static_cast<std::int64_t>(std::lround(value))) : Json(value));
  }

  SliderRange range_;
  bool whole_;
  QSlider* slider_;
  NumberBox* box_;
};

}  // namespace

FieldEditor* makeSliderEditor(const FieldDescription& field, QWidget* parent) {
  if (const auto range = rangeOf(field)) return new SliderEditor(field, *range, parent);
  return makeFieldEditor(field, parent);
}

}  // namespace panicle::ui
