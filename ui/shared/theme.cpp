#include "ui/shared/theme.h"

#include <QApplication>
#include <QGuiApplication>
#include <QPalette>
#include <QPushButton>
#include <QSettings>
#include <QStyleHints>
#include <QToolTip>
#include <array>
#include <cmath>

#include "ui/shared/flat_style.h"

namespace panicle::ui {
namespace {

constexpr const char* kSettingsKey = "look/theme";
constexpr std::array<const char*, 3> kChoiceNames{"system", "light", "dark"};

QSettings userSettings() {
  return QSettings(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("Panicle"), QStringLiteral("panicle"));
}

const ThemeColors kLight{
    .accent = QColor(0x2b, 0x75, 0x2f),
    .accentText = QColor(0xff, 0xff, 0xff),
    .error = QColor(0xb3, 0x26, 0x1e),
    .warning = QColor(0x85, 0x54, 0x00),
    .text = QColor(0x1b, 0x20, 0x1c),
    .mutedText = QColor(0x56, 0x60, 0x58),
    .base = QColor(0xff, 0xff, 0xff),
    .surface = QColor(0xf3, 0xf5, 0xf2),
    .border = QColor(0xcf, 0xd5, 0xce),
    .grid = QColor(0xe5, 0xe9, 0xe4),
};

const ThemeColors kDark{
    .accent = QColor(0x6f, 0xc9, 0x7a),
    .accentText = QColor(0x0c, 0x18, 0x0e),
    .error = QColor(0xff, 0x8b, 0x80),
    .warning = QColor(0xe9, 0xb4, 0x4c),
    .text = QColor(0xe3, 0xe8, 0xe3),
    .mutedText = QColor(0xa2, 0xad, 0xa4),
    .base = QColor(0x16, 0x1a, 0x17),
    .surface = QColor(0x20, 0x25, 0x21),
    .border = QColor(0x3c, 0x44, 0x3e),
    .grid = QColor(0x2b, 0x31, 0x2d),
};

QColor mixed(const QColor& a, const QColor& b, double share) {
  return QColor::fromRgbF(static_cast<float>(a.redF() * (1 - share) + b.redF() * share),
                          static_cast<float>(a.greenF() * (1 - share) + b.greenF() * share),
                          static_cast<float>(a.blueF() * (1 - share) + b.blueF() * share));
}

QPalette makePalette(const ThemeColors& colors, bool dark) {
  QPalette palette;
  const QColor button = dark ? QColor(0x2c, 0x33, 0x2e) : QColor(0xfa, 0xfb, 0xf9);
  const QColor disabled = mixed(colors.text, colors.surface, 0.55);
  palette.setColor(QPalette::Window, colors.surface);
  palette.setColor(QPalette::WindowText, colors.text);
  palette.setColor(QPalette::Base, colors.base);
  palette.setColor(QPalette::AlternateBase, mixed(colors.base, colors.surface, 0.6));
  palette.setColor(QPalette::Text, colors.text);
  palette.setColor(QPalette::PlaceholderText, colors.mutedText);
  palette.setColor(QPalette::Button, button);
  palette.setColor(QPalette::ButtonText, colors.text);
  palette.setColor(QPalette::BrightText, colors.error);
  palette.setColor(QPalette::ToolTipBase, dark ? QColor(0x2c, 0x33, 0x2e) : QColor(0xff, 0xff, 0xff));
  palette.setColor(QPalette::ToolTipText, colors.text);
  palette.setColor(QPalette::Highlight, colors.accent);
  palette.setColor(QPalette::HighlightedText, colors.accentText);
  palette.setColor(QPalette::Link, colors.accent);
  palette.setColor(QPalette::LinkVisited, colors.accent);
  palette.setColor(QPalette::Light, mixed(button, dark ? Qt::black : Qt::white, dark ? 0.0 : 0.6));
  palette.setColor(QPalette::Midlight, mixed(colors.surface, colors.border, 0.4));
  palette.setColor(QPalette::Mid, colors.border);
  palette.setColor(QPalette::Dark, mixed(colors.border, colors.text, 0.25));
  palette.setColor(QPalette::Shadow, dark ? QColor(0x08, 0x0a, 0x08) : QColor(0x80, 0x88, 0x80));
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::PlaceholderText}) {
    palette.setColor(QPalette::Disabled, role, disabled);
  }
  palette.setColor(QPalette::Disabled, QPalette::Highlight, colors.border);
  palette.setColor(QPalette::Disabled, QPalette::HighlightedText, disabled);
  return palette;
}

// What the system wants; taken before our own palette hides what the platform gave.
bool systemIsDark() {
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
  const auto scheme = QGuiApplication::styleHints()->colorScheme();
  if (scheme != Qt::ColorScheme::Unknown) return scheme == Qt::ColorScheme::Dark;
#endif
  static const bool darkAtStart = [] {
    const QPalette palette = QGuiApplication::palette();
    return palette.color(QPalette::Window).lightness() < palette.color(QPalette::WindowText).lightness();
  }();
  return darkAtStart;
}

double luminance(const QColor& color) {
  const auto linear = [](double channel) {
    return channel <= 0.03928 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

}  // namespace

Theme::Theme() {
  const QString stored = userSettings().value(QLatin1StringView(kSettingsKey)).toString();
  for (std::size_t i = 0; i < kChoiceNames.size(); ++i) {
    if (stored == QLatin1StringView(kChoiceNames[i])) choice_ = static_cast<ThemeChoice>(i);
  }
  dark_ = choice_ == ThemeChoice::Dark || (choice_ == ThemeChoice::System && systemIsDark());
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
  connect(QGuiApplication::styleHints(), &QStyleHints::colorSchemeChanged, this, [this] {
    if (choice_ == ThemeChoice::System) use(ThemeChoice::System);
  });
#endif
}

Theme& Theme::instance() {
  static Theme theme;
  return theme;
}

ThemeChoice Theme::choice() const {
  return choice_;
}

bool Theme::dark() const {
  return dark_;
}

const ThemeColors& Theme::colors() const {
  return colors(dark_);
}

const ThemeColors& Theme::colors(bool dark) {
  return dark ? kDark : kLight;
}

void Theme::set(ThemeChoice choice) {
  userSettings().setValue(QLatin1StringView(kSettingsKey),
                          QLatin1StringView(kChoiceNames[static_cast<std::size_t>(choice)]));
  use(choice);
}

void Theme::use(ThemeChoice choice) {
  choice_ = choice;
  dark_ = choice == ThemeChoice::Dark || (choice == ThemeChoice::System && systemIsDark());
  apply();
}

void Theme::apply() {
  if (!qobject_cast<FlatStyle*>(QApplication::style())) QApplication::setStyle(new FlatStyle);
  const QPalette palette = makePalette(colors(), dark_);
  QApplication::setPalette(palette);
  QToolTip::setPalette(palette);
  Q_EMIT changed();
}

double contrastRatio(const QColor& a, const QColor& b) {
  const double first = luminance(a);
  const double second = luminance(b);
  return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

void makePrimary(QPushButton* button) {
  const auto paint = [button] {
    const ThemeColors& colors = Theme::instance().colors();
    QPalette palette;
    palette.setColor(QPalette::Active, QPalette::Button, colors.accent);
    palette.setColor(QPalette::Inactive, QPalette::Button, colors.accent);
    palette.setColor(QPalette::Active, QPalette::ButtonText, colors.accentText);
    palette.setColor(QPalette::Inactive, QPalette::ButtonText, colors.accentText);
    button->setPalette(palette);
  };
  button->setProperty(kPrimaryProperty, true);
  paint();
  QObject::connect(&Theme::instance(), &Theme::changed, button, paint);
}

// Okabe and Ito's palette for all kinds of colour vision, its yellow and black exchanged for tones that hold on white and
// on near-black, with four more of the same lightness. Past the tenth class the list begins again, a shade darker or lighter.
QColor classColor(int index) {
  static const std::array<QColor, 10> colors{
      QColor(0x00, 0x72, 0xb2), QColor(0xd5, 0x5e, 0x00), QColor(0x00, 0x9e, 0x73), QColor(0xcc, 0x79, 0xa7),
      QColor(0x3d, 0x9b, 0xd0), QColor(0xb0, 0x8a, 0x00), QColor(0x8c, 0x6b, 0xb1), QColor(0xa6, 0x61, 0x50),
      QColor(0x7f, 0x8c, 0x8d), QColor(0x1b, 0x9a, 0xaa)};
  if (index < 0) return Theme::instance().colors().mutedText;
  const QColor color = colors[static_cast<std::size_t>(index) % colors.size()];
  switch (index / static_cast<int>(colors.size()) % 3) {
    case 1: return color.darker(118);
    case 2: return color.lighter(115);
    default: return color;
  }
}

}  // namespace panicle::ui
