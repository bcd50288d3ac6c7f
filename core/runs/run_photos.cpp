#include "core/runs/run_photos.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "core/base/error.h"
#include "core/data/split.h"
#include "core/runs/data_fingerprint.h"

namespace panicle {
namespace {

// Whether photos, labels or names are others than when the run began; false where the run does not say (runs before fingerprints).
bool hasChanged(const RunRecord& record, const Dataset& dataset) {
  const DataFingerprint before = fingerprintFromJson(record.environment.value(kDataEntry, Json()));
  return !before.list.empty() && before.list != fingerprint(dataset).list;
}

std::vector<std::uint32_t> keptValidation(const RunStore& store, const RunRecord& record, const Dataset& dataset,
                                          const std::function<void(const std::string&)>& warn) {
  const auto folder = store.folder(record.id);
  if (!hasPredictions(folder, "valid"))
    throw Error("the data set " + dataset.root.string() + " has changed since run " + record.id +
                " began, so that nobody can say which photos validated it; bring it back to what it was");
  const Predictions kept = readPredictions(folder, "valid");
  const std::unordered_set<std::string> ids(kept.ids.begin(), kept.ids.end());
  std::vector<std::uint32_t> items;
  for (std::uint32_t i = 0; i < dataset.items.size(); ++i) {
    if (ids.contains(dataset.items[i].id)) items.push_back(i);
  }
  warn("the data set has changed since run " + record.id + " began: of its " + std::to_string(ids.size()) + " validation photos " +
       std::to_string(items.size()) + " are still there");
  return items;
}

}  // namespace

std::vector<Target> RunPhotos::targets() const {
  return set == PhotoSet::Test ? withoutValues(dataset.targets()) : dataset.targets();
}

std::string RunPhotos::words() const {
  return set == PhotoSet::Train ? "training images" : set == PhotoSet::Valid ? "validation images" : "test images";
}

RunPhotos photosOf(const RunStore& store, const RunRecord& record, PhotoSet set, const std::function<void(const std::string&)>& warn,
                   std::stop_token stop) {
  RunPhotos photos{.dataset = loadDataset(record.spec.data, stop), .items = {}, .set = set};
  const Dataset& dataset = photos.dataset;
  if (set == PhotoSet::Test) {
    photos.items.resize(dataset.test.size());
    std::iota(photos.items.begin(), photos.items.end(), 0u);
  } else if (!hasChanged(record, dataset)) {
    Split split = splitDataset(dataset, record.spec.data.split);
    photos.items = set == PhotoSet::Valid ? std::move(split.valid) : std::move(split.train);
  } else if (set == PhotoSet::Valid) {
    photos.items = keptValidation(store, record, dataset, warn);
  } else {
    throw Error("the data set " + dataset.root.string() + " has changed since run " + record.id +
                " began, so that nobody can say which photos it has learnt; bring it back to what it was");
  }
  if (photos.items.empty()) throw Error("run " + record.id + " has no " + photos.words());
  return photos;
}

}  // namespace panicle
