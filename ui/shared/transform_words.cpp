#include "ui/shared/transform_words.h"

#include "ui/shared/field_editor.h"

namespace panicle::ui {

namespace {

QString augmentWords(const AugOptions& augment) {
  QString words = QStringLiteral(" \u2192 aug");
  if (augment.size) words += QLatin1Char(' ') + QString::fromStdString(toString(*augment.size));
  if (augment.crops()) words += QStringLiteral(", min_scale ") + formatReal(augment.min_scale);
  if (augment.engine != AugEngine::Fastai) words += QStringLiteral(", ") + QString::fromUtf8(enumName(augment.engine));
  return words;
}

}  // namespace

QString transformWords(const StageOptions& stage) {
  QString words = QStringLiteral("%1 %2").arg(QString::fromUtf8(enumName(stage.resize.method)),
                                              QString::fromStdString(toString(stage.resize.size)));
  if (stage.augment) words += augmentWords(*stage.augment);
  if (stage.mix) {
    words += QStringLiteral(", ") + QString::fromUtf8(enumName(stage.mix->kind));
    if (stage.mix->alpha) words += QLatin1Char(' ') + formatReal(*stage.mix->alpha);
  }
  return words;
}

}  // namespace panicle::ui
