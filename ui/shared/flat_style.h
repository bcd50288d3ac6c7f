// Fusion with flat buttons: what the palette says is what is painted, so that the contrast of text on it is known.
#pragma once

#include <QElapsedTimer>
#include <QPointer>
#include <QProxyStyle>
#include <QTimer>
#include <vector>

class QStyleOptionProgressBar;

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
  void drawBusy(const QStyleOptionProgressBar& option, QPainter* painter, const QWidget* widget) const;

  // Bars without a known end move: those that were painted since the last tick are painted again.
  mutable QTimer tick_;
  mutable std::vector<QPointer<QWidget>> busy_;
  QElapsedTimer clock_;
};

}  // namespace panicle::ui
