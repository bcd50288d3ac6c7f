// What a run's network saw of a photo when it predicted: the plain picture and those of test-time augmentation.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "core/base/image.h"
#include "core/runs/run_predictions.h"

namespace panicle {

// Immutable; its functions may be called from several threads.
class RunLooks {
 public:
  // Reads the data set as the run's spec says. Throws Error as ensurePredictions(), Cancelled.
  RunLooks(const RunStore& store, const std::string& run, PhotoSet set, std::stop_token stop = {});
  ~RunLooks();
  RunLooks(RunLooks&&) noexcept;
  RunLooks& operator=(RunLooks&&) noexcept;

  // `view` as of TtaViews (core/eval/tta_views.h): 0 is the plain picture, 1 and on the passes. Before it is normalised, as 8-bit RGB of the size that the
  // network takes. Throws Error for an image that is not of the set or cannot be read. A pass draws its crop for a whole batch, so the photos that were
  // predicted with this one have a say; they are not read.
  Image look(const std::string& id, int view) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle
