// The File menu's "Clear presize cache": its size, the question, and that the files go.
#include "ui/frame/cache_action.h"

#include <QAction>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>
#include <memory>

#include "core/loader/presize_cache.h"
#include "tests/ui/painted_photos.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

class CacheActionTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    session_ = std::make_unique<Session>(std::make_unique<RunStore>(
        std::filesystem::path(folder_->filePath(QStringLiteral("workspace")).toStdString())));
    window_ = std::make_unique<QWidget>();
    window_->show();
    menu_ = new QMenu(window_.get());
    action_ = addCacheAction(menu_, *session_, window_.get());
  }

  void cleanup() {
    window_.reset();
    session_.reset();
    folder_.reset();
  }

  void nothingToClear() {
    QVERIFY(!action_->isEnabled());
    QVERIFY(!action_->toolTip().isEmpty());
  }

  void asksAndClears() {
    fill();
    const std::uint64_t bytes = cacheBytes(cache());
    QVERIFY(bytes > 0);
    Q_EMIT menu_->aboutToShow();
    QVERIFY(action_->isEnabled());
    QVERIFY(action_->text().contains(formatBytes(bytes)));

    QPushButton* keep = ask(QMessageBox::RejectRole);
    QVERIFY(question()->informativeText().contains(QStringLiteral("squish")));
    QVERIFY(question()->informativeText().contains(QStringLiteral("2 photos")));
    keep->click();
    QTRY_VERIFY(!question());
    QCOMPARE(cacheBytes(cache()), bytes);

    ask(QMessageBox::DestructiveRole)->click();
    QTRY_COMPARE(cacheBytes(cache()), std::uint64_t{0});
    Q_EMIT menu_->aboutToShow();
    QVERIFY(!action_->isEnabled());
  }

 private:
  std::filesystem::path cache() const { return presizeFolder(session_->store().workspace()); }
  QMessageBox* question() const { return window_->findChild<QMessageBox*>(); }

  void fill() {
    const QString photos = folder_->filePath(QStringLiteral("photos"));
    QVERIFY(paintPhotos(photos, {QStringLiteral("blast")}, 2));
    Pipeline pipeline;
    pipeline.resize = {.method = ResizeMethod::Squish, .size = {32, 32}};
    PresizeCache cached(cache(), pipeline, std::uint64_t{1} << 30);
    Image image;
    QTest::qSleep(
        100);  // a file that was just written might be written again without a trace: it is not kept
    for (const char* name : {"000.png", "001.png"}) {
      cached.loadItem(
          (photos + QStringLiteral("/train_images/blast/") + QLatin1StringView(name)).toStdString(), {}, 0,
          image);
    }
  }

  QPushButton* ask(QMessageBox::ButtonRole role) {
    action_->trigger();
    for (QAbstractButton* button : question()->buttons()) {
      if (question()->buttonRole(button) == role) return qobject_cast<QPushButton*>(button);
    }
    return nullptr;
  }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<QWidget> window_;
  QMenu* menu_ = nullptr;
  QAction* action_ = nullptr;
};

}  // namespace
}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::CacheActionTest)
#include "cache_action_test.moc"
