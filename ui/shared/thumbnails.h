// Thumbnails decoded off the GUI thread, kept in a cache bounded in bytes. Use it from the GUI thread only.
//
// A view says what it wants now, nearest first, each time it scrolls; what it no longer wants is withdrawn
// unless its decoding has begun. Painting only looks up: find() never decodes.
#pragma once

#include <QObject>
#include <QPixmap>
#include <QString>
#include <QStringList>
#include <memory>

namespace panicle {
enum class ExifPolicy;
}  // namespace panicle

namespace panicle::ui {

struct Thumbnail {
  QPixmap pixmap;   // null when the file cannot be decoded
  QString failure;  // then: why
  int width = 0;    // of the file, as stored; 0 when its header cannot be read
  int height = 0;
  int orientation = 1;  // EXIF, 1..8
};

class Thumbnails : public QObject {
  Q_OBJECT
 public:
  static constexpr qsizetype kBudget = qsizetype{64} << 20;  // bytes of pixels

  // Shared by all views; lives as long as the application.
  static Thumbnails& instance();

  explicit Thumbnails(qsizetype budget = kBudget, int threads = 2, QObject* parent = nullptr);
  ~Thumbnails() override;  // withdraws all requests and waits for those being decoded

  // The thumbnail whose longer side is `side` pixels (or the photo's own, if that is shorter), or null when
  // it is not there yet. The pointer is good until control returns to the event loop.
  const Thumbnail* find(const QString& file, int side) const;
  // As find(), else one of another size asked for lately: something to show while the right one is made.
  const Thumbnail* findAny(const QString& file, int side) const;

  // Replaces what `client` wants: files, most urgent first, at `side` pixels. What is cached already is left
  // out, as is what would not fit into the cache together. An empty list withdraws; so does the client's
  // destruction.
  void want(const QObject* client, const QStringList& files, int side);

  int pending() const;      // requests not answered yet
  qsizetype bytes() const;  // held by the cache
  qsizetype budget() const;

  // Whether EXIF orientation is applied; a change empties the cache.
  void setExif(ExifPolicy policy);
  // Forgets all, as when another data set is opened: files may have changed.
  void clear();

 Q_SIGNALS:
  void ready();    // some arrived; at most once a frame
  void cleared();  // all are forgotten: ask again for what is in view

 private:
  void deliver();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
