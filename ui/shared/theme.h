// The look: Fusion with our own palettes, light and dark, following the system or chosen. 8-pixel grid.
#pragma once

#include <QColor>
#include <QIcon>
#include <QObject>
#include <QString>

class QPushButton;

namespace panicle::ui {

enum class ThemeChoice { System, Light, Dark };

// Colours by role, for painting; widgets take theirs from the palette.
struct ThemeColors {
  QColor accent;        // leaf green: the primary action and the current thing only
  QColor accentText;    // text on accent
  QColor error;
  QColor warning;
  QColor text;
  QColor mutedText;     // contrast at least 4.5:1 on `base`
  QColor base;          // background of lists and plots
  QColor surface;       // background of panels
  QColor border;
  QColor grid;          // plot grid lines
};

// Colours can be asked for at any time; the application takes the palette and style with the first set() or use().
class Theme : public QObject {
  Q_OBJECT
 public:
  static Theme& instance();

  ThemeChoice choice() const;
  void set(ThemeChoice choice);     // remembered; applies palette and style to the application
  void use(ThemeChoice choice);     // as set(), for this process only
  bool dark() const;
  const ThemeColors& colors() const;
  static const ThemeColors& colors(bool dark);

 Q_SIGNALS:
  void changed();

 private:
  Theme();
  void apply();

  ThemeChoice choice_ = ThemeChoice::System;
  bool dark_ = false;
};

// WCAG 2.1's contrast ratio, 1..21.
double contrastRatio(const QColor& a, const QColor& b);

// Paints the button in the accent, in both themes: for the one primary action of a page.
void makePrimary(QPushButton* button);

// From one colour-blind-safe list, stable per vocabulary index; readable on both themes.
QColor classColor(int index);

// A line icon of resources/icons by name ("play", "pause", "folder"), coloured by the palette's text.
QIcon lineIcon(const QString& name);
QIcon applicationIcon();

constexpr int kGrid = 8;  // pixels; margins and spacings are multiples

// "1:47", "2:03:10".
QString formatDuration(double seconds);
// "4.9 %" with the digits a scientist writes.
QString formatPercent(double share);
// A learning rate as one writes it, in three figures: "0.003", "2.1e-5".
QString formatRate(double rate);
// "1,234 MiB", "3.1 GiB".
QString formatBytes(quint64 bytes);
// "10,407".
QString formatCount(quint64 count);

}  // namespace panicle::ui
