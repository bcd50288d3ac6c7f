// The current photo for the inspector, decoded off the GUI thread; only the latest request is answered.
#pragma once

#include <QImage>
#include <QObject>
#include <QString>
#include <QThreadPool>
#include <atomic>

#include "core/data/data_options.h"

namespace panicle::ui {

struct LoadedPhoto {
  QImage image;          // null when it cannot be decoded
  QString failure;       // then: why
  QString format;
  int width = 0;         // as stored; 0 when the header cannot be read
  int height = 0;
  int orientation = 1;
  qint64 bytes = -1;     // below 0: there is no such file
};

class PhotoLoader : public QObject {
  Q_OBJECT
 public:
  explicit PhotoLoader(QObject* parent = nullptr);
  ~PhotoLoader() override;

  void load(const QString& file, int side, ExifPolicy exif);
  void forget();  // no answer to what was asked before

 Q_SIGNALS:
  void loaded(const panicle::ui::LoadedPhoto& photo);

 private:
  QThreadPool pool_;
  std::atomic<quint64> latest_{0};
};

}  // namespace panicle::ui
