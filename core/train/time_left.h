// How long a run still takes, from how long its epochs took so far.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/base/json.h"

namespace panicle {

// Epochs that cost the same: those of one fit.
struct PlannedFit {
  int epochs = 1;
  bool frozen = false;       // the body does not learn: the way back costs less
  double pixels = 1;         // of an image
  std::size_t train_images = 0;  // of an epoch
  std::size_t valid_images = 0;
};

struct TimePlan {
  std::vector<PlannedFit> fits;
  // What is predicted once all fits are done, at the size of the last: images, each as often as it is predicted.
  std::size_t predicted_images = 0;
};

// What an epoch costs is taken from the newest epoch of its fit; of a fit that has not begun, from the one most like it, by pixels
// and by whether the body learns.
class TimeLeft {
 public:
  explicit TimeLeft(TimePlan plan);

  void beginEpoch(std::size_t fit);  // index into the plan
  void trained(std::size_t images, double seconds);    // a batch
  void validated(std::size_t images, double seconds);  // a batch, or a whole pass
  void endEpoch();
  void endFit();  // also when epochs of it were left out

  double seconds() const;  // below 0 while nothing is known

  // What was measured, by another with the same plan.
  Json state() const;
  void setState(const Json& state);

 private:
  // Seconds for an image, by the newest epoch that tells it.
  struct Cost {
    std::size_t images = 0;
    double seconds = 0;
    std::optional<double> before;  // of the epoch before this one

    void add(std::size_t count, double took);
    void beginEpoch();
    std::optional<double> perImage() const;
  };
  struct FitCost {
    Cost train, valid;
    int epochs = 0;  // done
    bool over = false;
  };

  std::optional<double> trainCost(std::size_t fit) const;
  std::optional<double> validCost(std::size_t fit) const;

  TimePlan plan_;
  std::vector<FitCost> costs_;
  std::size_t current_ = 0;
  bool inEpoch_ = false;
  bool unplanned_ = false;  // a fit was begun that the plan does not have: nothing can be told
  std::size_t warmUp_;
  std::size_t trainedImages_ = 0, validatedImages_ = 0;  // of the epoch in work
};

}  // namespace panicle
