#include "ui/preview/batch_words.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>

namespace panicle::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("panicle::ui::BatchTab", text);
}

const std::array<const char*, 8> kDihedral{
    "",
    QT_TRANSLATE_NOOP("panicle::ui::BatchTab", "flipped left-right"),
    QT_TRANSLATE_NOOP("panicle::ui::BatchTab", "flipped upside down"),
    QT_TRANSLATE_NOOP("panicle::ui::BatchTab", "turned or flipped by a quarter (fastai's dihedral 3)"),
    QT_TRANSLATE_NOOP("panicle::ui::BatchTab", "turned or flipped by a quarter (fastai's dihedral 4)"),
    QT_TRANSLATE_NOOP("panicle::ui::BatchTab", "turned or flipped by a quarter (fastai's dihedral 5)"),
    QT_TRANSLATE_NOOP("panicle::ui::BatchTab", "turned or flipped by a quarter (fastai's dihedral 6)"),
    QT_TRANSLATE_NOOP("panicle::ui::BatchTab", "turned or flipped by a quarter (fastai's dihedral 7)"),
};

QString pixels(Size size) {
  return QStringLiteral("%1\u00d7%2").arg(size.height).arg(size.width);
}

QString channels(const std::array<double, 3>& values) {
  return QStringLiteral("%1 %2 %3")
      .arg(signedNumber(values[0], 2), signedNumber(values[1], 2), signedNumber(values[2], 2));
}

QString modeWords(const BatchRequest& request, const BatchPicture& picture) {
  const Size size = [&] {
    for (const BatchTile& tile : picture.tiles) {
      if (!tile.image.isNull()) return tile.size;
    }
    return Size{};
  }();
  const QString px = size.height > 0 ? tr(", %1 px").arg(pixels(size)) : QString();
  if (request.photo) {
    if (picture.mode == Mode::Valid)
      return tr("A validation photo: never changed, the same in every epoch") + px +
             tr(". A photo that trains shows its draws");
    return tr("One photo in epochs %1 to %2, each in the batch that it is in then")
               .arg(request.epoch + 1)
               .arg(request.epoch + picture.tiles.size()) +
           px;
  }
  const QString of = tr("%1 of its %2 photos").arg(picture.tiles.size()).arg(picture.batch_photos);
  if (picture.mode == Mode::Valid)
    return tr("Validation batch %1 of %2: %3").arg(request.batch + 1).arg(picture.batches).arg(of) + px;
  return tr("Epoch %1, batch %2 of %3: %4")
             .arg(request.epoch + 1)
             .arg(request.batch + 1)
             .arg(picture.batches)
             .arg(of) +
         px;
}

}  // namespace

QString signedNumber(double value, int decimals) {
  QString text = QString::number(value, 'f', decimals);
  text.replace(QLatin1Char('-'), QChar(0x2212));
  return text;
}

QStringList drawWords(const BatchTile& tile, Mode mode, const std::optional<AugOptions>& options) {
  QStringList words;
  if (!options || tile.image.isNull()) return words;
  const AugDraw& draw = tile.draw;
  const Box& crop = draw.crop;
  if (crop.width != tile.item_size.width || crop.height != tile.item_size.height) {
    words << tr("cut out: %1 at row %2, column %3 of %4 px")
                 .arg(pixels({crop.height, crop.width}))
                 .arg(crop.top)
                 .arg(crop.left)
                 .arg(pixels(tile.item_size));
  }
  if (mode == Mode::Valid) return words;
  if (draw.dihedral > 0 && draw.dihedral < static_cast<int>(kDihedral.size()))
    words << tr(kDihedral[static_cast<std::size_t>(draw.dihedral)]);
  if (draw.rotate != 0) words << tr("turned by %1\u00b0").arg(signedNumber(draw.rotate, 1));
  if (draw.zoom != 1) words << tr("enlarged \u00d7 %1").arg(draw.zoom, 0, 'f', 3);
  if (draw.warp_x != 0 || draw.warp_y != 0) {
    words
        << tr("warped by %1 across, %2 down").arg(signedNumber(draw.warp_x, 3), signedNumber(draw.warp_y, 3));
  }
  if (draw.brightness != 0.5f) words << tr("brightness %1 (0.5: as it is)").arg(draw.brightness, 0, 'f', 3);
  if (draw.contrast != 1) words << tr("contrast \u00d7 %1").arg(draw.contrast, 0, 'f', 3);
  if (draw.saturation != 1) words << tr("saturation \u00d7 %1").arg(draw.saturation, 0, 'f', 3);
  if (draw.hue != 0) words << tr("hue %1 of the circle").arg(signedNumber(draw.hue, 3));
  if (!draw.erase.empty()) words << tr("%1 boxes erased").arg(draw.erase.size());
  if (words.isEmpty()) words << tr("as it is: no change was drawn");
  return words;
}

QString captionWords(const BatchRequest& request, const BatchPicture& picture) {
  QString words = modeWords(request, picture);
  const std::optional<AugOptions>& augment = request.spec.stages[request.stage].augment;
  if (augment && augment->crops() && augment->engine == AugEngine::Fastai && picture.mode == Mode::Train &&
      !request.photo) {
    words += tr(". One crop for the whole batch, as fastai draws it");
  }
  const auto bad = std::count_if(picture.tiles.begin(), picture.tiles.end(),
                                 [](const BatchTile& tile) { return !tile.problem.isEmpty(); });
  if (bad > 0 && request.spec.data.bad_images == BadImagePolicy::Refuse) {
    words += tr(". A file cannot be read, and the recipe refuses to train then");
  } else if (bad > 0) {
    words += tr(". %1 cannot be read and are left out of the batch").arg(bad);
  }
  return words + QLatin1Char('.');
}

QString valueWords(const ValueStatistics& values) {
  return tr("Values %1 to %2; of R G B, mean %3, std %4")
      .arg(signedNumber(static_cast<double>(values.low), 2),
           signedNumber(static_cast<double>(values.high), 2), channels(values.mean), channels(values.std));
}

}  // namespace panicle::ui
