// Opens a data set in the Data page, scrolls it for some seconds and prints what a person would feel: time to
// the first thumbnails, time of the census, the longest waits of the event loop, memory. The process holds
// all that the window holds, LibTorch too.
//
//   tests/bench/make_full_size.sh SAMPLE_DIR /tmp/paddy_full      (once)
//   xvfb-run -a -s "-screen 0 1280x800x24" scroll_bench /tmp/paddy_full [--seconds 10] [--size 1280x800]
//   [--shots DIR]
//
// --shots saves pictures of the page, light and dark, into DIR and does not measure.
#include <QAbstractScrollArea>
#include <QApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QPixmap>
#include <QScrollBar>
#include <QTemporaryDir>
#include <QTimer>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "core/runs/run_store.h"
#include "ui/data/data_page.h"
#include "ui/shared/page.h"
#include "ui/shared/photo_grid.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/thumbnails.h"

namespace panicle::ui {
namespace {

constexpr int kFrameMs = 16;

double megabytes(const char* key) {
  QFile status(QStringLiteral("/proc/self/status"));
  if (!status.open(QIODevice::ReadOnly)) return 0;
  for (const QByteArray& line : status.readAll().split('\n')) {
    if (line.startsWith(key))
      return line.mid(line.indexOf(':') + 1).simplified().split(' ').front().toDouble() * 1024 / 1e6;
  }
  return 0;
}

double threadMs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// How long the event loop was away between two beats of a timer that would fire all the time; and the part of
// it that was this thread's own work, which other programs on the machine do not change.
class Heartbeat {
 public:
  explicit Heartbeat(QObject* context) {
    timer_.setTimerType(Qt::PreciseTimer);
    timer_.setInterval(1);
    QObject::connect(&timer_, &QTimer::timeout, context, [this] { beat(); });
  }
  void start() {
    gaps_.clear();
    work_.clear();
    clock_.start();
    work_before_ = threadMs();
    timer_.start();
  }
  void print(const char* what) {
    timer_.stop();
    if (gaps_.empty()) return;
    std::printf("%-26s worst %6.1f ms, 99th percentile %5.1f ms; own work %5.1f and %5.1f ms (%zu beats)\n",
                what, percentile(gaps_, 1), percentile(gaps_, 0.99), percentile(work_, 1),
                percentile(work_, 0.99), gaps_.size());
  }

 private:
  void beat() {
    gaps_.push_back(static_cast<double>(clock_.nsecsElapsed()) / 1e6);
    clock_.start();
    const double now = threadMs();
    work_.push_back(now - work_before_);
    work_before_ = now;
  }
  static double percentile(std::vector<double>& values, double share) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size()))) - 1];
  }

  QTimer timer_;
  QElapsedTimer clock_;
  double work_before_ = 0;
  std::vector<double> gaps_;
  std::vector<double> work_;
};

void waitUntil(const std::function<bool()>& done, int limit_ms) {
  QElapsedTimer clock;
  clock.start();
  while (!done() && clock.elapsed() < limit_ms)
    QCoreApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 5);
}

void waitFor(int ms) {
  waitUntil([] { return false; }, ms);
}

struct Options {
  QString root;
  int seconds = 10;
  QSize size{1280, 800};
  QString shots;
};

Options parse(const QStringList& arguments) {
  Options options;
  for (int i = 1; i < arguments.size(); ++i) {
    const QString& argument = arguments[i];
    const QString value = i + 1 < arguments.size() ? arguments[i + 1] : QString();
    if (argument == QStringLiteral("--seconds")) {
      options.seconds = value.toInt();
    } else if (argument == QStringLiteral("--size")) {
      const QStringList sides = value.split(QLatin1Char('x'));
      if (sides.size() == 2) options.size = QSize(sides[0].toInt(), sides[1].toInt());
    } else if (argument == QStringLiteral("--shots")) {
      options.shots = value;
    } else {
      options.root = argument;
      continue;
    }
    ++i;
  }
  return options;
}

// One way of scrolling for a while; `step(seconds)` gives the scroll bar's next value.
void scroll(QScrollBar* bar, const char* what, int seconds, Heartbeat& heart,
            const std::function<int(double)>& step) {
  QTimer frame;
  QElapsedTimer clock;
  QObject::connect(&frame, &QTimer::timeout, bar,
                   [&] { bar->setValue(step(static_cast<double>(clock.elapsed()) / 1000)); });
  clock.start();
  heart.start();
  frame.start(kFrameMs);
  waitFor(seconds * 1000);
  frame.stop();
  heart.print(what);
}

void measure(Session& session, Page& page, const Options& options) {
  auto* grid = page.findChild<PhotoGrid*>();
  QScrollBar* bar = grid->view()->verticalScrollBar();
  Heartbeat heart(&page);
  QElapsedTimer clock;
  double listed = -1;
  double first = -1;
  double counted = -1;
  QObject::connect(&session, &Session::datasetChanged, &page,
                   [&] { listed = static_cast<double>(clock.elapsed()); });
  QObject::connect(&session, &Session::censusChanged, &page,
                   [&] { counted = static_cast<double>(clock.elapsed()); });
  QObject::connect(&Thumbnails::instance(), &Thumbnails::ready, &page, [&] {
    if (first < 0)
      QTimer::singleShot(0, &page, [&] { first = first < 0 ? static_cast<double>(clock.elapsed()) : first; });
  });
  std::printf("resident before opening      %6.0f MB\n", megabytes("VmRSS"));
  heart.start();
  clock.start();
  session.openDataset(options.root);
  waitUntil([&] { return first >= 0 && Thumbnails::instance().pending() == 0; }, 60'000);
  std::printf("listed %.0f ms, first thumbnails %.0f ms, first screens complete %lld ms after opening\n",
              listed, first, static_cast<long long>(clock.elapsed()));
  waitUntil([&] { return counted >= 0; }, 300'000);
  std::printf("%d photos; census %.2f s after the list was there\n", grid->count(),
              (counted - listed) / 1000);
  waitFor(1500);
  heart.print("event loop while opening");
  const int part = std::max(1, options.seconds / 3);
  scroll(bar, "wheeling, 1500 px/s", part, heart, [](double s) { return static_cast<int>(1500 * s); });
  scroll(bar, "fast drag, whole length", part, heart,
         [&](double s) { return static_cast<int>(bar->maximum() * s / part); });
  std::uint32_t state = 1;
  scroll(bar, "jumping about", part, heart, [&](double) {
    state = state * 1664525U + 1013904223U;
    return static_cast<int>(
        (static_cast<std::uint64_t>(state) * static_cast<std::uint64_t>(bar->maximum())) >> 32U);
  });
  waitUntil([] { return Thumbnails::instance().pending() == 0; }, 10'000);
  std::printf("resident %.0f MB, at its peak %.0f MB; thumbnails %.0f MB\n", megabytes("VmRSS"),
              megabytes("VmHWM"), static_cast<double>(Thumbnails::instance().bytes()) / 1e6);
}

void saveShots(Session& session, Page& page, const Options& options) {
  auto* grid = page.findChild<PhotoGrid*>();
  const auto save = [&](const char* name) {
    waitFor(600);
    waitUntil([] { return Thumbnails::instance().pending() == 0; }, 10'000);
    waitFor(100);
    page.grab().save(QStringLiteral("%1/%2.png").arg(options.shots, QLatin1StringView(name)));
  };
  save("empty");
  session.openDataset(options.root);
  waitUntil([&] { return session.census() != nullptr; }, 300'000);
  Theme::instance().use(ThemeChoice::Light);
  save("light");
  Theme::instance().use(ThemeChoice::Dark);
  save("dark");
  grid->setCurrent(3);
  Q_EMIT grid->activated(3);
  save("large");
  page.leaveDrillDown();
  Theme::instance().use(ThemeChoice::System);
}

int run(int argc, char** argv) {
  QApplication application(argc, argv);
  const Options options = parse(QApplication::arguments());
  if (options.root.isEmpty()) {
    std::fprintf(stderr, "usage: scroll_bench DATASET [--seconds N] [--size WxH] [--shots DIR]\n");
    return 2;
  }
  Theme::instance().use(ThemeChoice::System);
  const QTemporaryDir workspace;
  Session session(std::make_unique<RunStore>(std::filesystem::path(workspace.path().toStdString())));
  const std::unique_ptr<Page> page(makeDataPage(session, nullptr));
  page->resize(options.size);
  page->show();
  waitFor(300);
  if (options.shots.isEmpty()) {
    measure(session, *page, options);
  } else {
    saveShots(session, *page, options);
  }
  return 0;
}

}  // namespace
}  // namespace panicle::ui

int main(int argc, char** argv) {
  return panicle::ui::run(argc, argv);
}
