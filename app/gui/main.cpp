// The desktop program: command line, workspace, window.
#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QFileInfo>
#include <QIcon>
#include <QMessageBox>
#include <exception>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "core/base/log.h"
#include "core/models/kernels.h"
#include "core/runs/run_store.h"
#include "ui/frame/main_window.h"
#include "ui/frame/pages.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace {

using namespace panicle;

struct Options {
  QString open;
  QString workspace;
  QString page;
  std::optional<ui::ThemeChoice> theme;
};

[[noreturn]] void usageError(const QString& message) {
  spdlog::error("{} See panicle --help.", message.toStdString());
  std::exit(2);
}

Options parseOptions(const QApplication& app) {
  QStringList pages;
  for (const ui::PageEntry& entry : ui::pageEntries()) pages << entry.id;
  QCommandLineParser parser;
  parser.setApplicationDescription(QObject::tr("A desktop workbench for image-classification experiments."));
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument(QStringLiteral("data"), QObject::tr("Folder of labelled photos, or a CSV, to open."),
                               QStringLiteral("[FOLDER|CSV]"));
  const QCommandLineOption workspace(QStringLiteral("workspace"), QObject::tr("Where runs are kept (default: $PANICLE_WORKSPACE, else ~/Panicle)."),
                                     QStringLiteral("FOLDER"));
  const QCommandLineOption page(QStringLiteral("page"), QObject::tr("Page to show: %1.").arg(pages.join(QStringLiteral(", "))),
                                QStringLiteral("NAME"));
  const QCommandLineOption theme(QStringLiteral("theme"), QObject::tr("light or dark, this time (default: as chosen in the View menu)."),
                                 QStringLiteral("NAME"));
  parser.addOptions({workspace, page, theme});
  parser.process(app);

  Options options{.open = parser.positionalArguments().value(0), .workspace = parser.value(workspace), .page = parser.value(page), .theme = {}};
  if (parser.positionalArguments().size() > 1) usageError(QObject::tr("One folder or CSV can be opened at a time."));
  if (!options.page.isEmpty() && !pages.contains(options.page)) {
    usageError(QObject::tr("There is no page '%1'; there are %2.").arg(options.page, pages.join(QStringLiteral(", "))));
  }
  if (parser.isSet(theme)) {
    const QString name = parser.value(theme);
    if (name != QStringLiteral("light") && name != QStringLiteral("dark")) {
      usageError(QObject::tr("The theme is light or dark, not '%1'.").arg(name));
    }
    options.theme = name == QStringLiteral("dark") ? ui::ThemeChoice::Dark : ui::ThemeChoice::Light;
  }
  return options;
}

// What to show first: what the command line says, else what this workspace had open last, else the start page.
void openFirst(ui::MainWindow& window, const ui::Session& session, const Options& options) {
  const QString page = options.page.isEmpty() ? window.rememberedPage() : options.page;
  const QString last = QString::fromStdString(session.recipe().data.root);
  if (!options.open.isEmpty()) {
    window.open(options.open, options.page.isEmpty() ? QStringLiteral("data") : options.page);
  } else if (!last.isEmpty() && QFileInfo::exists(last)) {
    window.open(last, page);
  }
  if (!options.page.isEmpty()) window.showPage(options.page);
}

}  // namespace

int main(int argc, char** argv) {
  useBestKernels(argv);
  initLogging();
  QApplication app(argc, argv);
  QApplication::setApplicationName(QStringLiteral("panicle"));
  QApplication::setApplicationDisplayName(QStringLiteral("Panicle"));
  QApplication::setApplicationVersion(QStringLiteral(PANICLE_VERSION));
  QGuiApplication::setDesktopFileName(QStringLiteral("panicle"));
  const Options options = parseOptions(app);

  ui::Theme& theme = ui::Theme::instance();
  theme.use(options.theme.value_or(theme.choice()));
  QApplication::setWindowIcon(ui::applicationIcon());

  std::unique_ptr<RunStore> store;
  try {
    store = std::make_unique<RunStore>(options.workspace.isEmpty() ? defaultWorkspace()
                                                                   : std::filesystem::path(QDir().absoluteFilePath(options.workspace).toStdString()));
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    QMessageBox::critical(nullptr, QObject::tr("Panicle cannot start"), QString::fromUtf8(error.what()));
    return 1;
  }
  ui::Session session(std::move(store));
  ui::MainWindow window(session);
  window.show();
  openFirst(window, session, options);
  return QApplication::exec();
}
