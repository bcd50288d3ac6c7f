#include "ui/shared/photo_targets.h"

#include <QCoreApplication>
#include <QStringList>

namespace panicle::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("PhotoTargets", text);
}

}  // namespace

QVector<PhotoTarget> furtherTargets(const Dataset& dataset, std::size_t item) {
  QVector<PhotoTarget> targets;
  for (const Target& target : dataset.further_targets) {
    targets.append({QString::fromStdString(target.name), QString::fromStdString(target.text(item)), {}});
  }
  return targets;
}

QString targetsLine(const QVector<PhotoTarget>& targets) {
  QStringList parts;
  for (const PhotoTarget& target : targets) {
    if (target.predicted.isEmpty() || target.predicted == target.value) {
      if (!target.value.isEmpty()) parts << target.value;
    } else {
      const QString value = target.value.isEmpty() ? QStringLiteral("?") : target.value;
      parts << value + QStringLiteral(" \u2192 ") + target.predicted;
    }
  }
  return parts.join(QStringLiteral(" \u00b7 "));
}

QString targetsText(const QVector<PhotoTarget>& targets) {
  QStringList parts;
  for (const PhotoTarget& target : targets) {
    const QString value = target.value.isEmpty() ? tr("not known") : target.value;
    QString part = target.name + u' ' + value;
    if (!target.predicted.isEmpty()) part += tr(" (predicted %1)").arg(target.predicted);
    parts << part;
  }
  return parts.join(QStringLiteral(", "));
}

}  // namespace panicle::ui
