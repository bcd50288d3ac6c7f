// Whether a run trains as fast in the window as without one: the same run is trained by turns with the Train
// page open, as a user watches it, and by execute() alone, as panicle-cli does; the fastest epochs
// (validation included, the first of each run left out: it decodes the photos) are compared, as other work
// only ever slows. Beside train_loop, which compares the latter with the bare arithmetic. Exit status 1 when
// an epoch in the window takes more than 1.03 times one without.
//
//   train_loop_gui DATA [--rounds 3] [--epochs 4] [--arch resnet18] [--size 128] [--batch 32]
#include <QApplication>
#include <QCommandLineParser>
#include <QMainWindow>
#include <QTemporaryDir>
#include <algorithm>
#include <cstdio>
#include <limits>

#include "core/models/kernels.h"
#include "core/runs/execute.h"
#include "ui/shared/page.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/train/train_page.h"

namespace {

using panicle::EpochEnded;
using panicle::ui::RunController;

constexpr double kLimit = 1.03;

// The fastest epoch of some runs.
class Fastest {
 public:
  void look(const panicle::TrainEvent& event) {
    const auto* epoch = std::get_if<EpochEnded>(&event);
    if (epoch && epoch->epoch > 0) seconds_ = std::min(seconds_, epoch->seconds);
  }
  double seconds() const { return seconds_; }

 private:
  double seconds_ = std::numeric_limits<double>::infinity();
};

int value(const QCommandLineParser& arguments, const char* name) {
  return arguments.value(QString::fromUtf8(name)).toInt();
}

panicle::RunSpec makeSpec(const QCommandLineParser& arguments) {
  panicle::RunSpec spec;
  spec.data.root = arguments.positionalArguments().constFirst().toStdString();
  spec.model.arch = arguments.value(QStringLiteral("arch")).toStdString();
  spec.model.weights = "none";
  const int side = value(arguments, "size");
  spec.stages[0].resize.size = {side, side};
  spec.stages[0].schedule.epochs = std::max(2, value(arguments, "epochs"));
  spec.batch.size = value(arguments, "batch");
  return spec;
}

void readArguments(QCommandLineParser& arguments, const QApplication& application) {
  arguments.addHelpOption();
  arguments.addPositionalArgument(QStringLiteral("DATA"), QStringLiteral("folder of labelled images"));
  for (const auto& [name, value] :
       {std::pair{"rounds", "3"}, {"epochs", "4"}, {"arch", "resnet18"}, {"size", "128"}, {"batch", "32"}})
    arguments.addOption({QString::fromUtf8(name), {}, QString::fromUtf8(name), QString::fromUtf8(value)});
  arguments.process(application);
  if (arguments.positionalArguments().size() != 1) arguments.showHelp(2);
}

}  // namespace

int main(int argc, char** argv) {
  panicle::useBestKernels(argv);
  QApplication application(argc, argv);
  QCommandLineParser arguments;
  readArguments(arguments, application);
  const QTemporaryDir workspace, other;
  panicle::ui::Session session(std::make_unique<panicle::RunStore>(workspace.path().toStdString()));
  panicle::ui::Theme::instance().use(panicle::ui::ThemeChoice::Light);
  session.setRecipe(makeSpec(arguments), QStringLiteral("Bench"));
  QMainWindow window;
  window.setCentralWidget(panicle::ui::makeTrainPage(session, &window));
  window.resize(1280, 800);
  window.show();

  panicle::RunStore store(other.path().toStdString());
  Fastest shown, alone;
  int rounds = value(arguments, "rounds");
  int status = 1;
  QObject::connect(&session.runs(), &RunController::events, &window,
                   [&](const std::vector<panicle::TrainEvent>& events) {
                     for (const auto& event : events) shown.look(event);
                   });
  QObject::connect(
      &session.runs(), &RunController::ended, &window,
      [&](const QString&, panicle::RunStatus, const QString& message) {
        panicle::TrainControl control;
        const auto outcome = panicle::execute(store, session.recipe(), control,
                                              [&](const panicle::TrainEvent& event) { alone.look(event); });
        const bool failed = !message.isEmpty() || outcome.status != panicle::RunStatus::Finished;
        if (failed) std::fprintf(stderr, "%s%s\n", qUtf8Printable(message), outcome.message.c_str());
        std::printf("fastest epoch so far: %.3f s in the window, %.3f s without\n", shown.seconds(),
                    alone.seconds());
        std::fflush(stdout);
        if (!failed && --rounds > 0) {
          session.runs().start(session.recipe());
          return;
        }
        const double ratio = shown.seconds() / alone.seconds();
        const bool met = !failed && ratio <= kLimit;
        std::printf("in the window over without: %.3f; at most %.2f: %s\n", ratio, kLimit,
                    met ? "met" : "missed");
        status = met ? 0 : 1;
        QApplication::quit();
      },
      Qt::QueuedConnection);
  session.runs().start(session.recipe());
  QApplication::exec();
  return status;
}
