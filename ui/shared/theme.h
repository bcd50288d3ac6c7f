// The look: Fusion with our own palettes, light and dark, following the system or chosen. 8-pixel grid.
#pragma once

#include <QColor>
#include <QIcon>
#include <QObject>
#include <QString>

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

class Theme : public QObject {
  Q_OBJECT
 public:
  static Theme& instance();

  ThemeChoice choice() const;
  void set(ThemeChoice choice);     // remembered; applies palette and style to the application
  bool dark() const;
  const ThemeColors& colors() const;

 Q_SIGNALS:
  void changed();

 private:
  Theme();
};

// From one colour-blind-safe list, stable per vocabulary index; readable on both themes.
QColor classColor(int index);

// A line icon of resources/icons by name ("play", "pause", "folder"), coloured by the palette's text.
QIcon lineIcon(const QString& name);

constexpr int kGrid = 8;  // pixels; margins and spacings are multiples

// "1:47", "2:03:10".
QString formatDuration(double seconds);
// "4.9 %" with the digits a scientist writes.
QString formatPercent(double share);
// "1,234 MiB", "3.1 GiB".
QString formatBytes(quint64 bytes);
// "10,407".
QString formatCount(quint64 count);

}  // namespace panicle::ui
