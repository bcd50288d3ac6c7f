#include "ui/frame/cache_action.h"

#include <QAction>
#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>

#include "core/loader/presize_cache.h"
#include "ui/shared/jobs.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("CacheAction", text);
}

std::filesystem::path folderOf(Session& session) {
  return presizeFolder(session.store().workspace());
}

QString contents(const std::vector<CachedPack>& packs) {
  QStringList lines;
  for (const CachedPack& pack : packs) {
    const QString used = QLocale().toString(QDateTime::fromSecsSinceEpoch(pack.used), QLocale::ShortFormat);
    lines << tr("%1: %2 photos, %3, last used %4")
                 .arg(QString::fromStdString(pack.what), formatCount(pack.photos), formatBytes(pack.bytes),
                      used);
  }
  return lines.join(QLatin1Char('\n'));
}

void clear(Session& session, QObject* context) {
  session.jobs().start(
      context, tr("Removing the presize cache"),
      [folder = folderOf(session)](std::stop_token, const Progress&) { return clearCache(folder); },
      [](std::uint64_t) {});
}

void ask(Session& session, QWidget* window) {
  const std::filesystem::path folder = folderOf(session);
  const QString size = formatBytes(cacheBytes(folder));
  auto* box = new QMessageBox(QMessageBox::Question, tr("Clear the presize cache"),
                              tr("This sets %1 of disk free. Nothing is lost: the next run decodes the "
                                 "photos again in its first epoch.")
                                  .arg(size),
                              QMessageBox::NoButton, window);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setInformativeText(contents(listCache(folder)));
  QPushButton* keep = box->addButton(tr("Keep it"), QMessageBox::RejectRole);
  QPushButton* remove = box->addButton(tr("Clear %1").arg(size), QMessageBox::DestructiveRole);
  keep->setToolTip(tr("Leaves the cache as it is"));
  remove->setToolTip(
      tr("Removes the resized photos of all runs of this workspace; harmless while a run reads them"));
  box->setDefaultButton(keep);
  box->setEscapeButton(keep);
  QObject::connect(remove, &QPushButton::clicked, window, [&session, window] { clear(session, window); });
  box->open();
}

}  // namespace

QAction* addCacheAction(QMenu* menu, Session& session, QWidget* window) {
  auto* action = new QAction(window);
  menu->addAction(action);
  const auto refresh = [action, &session] {
    const std::uint64_t bytes = cacheBytes(folderOf(session));
    action->setEnabled(bytes > 0);
    action->setText(bytes > 0 ? tr("Clear presize cache (%1)…").arg(formatBytes(bytes))
                              : tr("Clear presize cache…"));
    action->setToolTip(
        bytes > 0 ? tr("Removes the resized photos that runs keep on disk, to read them from the second "
                       "epoch on instead of decoding again")
                  : tr("There is no presize cache: runs that have kept resized photos on disk make it"));
  };
  QObject::connect(menu, &QMenu::aboutToShow, action, refresh);
  QObject::connect(&session.runs(), &RunController::ended, action, refresh);
  QObject::connect(action, &QAction::triggered, window, [&session, window] { ask(session, window); });
  refresh();
  return action;
}

}  // namespace panicle::ui
