// Source: fastai.callback.schedule.LRFinder.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/base/error.h"
#include "core/train/trainer.h"

namespace panicle {
namespace {

constexpr int kFewestIterations = 6;
constexpr double kDiverged = 4;  // times the best smoothed loss

// Points come one after the other; says when it is enough.
class SweepCurve {
 public:
  SweepCurve(const LrSweepOptions& options, const std::function<void(const LrPoint&)>& onPoint)
      : options_(options), onPoint_(onPoint), iterations_(std::max(options.num_it, kFewestIterations)) {}

  double lr() const {
    return options_.start_lr * std::pow(options_.end_lr / options_.start_lr, static_cast<double>(iteration_) / iterations_);
  }

  // False when the sweep is over.
  bool add(float loss) {
    smooth_.add(loss);
    const LrPoint point{iteration_, lr(), loss, smooth_.value()};
    onPoint_(point);
    ++iteration_;
    best_ = std::min(best_, point.smooth_loss);
    if (!std::isfinite(point.smooth_loss)) {
      ended_ = "the loss was no finite number any more at " + rateText(point.lr);
    } else if (options_.stop_div && point.smooth_loss > kDiverged * best_) {
      ended_ = "the loss passed 4 times its best at a rate of " + rateText(point.lr);
    } else if (iteration_ == iterations_) {
      ended_ = std::to_string(iterations_) + " steps";
    }
    return ended_.empty();
  }

  bool begun() const { return iteration_ > 0; }
  const std::string& ended() const { return ended_; }

 private:
  static std::string rateText(double rate) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2g", rate);
    return text;
  }

  const LrSweepOptions& options_;
  const std::function<void(const LrPoint&)>& onPoint_;
  int iterations_;
  int iteration_ = 0;
  double best_ = std::numeric_limits<double>::infinity();
  SmoothLoss smooth_;
  std::string ended_;
};

}  // namespace

// What a sweep changes is put back when it ends, however it ends.
class Trainer::Sweeping {
 public:
  explicit Sweeping(Trainer& trainer)
      : trainer_(trainer),
        weights_(*trainer.model_),
        optimizer_(trainer.steps_.optimizer().saveState()),
        frozen_(trainer.frozenGroups_) {}

  ~Sweeping() {
    trainer_.freeze(frozen_);
    weights_.restore();
    trainer_.steps_.optimizer().restoreState(*optimizer_);
    trainer_.steps_.optimizer().zeroGrad();
  }
  Sweeping(const Sweeping&) = delete;
  Sweeping& operator=(const Sweeping&) = delete;

 private:
  Trainer& trainer_;
  ModelCopy weights_;
  std::shared_ptr<const Optimizer::State> optimizer_;
  std::size_t frozen_;
};

std::string Trainer::sweep(const LrSweepOptions& options, const StageFit& stage, Loader& loader, const FitData& data,
                           const std::vector<Sample>& samples, const std::function<void(const LrPoint&)>& onPoint) {
  const Sweeping sweeping(*this);
  const Objective objective(targets_, stage.loss, data.train, device_);
  freeze(stage.phases.front().frozen_groups);
  GradientStep& gradients = steps_.gradients();
  gradients.beginFit(stage.batch);
  model_->train();
  SweepCurve curve(options, onPoint);
  Batch batch;
  double sum = 0;
  std::size_t images = 0;
  std::uint64_t step = 0;
  for (int epoch = 0;; ++epoch) {
    loader.begin(trainPass(stage, data, epoch));
    const std::size_t batches = loader.batchCount();
    const std::uint64_t before = step;
    for (std::size_t index = 1; index <= batches; ++index) {
      control_.waitWhilePaused();
      if (!loader.next(batch, control_.token())) break;
      reportBad(batch);
      if (batch.count < 2) continue;  // batch norm needs two values
      const auto loss = lossOf(batch, index, stage, objective, loader.pipeline(), static_cast<std::uint64_t>(epoch), step++);
      const auto count = static_cast<std::size_t>(batch.count);
      const StepRates rates{std::vector<double>(groups_, curve.lr()), std::nullopt};
      const GradientStep::Result result = gradients.add(loss, count, rates, index == batches);
      if (!std::isfinite(result.loss) && !curve.begun()) failNotFinite(batch, samples, "at the first rate");
      sum += static_cast<double>(result.loss) * batch.count;
      images += count;
      const bool gathering = options_.fidelity == Fidelity::Default && !result.due() && std::isfinite(result.loss);
      if (gathering) continue;
      if (!curve.add(static_cast<float>(sum / static_cast<double>(images)))) return curve.ended();
      sum = 0;
      images = 0;
    }
    if (step == before) throw Error("there is no batch to sweep with; take a smaller batch.size");
  }
}

}  // namespace panicle
