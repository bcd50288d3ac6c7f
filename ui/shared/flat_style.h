// Fusion with flat buttons: what the palette says is what is painted, so that the contrast of text on it is known.
#pragma once

#include <QProxyStyle>

namespace panicle::ui {

// A dynamic property of the buttons that makePrimary() made.
inline constexpr const char* kPrimaryProperty = "panicle_primary";

class FlatStyle : public QProxyStyle {
  Q_OBJECT
 public:
  FlatStyle();

  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const override;
  void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const override;
  int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
  int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* result) const override;

 private:
  void drawFieldFrame(const QStyleOption* option, QPainter* painter) const;
  void drawCheckFrame(const QStyleOption* option, QPainter* painter, bool round = false) const;
  void drawButton(const QStyleOption* option, QPainter* painter, const QWidget* widget) const;
};

}  // namespace panicle::ui
