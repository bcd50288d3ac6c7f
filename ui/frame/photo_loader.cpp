#include "ui/frame/photo_loader.h"

#include <QFileInfo>
#include <QMetaObject>
#include <exception>

#include "core/data/decode.h"

namespace panicle::ui {
namespace {

QImage toQImage(const Image& image) {
  const QImage view(image.pixels.data(), image.width, image.height, 3 * image.width, QImage::Format_RGB888);
  return view.convertToFormat(QImage::Format_RGB32);  // a copy of its own
}

LoadedPhoto loadNow(const QString& file, int side, ExifPolicy exif) {
  LoadedPhoto photo;
  const QFileInfo info(file);
  if (info.exists()) photo.bytes = info.size();
  const DecodeOptions options{.exif = exif};
  const std::filesystem::path path = file.toStdString();
  try {
    const ImageHeader header = readImageHeader(path, options);
    photo.format = QString::fromStdString(header.format);
    photo.width = header.width;
    photo.height = header.height;
    photo.orientation = header.orientation;
    photo.image = toQImage(decodeThumbnail(path, side, options));
  } catch (const std::exception& error) {
    photo.failure = QString::fromUtf8(error.what());
  }
  return photo;
}

}  // namespace

PhotoLoader::PhotoLoader(QObject* parent) : QObject(parent) {
  pool_.setMaxThreadCount(1);
}

PhotoLoader::~PhotoLoader() {
  forget();
  pool_.waitForDone();
}

void PhotoLoader::load(const QString& file, int side, ExifPolicy exif) {
  const quint64 request = ++latest_;
  pool_.clear();
  pool_.start([this, request, file, side, exif] {
    if (request != latest_) return;
    const LoadedPhoto photo = loadNow(file, side, exif);
    QMetaObject::invokeMethod(
        this,
        [this, request, photo] {
          if (request == latest_) Q_EMIT loaded(photo);
        },
        Qt::QueuedConnection);
  });
}

void PhotoLoader::forget() {
  ++latest_;
  pool_.clear();
}

}  // namespace panicle::ui
