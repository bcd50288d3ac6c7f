// The line icons of resources/icons: one stroke, drawn in the colour of the text around them.
#include <QFile>
#include <QHash>
#include <QIconEngine>
#include <QPainter>
#include <QPixmap>
#include <QSvgRenderer>

#include "ui/shared/theme.h"

// Outside any namespace, as the macro asks; a static library's resources register themselves only when called.
static void initResources() {
  Q_INIT_RESOURCE(panicle);
}

namespace panicle::ui {
namespace {

void ensureResources() {
  static const bool registered = (initResources(), true);
  Q_UNUSED(registered)
}

QByteArray iconSource(const QString& name) {
  ensureResources();
  QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// Reads the theme when it paints, so that an icon set once follows a change of theme.
class LineIconEngine : public QIconEngine {
 public:
  explicit LineIconEngine(QByteArray source) : source_(std::move(source)) {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
    QByteArray svg = source_;
    svg.replace("currentColor", color(mode).name().toLatin1());
    QSvgRenderer(svg).render(painter, rect);
  }

  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
    const QString key = QStringLiteral("%1x%2 %3").arg(size.width()).arg(size.height()).arg(color(mode).name());
    auto found = cache_.constFind(key);
    if (found == cache_.constEnd()) {
      QPixmap drawn(size);
      drawn.fill(Qt::transparent);
      QPainter painter(&drawn);
      paint(&painter, QRect(QPoint(0, 0), size), mode, state);
      painter.end();
      found = cache_.insert(key, drawn);
    }
    return *found;
  }

  QIconEngine* clone() const override { return new LineIconEngine(source_); }

 private:
  static QColor color(QIcon::Mode mode) {
    const ThemeColors& colors = Theme::instance().colors();
    if (mode == QIcon::Selected) return colors.accentText;
    return mode == QIcon::Disabled ? colors.mutedText : colors.text;
  }

  QByteArray source_;
  QHash<QString, QPixmap> cache_;
};

}  // namespace

QIcon lineIcon(const QString& name) {
  return QIcon(new LineIconEngine(iconSource(name)));
}

QIcon applicationIcon() {
  ensureResources();
  return QIcon(QStringLiteral(":/icons/panicle.svg"));
}

}  // namespace panicle::ui
