// A small data set painted by the test: class folders of noise that a network tells apart at once.
#pragma once

#include <QDir>
#include <QImage>
#include <QString>
#include <QStringList>

namespace panicle::ui {

// False when a file could not be written.
inline bool paintPhotos(const QString& root, const QStringList& labels, int perClass, QSize size = QSize(40, 48)) {
  quint32 state = 1;
  for (int label = 0; label < labels.size(); ++label) {
    const QString folder = root + QStringLiteral("/train_images/") + labels[label];
    if (!QDir().mkpath(folder)) return false;
    for (int i = 0; i < perClass; ++i) {
      QImage image(size, QImage::Format_RGB32);
      for (int y = 0; y < size.height(); ++y) {
        for (int x = 0; x < size.width(); ++x) {
          state = state * 1664525U + 1013904223U;
          const int grey = static_cast<int>(state >> 26) + 180 * label / static_cast<int>(labels.size());
          image.setPixelColor(x, y, QColor(grey, grey, grey));
        }
      }
      if (!image.save(folder + QStringLiteral("/%1.png").arg(i, 3, 10, QChar(u'0')))) return false;
    }
  }
  return true;
}

}  // namespace panicle::ui
