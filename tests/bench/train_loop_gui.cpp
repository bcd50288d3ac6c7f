// Whether a run trains as fast in the window as without one: the same run of a few epochs is trained by turns
// with the Train page open, as a user watches it, and by execute() alone, as panicle-cli does; the epochs of a
// turn (validation included, the first left out: it decodes the photos) are compared with those of the turn
// that follows. Beside train_loop, which compares the latter with the bare arithmetic. Exit status 1 when the
// median epoch in the window takes more than 1.03 times the one without.
//
//   train_loop_gui [KEY=VALUE ...]        of the run: model.arch=convnext_tiny
#include <QApplication>
#include <QMainWindow>
#include <cstdio>

#include "core/base/error.h"
#include "core/models/kernels.h"
#include "core/runs/execute.h"
#include "tests/bench/bench_run.h"
#include "tests/bench/paired_ratios.h"
#include "ui/shared/page.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/train/train_page.h"

namespace {

using panicle::EpochEnded;
using panicle::bench::MedianRatio;
using panicle::ui::RunController;

constexpr double kLimit = 1.03;
constexpr int kTurns = 8;
constexpr int kEpochs = 3;

// Of the epochs after the first.
void addEpoch(const panicle::TrainEvent& event, std::vector<double>& seconds) {
  const auto* epoch = std::get_if<EpochEnded>(&event);
  if (epoch && epoch->epoch > 0) seconds.push_back(epoch->seconds);
}

// Trains by turns in the window and without; ends the application after the last.
class Turns {
 public:
  Turns(panicle::ui::Session& session, std::filesystem::path workspace) : session_(session), store_(std::move(workspace)) {
    RunController& runs = session.runs();
    QObject::connect(&runs, &RunController::events, &runs, [this](const std::vector<panicle::TrainEvent>& events) {
      for (const auto& event : events) addEpoch(event, shown_);
    });
    // Queued: the controller is done with its run by then.
    QObject::connect(
        &runs, &RunController::ended, &runs,
        [this](const QString&, panicle::RunStatus, const QString& message) { turnEnded(message.toStdString()); },
        Qt::QueuedConnection);
    runs.start(session.recipe());
  }

  bool met() const { return met_; }

 private:
  void turnEnded(std::string problem) {
    panicle::TrainControl control;
    const auto outcome = panicle::execute(store_, session_.recipe(), control,
                                          [this](const panicle::TrainEvent& event) { addEpoch(event, alone_); });
    problem += outcome.message;
    if (!problem.empty() || shown_.size() != alone_.size()) {
      std::fprintf(stderr, "error: %s\n", problem.c_str());
      return QApplication::quit();
    }
    for (std::size_t i = ratios_.size(); i < shown_.size(); ++i) {
      ratios_.push_back(shown_[i] / alone_[i]);
      std::printf("%8.3f s in the window, %8.3f s without: %.3f\n", shown_[i], alone_[i], ratios_[i]);
    }
    std::fflush(stdout);
    if (++turns_ < kTurns) return session_.runs().start(session_.recipe());
    const MedianRatio ratio = panicle::bench::medianOf(ratios_);
    met_ = ratio.median <= kLimit;
    std::printf("in the window over without, median and its 95 %% interval: %s; at most %.2f: %s\n",
                panicle::bench::words(ratio).c_str(), kLimit, met_ ? "met" : "missed");
    QApplication::quit();
  }

  panicle::ui::Session& session_;
  panicle::RunStore store_;  // of the runs without the window
  std::vector<double> shown_, alone_, ratios_;
  int turns_ = 0;
  bool met_ = false;
};

int measure(const std::vector<std::string>& settings) {
  const panicle::bench::WorkFolder folder;
  panicle::ui::Session session(std::make_unique<panicle::RunStore>(folder / "shown"));
  panicle::ui::Theme::instance().use(panicle::ui::ThemeChoice::Light);
  session.setRecipe(panicle::bench::benchSpec(settings, kEpochs, folder), QStringLiteral("Bench"));
  QMainWindow window;
  window.setCentralWidget(panicle::ui::makeTrainPage(session, &window));
  window.resize(1280, 800);
  window.show();
  const Turns turns(session, folder / "alone");
  QApplication::exec();
  return turns.met() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  panicle::useBestKernels(argv);
  QApplication application(argc, argv);
  try {
    return measure({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
