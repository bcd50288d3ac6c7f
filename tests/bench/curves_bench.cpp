// How fluid the curves of a long run are: the Train page's plots with --steps batches of a run and as many of another
// beneath. Prints for how long (in its own processor time) the window's thread is busy with each thing that a user
// does. Exit status 1 when one of them blocks the window for 50 ms or more in 99 of 100 times.
//
//   curves_bench [--steps 100000] [--png FILE]
#include <QApplication>
#include <QCommandLineParser>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <random>

#include "ui/shared/plot_canvas.h"
#include "ui/shared/theme.h"
#include "ui/train/run_curves.h"

namespace {

using namespace panicle;
using namespace panicle::ui;

constexpr double kLimitMs = 50;
constexpr int kEpochs = 20;

std::vector<StepRow> makeSteps(std::uint64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.25);
  std::vector<StepRow> steps;
  const double end = seed % 2 ? 0.1 : 0.6;  // runs differ
  double smooth = 2.3;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const double position = static_cast<double>(i) / static_cast<double>(count);
    const double loss = std::max(0.0, end + 2.2 * std::exp(-4 * position) + noise(random));
    smooth = 0.98 * smooth + 0.02 * loss;
    steps.push_back({i, loss, smooth, 1e-3 * (1 - std::cos(6.28 * position)), 0.95 - 0.1 * std::sin(3.14 * position)});
  }
  return steps;
}

RunRecord makeRecord(const std::vector<StepRow>& steps) {
  RunRecord record;
  for (int i = 0; i < kEpochs; ++i) {
    EpochRow row;
    row.epoch = i;
    row.train_loss = steps[steps.size() * static_cast<std::size_t>(i + 1) / kEpochs - 1].smooth_loss;
    row.valid_loss = row.train_loss + 0.1;
    row.metrics = {{"error_rate", 0.5 / (i + 1)}, {"accuracy", 1 - 0.5 / (i + 1)}};
    record.epochs.push_back(row);
  }
  return record;
}

// Milliseconds that this thread has worked: what else the machine does is not in it.
double busyMs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// Times of each of `count` actions with all that the event loop does because of it, until the plot was redrawn where it
// will be: the longest stretch that the window could not answer in.
bool measure(const char* what, int count, const PlotCanvas* redrawn, const std::function<void(int)>& act) {
  std::vector<double> blocks;
  for (int i = 0; i < count; ++i) {
    const int before = redrawn ? redrawn->redraws() : 0;
    double longest = 0;
    const auto timed = [&longest](const std::function<void()>& work) {
      const double begin = busyMs();
      work();
      longest = std::max(longest, busyMs() - begin);
    };
    timed([&] { act(i); });
    do {
      timed([] { QCoreApplication::processEvents(); });
    } while (redrawn && redrawn->redraws() == before);
    timed([] { QCoreApplication::processEvents(); });
    blocks.push_back(longest);
  }
  std::sort(blocks.begin(), blocks.end());
  const auto at = [&](double share) { return blocks[static_cast<std::size_t>(share * static_cast<double>(blocks.size() - 1) + 0.5)]; };
  std::printf("%-44s 50 %% %6.2f ms, 99 %% %6.2f ms, longest %6.2f ms\n", what, at(0.5), at(0.99), blocks.back());
  return at(0.99) < kLimitMs;
}

bool measureAll(RunCurves& curves, std::uint64_t steps) {
  PlotCanvas* loss = curves.loss();
  bool fluid = measure("a batch arrives", 100, loss, [&](int i) {
    BatchEnded batch;
    batch.step = steps + 1 + static_cast<std::uint64_t>(i);
    batch.loss = batch.smooth_loss = 0.1;
    batch.lr = 1e-4;
    batch.momentum = 0.9;
    curves.add(batch);
  });
  const auto& windows = smoothingWindows();
  fluid &= measure("the smoothing slider moves", 100, loss,
                   [&](int i) { curves.setSmoothing(windows[static_cast<std::size_t>(i) % windows.size()]); });
  fluid &= measure("the cursor moves", 300, nullptr, [&](int i) {
    const QPointF at(60 + i, 60);
    auto* plot = loss->findChild<QWidget*>();
    QMouseEvent move(QEvent::MouseMove, at, plot->mapToGlobal(at), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
    QCoreApplication::sendEvent(plot, &move);
  });
  fluid &= measure("zoom", 40, loss, [&](int i) {
    QKeyEvent key(QEvent::KeyPress, i < 20 ? Qt::Key_Plus : Qt::Key_Minus, Qt::NoModifier);
    QCoreApplication::sendEvent(loss, &key);
  });
  return fluid;
}

}  // namespace

int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  QCommandLineParser arguments;
  arguments.addHelpOption();
  arguments.addOption({QStringLiteral("steps"), {}, QStringLiteral("count"), QStringLiteral("100000")});
  arguments.addOption({QStringLiteral("png"), QStringLiteral("writes the picture"), QStringLiteral("file")});
  arguments.process(application);
  const auto count = arguments.value(QStringLiteral("steps")).toULongLong();
  Theme::instance().use(ThemeChoice::Light);

  RunCurves curves;
  curves.resize(1600, 900);
  curves.show();
  const auto timed = [](const char* what, const auto& work) {
    const double begin = busyMs();
    work();
    std::printf("%-44s %.2f ms\n", what, busyMs() - begin);
  };
  const std::vector<StepRow> steps = makeSteps(count, 1), others = makeSteps(count, 2);
  RunSeries series;
  timed("read of the store's rows (not in the window)", [&] { series = RunSeries(makeRecord(steps), steps); });
  timed("the run is shown", [&] { curves.setRun(series); });
  const auto reference = std::make_shared<const RunSeries>(makeRecord(others), others);
  timed("another is laid beneath", [&] { curves.setReference(reference, QStringLiteral("run 3")); });
  const bool fluid = measureAll(curves, count);
  std::printf("drawing takes %.2f ms (loss), %.2f ms (rates); %llu steps a run\n", curves.loss()->redrawMs(), curves.rate()->redrawMs(),
              static_cast<unsigned long long>(count));
  if (arguments.isSet(QStringLiteral("png"))) curves.grab().save(arguments.value(QStringLiteral("png")));
  return fluid ? 0 : 1;
}
