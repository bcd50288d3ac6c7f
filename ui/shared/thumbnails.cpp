#include "ui/shared/thumbnails.h"

#include <QCache>
#include <QCoreApplication>
#include <QFile>
#include <QHash>
#include <QImage>
#include <QPointer>
#include <QSet>
#include <QThreadPool>
#include <QTimer>
#include <algorithm>
#include <deque>
#include <filesystem>
#include <mutex>
#include <vector>

#include "core/base/image.h"
#include "core/data/decode.h"
#include "ui/shared/worker_priority.h"

namespace panicle::ui {
namespace {

constexpr int kFrameMs = 16;
constexpr int kRememberedSides = 4;

struct Key {
  QString file;
  int side = 0;
  bool operator==(const Key&) const = default;
};

size_t qHash(const Key& key, size_t seed = 0) {
  return qHashMulti(seed, key.file, key.side);
}

// What a worker made; becomes a Thumbnail on the GUI thread, where pixmaps may be made.
struct Decoded {
  Key key;
  quint64 generation = 0;
  QImage image;
  Thumbnail facts;
};

QImage toQImage(const Image& image) {
  const QImage view(image.pixels.data(), image.width, image.height, 3 * image.width, QImage::Format_RGB888);
  return view.convertToFormat(
      QImage::Format_RGB32);  // memory of its own, in the format that pixmaps draw fastest
}

// "PATH: reason" without the path, which the views show beside it.
QString reasonOf(const std::exception& error, const QString& file) {
  QString text = QString::fromUtf8(error.what());
  const QString prefix = file + QStringLiteral(": ");
  return text.startsWith(prefix) ? text.mid(prefix.size()) : text;
}

Decoded decode(const Key& key, ExifPolicy exif) {
  Decoded out{key, 0, {}, {}};
  try {
    const std::filesystem::path path = QFile::encodeName(key.file).toStdString();
    const DecodeOptions options{.exif = exif};
    const ImageHeader header = readImageHeader(path, options);
    out.facts.width = header.width;
    out.facts.height = header.height;
    out.facts.orientation = header.orientation;
    out.image = toQImage(decodeThumbnail(path, key.side, options));
    if (out.image.isNull())
      out.facts.failure = QCoreApplication::translate("Thumbnails", "the photo is empty");
  } catch (const std::exception& error) {
    out.facts.failure = reasonOf(error, key.file);
  }
  return out;
}

}  // namespace

struct Thumbnails::Impl {
  explicit Impl(qsizetype budget) : cache(budget) {}

  // GUI thread only.
  mutable QCache<Key, Thumbnail> cache;
  std::vector<int> sides;  // asked for lately, newest first
  QHash<const QObject*, std::vector<Key>> wanted;
  QTimer frame;
  QThreadPool pool;

  // Shared with the workers.
  mutable std::mutex mutex;
  std::deque<Key> queue;
  QSet<Key> in_flight;  // from leaving the queue until delivered
  std::vector<Decoded> results;
  ExifPolicy exif = ExifPolicy::Ignore;
  quint64 generation = 0;
  int workers = 0;
  bool announced = false;  // a delivery is on its way

  void rememberSide(int side);
  void rebuildQueue();
  void startWorkers(Thumbnails* owner);
  void work(Thumbnails* owner);
};

void Thumbnails::Impl::rememberSide(int side) {
  std::erase(sides, side);
  sides.insert(sides.begin(), side);
  if (sides.size() > kRememberedSides) sides.pop_back();
}

void Thumbnails::Impl::rebuildQueue() {
  const std::lock_guard lock(mutex);
  queue.clear();
  for (const auto& keys : std::as_const(wanted)) {
    for (const Key& key : keys) {
      if (!in_flight.contains(key) && !cache.contains(key)) queue.push_back(key);
    }
  }
}

void Thumbnails::Impl::startWorkers(Thumbnails* owner) {
  const std::lock_guard lock(mutex);
  while (workers < pool.maxThreadCount() && workers < static_cast<int>(queue.size())) {
    ++workers;
    pool.start([this, owner] { work(owner); });
  }
}

void Thumbnails::Impl::work(Thumbnails* owner) {
  yieldToTheWindow();
  for (;;) {
    Key key;
    ExifPolicy policy;
    quint64 begun = 0;
    {
      const std::lock_guard lock(mutex);
      if (queue.empty()) {
        --workers;
        return;
      }
      key = std::move(queue.front());
      queue.pop_front();
      in_flight.insert(key);
      policy = exif;
      begun = generation;
    }
    Decoded decoded = decode(key, policy);
    decoded.generation = begun;
    const std::lock_guard lock(mutex);
    results.push_back(std::move(decoded));
    if (!announced) {
      announced = true;
      QMetaObject::invokeMethod(
          owner, [this] { frame.start(kFrameMs); }, Qt::QueuedConnection);
    }
  }
}

Thumbnails& Thumbnails::instance() {
  static QPointer<Thumbnails> shared;
  if (!shared) shared = new Thumbnails(kBudget, 2, QCoreApplication::instance());
  return *shared;
}

Thumbnails::Thumbnails(qsizetype budget, int threads, QObject* parent)
    : QObject(parent), impl_(std::make_unique<Impl>(budget)) {
  impl_->pool.setMaxThreadCount(threads);
  impl_->pool.setThreadPriority(QThread::LowPriority);
  impl_->frame.setSingleShot(true);
  impl_->frame.setTimerType(Qt::PreciseTimer);
  connect(&impl_->frame, &QTimer::timeout, this, &Thumbnails::deliver);
}

Thumbnails::~Thumbnails() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->queue.clear();
  }
  impl_->pool.waitForDone();
}

const Thumbnail* Thumbnails::find(const QString& file, int side) const {
  return impl_->cache.object(Key{file, side});
}

const Thumbnail* Thumbnails::findAny(const QString& file, int side) const {
  if (const Thumbnail* exact = find(file, side)) return exact;
  for (const int other : impl_->sides) {
    if (const Thumbnail* found = find(file, other)) return found;
  }
  return nullptr;
}

void Thumbnails::want(const QObject* client, const QStringList& files, int side) {
  if (!impl_->wanted.contains(client)) {
    connect(client, &QObject::destroyed, this, [this, client] {
      impl_->wanted.remove(client);
      impl_->rebuildQueue();
    });
  }
  auto& keys = impl_->wanted[client];
  keys.clear();
  const qsizetype room = std::max<qsizetype>(1, impl_->cache.maxCost() / (qsizetype{4} * side * side));
  for (const QString& file : files.first(std::min(files.size(), room))) {
    Key key{file, side};
    if (!impl_->cache.contains(key)) keys.push_back(std::move(key));
  }
  if (!files.isEmpty()) impl_->rememberSide(side);
  impl_->rebuildQueue();
  impl_->startWorkers(this);
}

int Thumbnails::pending() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<int>(impl_->queue.size()) + static_cast<int>(impl_->in_flight.size());
}

qsizetype Thumbnails::bytes() const {
  return impl_->cache.totalCost();
}
qsizetype Thumbnails::budget() const {
  return impl_->cache.maxCost();
}

void Thumbnails::setExif(ExifPolicy policy) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->exif == policy) return;
    impl_->exif = policy;
  }
  clear();
}

void Thumbnails::clear() {
  impl_->cache.clear();
  for (auto& keys : impl_->wanted) keys.clear();
  {
    const std::lock_guard lock(impl_->mutex);
    ++impl_->generation;
    impl_->queue.clear();
    impl_->in_flight.clear();
    impl_->results.clear();
  }
  Q_EMIT cleared();
}

void Thumbnails::deliver() {
  std::vector<Decoded> results;
  quint64 generation = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    results.swap(impl_->results);
    impl_->announced = false;
    generation = impl_->generation;
    for (const Decoded& decoded : results) {
      if (decoded.generation == generation) impl_->in_flight.remove(decoded.key);
    }
  }
  for (Decoded& decoded : results) {
    if (decoded.generation != generation) continue;
    const qsizetype cost = std::max<qsizetype>(1, decoded.image.sizeInBytes());
    auto* thumbnail = new Thumbnail(std::move(decoded.facts));
    thumbnail->pixmap = QPixmap::fromImage(std::move(decoded.image));
    impl_->cache.insert(decoded.key, thumbnail, cost);  // takes ownership
  }
  if (!results.empty()) Q_EMIT ready();
}

}  // namespace panicle::ui
