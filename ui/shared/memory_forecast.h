// What a run of the recipe would take of the memory of the device that it would be trained on, told anew after
// every change. Lives on the GUI thread; plans in jobs.
#pragma once

#include <QObject>
#include <QString>
#include <QTimer>
#include <functional>
#include <optional>

#include "core/data/dataset.h"
#include "core/memory/meter.h"
#include "core/runs/memory_plan.h"

namespace panicle::ui {

class Jobs;
class MemoryProfiles;

// The parts of a spec that its memory depends on, with defaults for the others (data, seed, weights ...): two
// specs alike in these take the same. Its folder exists, so that check() has nothing to say of it.
RunSpec memorySpec(const RunSpec& spec);

// What the head of a network for `recipe` gives: a number for each class of the label and of the further targets.
// With no data set open, those of ten classes.
std::int64_t headOutputs(const Dataset* dataset, const RunSpec& recipe);

class MemoryForecast : public QObject {
  Q_OBJECT
 public:
  using Predict = std::function<RunPlan(const RunSpec&, std::int64_t outputs, const DeviceProfile&, std::stop_token)>;

  MemoryForecast(Jobs& jobs, MemoryProfiles& profiles, Predict predict = predictRun(), QObject* parent = nullptr);

  void start();  // nothing is planned before
  void setRecipe(const RunSpec& recipe, std::int64_t outputs);
  void setReading(const MemoryReading& reading);  // for what other processes hold

  const RunPlan* plan() const;           // null while none is known
  const DeviceProfile& profile() const;  // that plan() is for
  quint64 others() const;                // what other processes hold of it, bytes
  Fit fit() const { return fit_; }       // Fits while no plan is known
  bool behind() const { return behind_; }     // plan() is of a recipe before, and the new one takes its time
  const QString& problem() const { return problem_; }  // why there is no plan, or ""

  // A run of the recipe begins, with the plan as it is; and it is over.
  void keepForRun();
  void forgetRun();
  const RunPlan* runPlan() const;            // of the run in progress; null where none is on, or it began without
  // What a meter marks, bytes of the process: the peak of the run in progress, else the recipe's.
  std::optional<quint64> expected() const;

  // Whether a run may be started now: always, but that a recipe that does not fit has to be started twice.
  bool mayStart();
  bool refused() const { return refused_ && fit_ == Fit::No; }  // mayStart() has said no: the next time it says yes

 Q_SIGNALS:
  void changed();

 private:
  struct Planned {
    RunPlan plan;
    DeviceProfile profile;
  };

  static Predict predictRun();
  void ask();
  void request(const DeviceProfile& profile);
  void take(Planned planned);
  void fail(const QString& problem);
  void judgeAgain();

  Jobs& jobs_;
  MemoryProfiles& profiles_;
  Predict predict_;
  bool started_ = false;
  RunSpec recipe_;
  std::int64_t outputs_ = 0;
  QTimer delay_;
  QTimer patience_;
  quint64 job_ = 0;
  std::optional<Planned> planned_;
  std::optional<RunPlan> run_;
  QString problem_;
  MemoryReading reading_;
  Fit fit_ = Fit::Fits;
  bool behind_ = false;
  bool refused_ = false;
};

}  // namespace panicle::ui
