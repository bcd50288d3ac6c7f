// Which photos of today's data set a run trained on, validated and tested with. Internal to core/runs.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/runs/run_predictions.h"

namespace panicle {

struct RunPhotos {
  Dataset dataset;
  std::vector<std::uint32_t> items;  // indices into list()
  PhotoSet set = PhotoSet::Valid;

  const std::vector<Item>& list() const { return set == PhotoSet::Test ? dataset.test : dataset.items; }
  std::vector<Target> targets() const;  // with values where the set has labels
  std::string words() const;            // "validation images"
};

// As the run's spec says. When photos were added, removed or relabelled since, a random split would deal others: the validation set is then the images
// that the run has kept predictions of, and there is no telling the training set. `warn` gets what is to be said. Throws Error, Cancelled.
RunPhotos photosOf(const RunStore& store, const RunRecord& record, PhotoSet set, const std::function<void(const std::string&)>& warn,
                   std::stop_token stop);

}  // namespace panicle
