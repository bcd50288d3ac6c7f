// How long a click waits while a run trains on all cores: opens a window with the Train page, starts a run on
// DATA, and meanwhile posts an event to the GUI thread every few milliseconds and a click on the page every
// quarter of a second. The delay of an event is from when it was posted until it was handled; what the window
// does in between (drawing the curves, draining the run's events) is in it. Exit status 1 when the 99th
// percentile is not below 50 ms.
//
//   gui_latency_bench DATA [--seconds 30] [--arch resnet18] [--size 128] [--batch 32]
#include <QApplication>
#include <QCommandLineParser>
#include <QLineEdit>
#include <QMainWindow>
#include <QMouseEvent>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTimer>
#include <QToolButton>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "ui/shared/page.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/train/train_page.h"

namespace {

using Clock = std::chrono::steady_clock;
using panicle::ui::RunController;

constexpr auto kEventEvery = std::chrono::milliseconds(5);
constexpr int kEventsPerClick = 50;

double millisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Posts events from a thread of its own, as the window system does, and keeps their delays.
class Prober : public QObject {
 public:
  explicit Prober(QWidget& page) {
    for (auto* button : page.findChildren<QToolButton*>()) {
      if (button->isCheckable() && button->isVisible()) targets_.push_back(button);
    }
    for (auto* line : page.findChildren<QLineEdit*>()) {
      if (line->isVisible() && line->isEnabled()) targets_.push_back(line);
    }
    for (auto* table : page.findChildren<QTableWidget*>()) targets_.push_back(table->viewport());
    thread_ = std::thread([this] { probe(); });
  }

  ~Prober() override {
    stop_ = true;
    thread_.join();
  }

  void begin() { measuring_ = true; }
  std::vector<double> delays() const { return delays_; }
  std::vector<double> clickDelays() const { return clickDelays_; }

 private:
  void probe() {
    for (int i = 1; !stop_; ++i) {
      std::this_thread::sleep_for(kEventEvery);
      if (!measuring_) continue;
      const bool click = i % kEventsPerClick == 0;
      if (click) postClick(targets_[static_cast<std::size_t>(i / kEventsPerClick) % targets_.size()]);
      const auto posted = Clock::now();
      QMetaObject::invokeMethod(
          this,
          [this, posted, click] { (click ? clickDelays_ : delays_).push_back(millisecondsSince(posted)); },
          Qt::QueuedConnection);
    }
  }

  // Press and release; the event posted behind them tells when both were handled.
  static void postClick(QWidget* target) {
    const QPointF at(4, 4);
    for (const auto type : {QEvent::MouseButtonPress, QEvent::MouseButtonRelease}) {
      const Qt::MouseButtons held = type == QEvent::MouseButtonPress ? Qt::LeftButton : Qt::NoButton;
      QCoreApplication::postEvent(target,
                                  new QMouseEvent(type, at, at, Qt::LeftButton, held, Qt::NoModifier));
    }
  }

  std::vector<QWidget*> targets_;
  std::vector<double> delays_;
  std::vector<double> clickDelays_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> measuring_ = false;
  std::thread thread_;
};

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

double report(const char* what, const std::vector<double>& delays) {
  const double high = percentile(delays, 0.99);
  std::printf("%-8s %6zu events: delay 50 %% %.2f ms, 99 %% %.2f ms, longest %.2f ms\n", what, delays.size(),
              percentile(delays, 0.5), high, percentile(delays, 1));
  return high;
}

panicle::RunSpec makeSpec(const QCommandLineParser& arguments) {
  panicle::RunSpec spec;
  spec.data.root = arguments.positionalArguments().constFirst().toStdString();
  spec.model.arch = arguments.value(QStringLiteral("arch")).toStdString();
  const int side = arguments.value(QStringLiteral("size")).toInt();
  spec.stages[0].resize.size = {side, side};
  spec.stages[0].schedule.epochs = 1000;  // longer than we look
  spec.batch.size = arguments.value(QStringLiteral("batch")).toInt();
  return spec;
}

}  // namespace

int main(int argc, char** argv) {
  QApplication application(argc, argv);
  QCommandLineParser arguments;
  arguments.addHelpOption();
  arguments.addPositionalArgument(QStringLiteral("DATA"), QStringLiteral("folder of labelled images"));
  const auto option = [&](const char* name, const char* value) {
    arguments.addOption({QString::fromUtf8(name), {}, QString::fromUtf8(name), QString::fromUtf8(value)});
  };
  option("seconds", "30");
  option("arch", "resnet18");
  option("size", "128");
  option("batch", "32");
  arguments.process(application);
  if (arguments.positionalArguments().size() != 1) arguments.showHelp(2);

  const QTemporaryDir workspace;
  panicle::ui::Session session(std::make_unique<panicle::RunStore>(workspace.path().toStdString()));
  panicle::ui::Theme::instance().use(panicle::ui::ThemeChoice::Light);
  session.setRecipe(makeSpec(arguments), QStringLiteral("Bench"));
  QMainWindow window;
  window.setCentralWidget(panicle::ui::makeTrainPage(session, &window));
  window.resize(1280, 800);
  window.show();

  Prober prober(*window.centralWidget());
  std::uint64_t steps = 0;
  QObject::connect(&session.runs(), &RunController::events, &window,
                   [&](const std::vector<panicle::TrainEvent>& events) {
                     for (const auto& event : events) {
                       const auto* batch = std::get_if<panicle::BatchEnded>(&event);
                       if (!batch) continue;
                       steps = batch->step;
                       if (steps > 1) continue;
                       prober.begin();
                       QTimer::singleShot(arguments.value(QStringLiteral("seconds")).toInt() * 1000, &window,
                                          [&] { session.runs().stopNow(); });
                     }
                   });
  int status = 1;
  QObject::connect(&session.runs(), &RunController::ended, &window,
                   [&](const QString&, panicle::RunStatus, const QString& message) {
                     if (!message.isEmpty()) std::fprintf(stderr, "%s\n", qUtf8Printable(message));
                     std::printf("%llu training steps meanwhile\n", static_cast<unsigned long long>(steps));
                     const double events = report("events", prober.delays());
                     const double clicks = report("clicks", prober.clickDelays());
                     status = steps > 0 && events < 50 && clicks < 50 ? 0 : 1;
                     application.quit();
                   });
  session.runs().start(session.recipe());
  QApplication::exec();
  return status;
}
