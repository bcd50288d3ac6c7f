// Follows the epochs of a fit and says what to do. Source: fastai.callback.tracker.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/train/callback_options.h"

namespace panicle {

// fastai's TrackerCallback: the best value of one column of the epoch table.
class Tracker {
 public:
  Tracker(std::string monitor, double min_delta);

  void beginFit();
  // `values` are the columns by name. True when this epoch is the best of the fit; a value that is not a number, or is not there, never is.
  bool improves(const std::map<std::string, double>& values);
  int epochsSince() const { return since_; }  // the last improvement
  void forgive() { since_ = 0; }

  Json state() const;
  void setState(const Json& state);

  const std::string& monitor() const { return monitor_; }

 private:
  std::string monitor_;
  double minDelta_;
  bool smaller_;
  double best_;
  int since_ = 0;
};

// The callbacks that look at the epoch table, in fastai's order.
class FitWatch {
 public:
  struct Verdict {
    bool keep = false;    // the weights of this epoch are the best of the fit
    bool stop = false;    // the fit ends here
    bool reduce = false;  // the rates go down (CallbackOptions::reduce_lr says how)
    std::vector<std::string> notes;  // for the user
  };

  explicit FitWatch(const CallbackOptions& options);
  void beginFit();
  Verdict afterEpoch(const std::map<std::string, double>& values);

  Json state() const;
  void setState(const Json& state);

 private:
  CallbackOptions options_;
  std::optional<Tracker> best_, stopping_, plateau_;
};

}  // namespace panicle
