#include <QLocale>
#include <cmath>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

const QLocale& figures() {
  static const QLocale locale(QLocale::English, QLocale::UnitedStates);
  return locale;
}

}  // namespace

QString formatDuration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return QStringLiteral("–");
  const auto whole = static_cast<qint64>(std::llround(seconds));
  const QString tail = QStringLiteral("%1:%2");
  const QChar zero(u'0');
  if (whole < 3600) return tail.arg(whole / 60).arg(whole % 60, 2, 10, zero);
  return QStringLiteral("%1:%2:%3").arg(whole / 3600).arg(whole / 60 % 60, 2, 10, zero).arg(whole % 60, 2, 10, zero);
}

QString formatPercent(double share) {
  if (!std::isfinite(share)) return QStringLiteral("–");
  const double percent = share * 100;
  const double size = std::abs(percent);
  // Two figures below ten, and never a bare 0 for what is small but there.
  const int digits = size >= 99.95 || size == 0 ? 0 : size >= 1 ? 1 : 2;
  return figures().toString(percent, 'f', digits) + QStringLiteral(" %");
}

QString formatRate(double rate) {
  if (rate > 0 && rate < 1e-3) {
    const int exponent = static_cast<int>(std::floor(std::log10(rate) + 1e-9));
    return QStringLiteral("%1e%2").arg(QString::number(rate / std::pow(10, exponent), 'g', 3)).arg(exponent);
  }
  return QString::number(rate, 'g', 3);
}

QString formatBytes(quint64 bytes) {
  constexpr double kKib = 1024;
  const auto value = static_cast<double>(bytes);
  if (bytes < 1024) return QStringLiteral("%1 B").arg(bytes);
  if (value < kKib * kKib) return figures().toString(value / kKib, 'f', 0) + QStringLiteral(" KiB");
  const double mib = value / (kKib * kKib);
  if (mib < 10) return figures().toString(mib, 'f', 1) + QStringLiteral(" MiB");
  if (mib < 2048) return figures().toString(mib, 'f', 0) + QStringLiteral(" MiB");
  return figures().toString(mib / kKib, 'f', 1) + QStringLiteral(" GiB");
}

QString formatCount(quint64 count) {
  return figures().toString(count);
}

}  // namespace panicle::ui
