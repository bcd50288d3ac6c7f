// Which photos each batch of a run holds, in the trainer's order. Making a plan and asking it takes up to a
// second with a million photos: use it on a worker, one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/dataset.h"
#include "core/loader/loader.h"

namespace panicle::ui {

// What the order of the batches follows from.
struct PlanSource {
  std::shared_ptr<const Dataset> dataset;  // whole: `subset` is taken of it
  SubsetOptions subset;
  SplitOptions split;
  int batch_size = 64;
  std::uint64_t seed = 42;  // of the run
};

bool sameSource(const PlanSource& a, const PlanSource& b);

// A photo at its place in a pass.
struct PlannedPhoto {
  std::uint32_t item = 0;  // in BatchPlan::dataset()
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;
  std::shared_ptr<const std::vector<std::uint32_t>>
      batch_items;  // null where the epoch does without the photo
};

class BatchPlan {
 public:
  explicit BatchPlan(PlanSource source);  // throws Error as the run would

  const PlanSource& source() const { return source_; }
  // What the run reads; its items' places are those of training.
  const Dataset& dataset() const { return *dataset_; }
  std::uint64_t batchCount(Mode mode) const;

  // The first photos of a batch, at most `count`. There is none where `batch` is batchCount() or above.
  // Validation is the same in every epoch; its photos have epoch 0.
  std::vector<PlannedPhoto> batch(Mode mode, std::uint64_t epoch, std::uint64_t batch, std::size_t count);
  // Photo `item` in `count` epochs from `epoch` on, each in the batch that it is in then; of a validation
  // photo, one.
  std::vector<PlannedPhoto> draws(std::uint32_t item, std::uint64_t epoch, std::size_t count);

  std::optional<std::uint32_t> find(std::string_view path) const;  // Item::path
  Mode modeOf(std::uint32_t item) const;                           // Train, or Valid for a validation photo

 private:
  const Pass& pass(Mode mode, std::uint64_t epoch);
  PlannedPhoto planned(const Pass& pass, std::uint32_t item, std::uint64_t batch) const;

  PlanSource source_;
  std::shared_ptr<const Dataset> dataset_;
  std::vector<std::uint32_t> train_;
  std::vector<std::uint32_t> valid_;
  std::vector<bool> validates_;  // by item
  std::uint64_t train_batches_ = 0;
  std::uint64_t valid_batches_ = 0;
  std::optional<Pass> pass_;  // the last one asked for
};

}  // namespace panicle::ui
