// Renders what the trainer is fed, by the trainer's own code and draws, and keeps what the item transform has
// made: when only the batch transforms change, as under a slider, nothing is read again. No widgets; use it
// on a worker, one thread at a time.
#pragma once

#include <QImage>
#include <QString>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/loader/pipeline.h"
#include "core/runs/run_spec.h"
#include "ui/preview/batch_plan.h"
#include "ui/shared/photo.h"

namespace panicle::ui {

struct BatchRequest {
  std::shared_ptr<const Dataset> dataset;  // whole, as the session has it
  RunSpec spec;                            // its seed, data, batch size and stages
  std::size_t stage = 0;
  Mode mode = Mode::Train;
  std::uint64_t epoch = 0;  // from 0, over the whole run
  std::uint64_t batch = 0;  // from 0
  std::optional<std::string>
      photo;  // "one photo, many draws": its Item::path; `mode` and `batch` are then its own
  std::size_t tiles = 9;
  bool normalized = false;   // the picture shows the values as they are
  bool keep_values = false;  // BatchTile::values are wanted
};

// Whether the two ask for the same photos at the same place with the same item transform, so that the
// renderer has all that it needs in memory when it has answered one of them.
bool sameItems(const BatchRequest& a, const BatchRequest& b);

struct BatchTile {
  std::uint32_t item = 0;  // in the run's data set
  Item photo;
  QString label;  // true class
  QVector<PhotoTarget> targets;  // further ones
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;
  bool in_epoch = true;  // false: the epoch does without it, since its last batch is not full
  QImage image;          // null where there is a problem
  QString problem;       // why the trainer leaves it out; names the file
  Size item_size;        // what the item transform made
  Size size;             // what the network gets
  AugDraw draw;
  std::vector<float> values;  // height x width x 3, normalised; only with BatchRequest::keep_values
};

// Of the values that the network gets, over the tiles shown.
struct ValueStatistics {
  std::array<double, 3> mean{};
  std::array<double, 3> std{};
  float low = 0;
  float high = 0;
};

struct BatchPicture {
  std::vector<BatchTile> tiles;
  Mode mode = Mode::Train;
  std::uint64_t batches = 0;              // in an epoch of `mode`
  std::size_t batch_photos = 0;           // in the batch, shown or not
  std::optional<ValueStatistics> values;  // nothing where no tile could be made
};

class BatchRenderer {
 public:
  // Item images are kept up to so many bytes.
  explicit BatchRenderer(std::size_t budget = std::size_t{256} << 20);
  ~BatchRenderer();

  // Throws Error where the run could not start (no such column, a size that is needed ...) and Cancelled. A
  // photo that cannot be read is a tile with the reason.
  BatchPicture render(const BatchRequest& request, std::stop_token stop = {});

  std::size_t loads() const;  // files read so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
