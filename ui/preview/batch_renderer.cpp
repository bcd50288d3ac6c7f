#include "ui/preview/batch_renderer.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <compare>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <span>
#include <thread>
#include <tuple>
#include <utility>

#include "core/base/error.h"
#include "ui/preview/rendered.h"
#include "ui/shared/photo_targets.h"

namespace panicle::ui {
namespace {

constexpr int kMaxThreads = 8;

// What an item image is a function of, the photo, the epoch and the mode apart: all of the recipe but its
// batch transforms.
std::string loadingOf(const BatchRequest& request) {
  Json document = specToJson(request.spec);
  const Json stage = document["stages"].at(request.stage);
  document.erase("stages");
  document["resize"] = stage["resize"];
  return document.dump();
}

struct LoadKey {
  std::uint32_t item;
  std::uint64_t epoch;
  Mode mode;

  friend auto operator<=>(const LoadKey&, const LoadKey&) = default;
};

struct Loaded {
  Image image;
  QString problem;  // then there is no image
};

// Sums over the values of one tile.
struct Sums {
  std::array<double, 3> sum{};
  std::array<double, 3> squares{};
  std::size_t pixels = 0;
  float low = std::numeric_limits<float>::max();
  float high = std::numeric_limits<float>::lowest();

  void add(std::span<const float> values) {
    pixels += values.size() / 3;
    std::array<float, 3> rowSum{}, rowSquares{};
    for (std::size_t i = 0; i < values.size(); i += 3) {
      for (std::size_t c = 0; c < 3; ++c) {
        const float value = values[i + c];
        rowSum[c] += value;
        rowSquares[c] += value * value;
        low = std::min(low, value);
        high = std::max(high, value);
      }
      // Short float sums are fast, and long ones would lose digits.
      if (i % 1536 == 0 || i + 3 >= values.size()) {
        for (std::size_t c = 0; c < 3; ++c) {
          sum[c] += static_cast<double>(std::exchange(rowSum[c], 0.0f));
          squares[c] += static_cast<double>(std::exchange(rowSquares[c], 0.0f));
        }
      }
    }
  }

  void add(const Sums& other) {
    for (std::size_t c = 0; c < 3; ++c) {
      sum[c] += other.sum[c];
      squares[c] += other.squares[c];
    }
    pixels += other.pixels;
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
};

std::optional<ValueStatistics> statistics(const std::vector<Sums>& tiles) {
  Sums all;
  for (const Sums& tile : tiles) all.add(tile);
  if (all.pixels == 0) return {};
  ValueStatistics result{.low = all.low, .high = all.high};
  const auto count = static_cast<double>(all.pixels);
  for (std::size_t c = 0; c < 3; ++c) {
    result.mean[c] = all.sum[c] / count;
    result.std[c] = std::sqrt(std::max(0.0, all.squares[c] / count - result.mean[c] * result.mean[c]));
  }
  return result;
}

// The context of each photo; photos of one batch share theirs.
std::vector<BatchContext> contextsOf(const Pipeline& pipeline, Mode mode,
                                     const std::vector<PlannedPhoto>& photos) {
  std::vector<BatchContext> contexts;
  for (std::size_t i = 0; i < photos.size(); ++i) {
    const PlannedPhoto& photo = photos[i];
    if (!photo.batch_items) {
      contexts.emplace_back();
    } else if (i > 0 && photo.batch_items == photos[i - 1].batch_items) {
      contexts.push_back(contexts.back());
    } else {
      contexts.push_back(batchContext(pipeline, mode, photo.epoch, photo.batch, *photo.batch_items));
    }
  }
  return contexts;
}

// Calls `work(i)` for each i below `count` on a few threads; rethrows the first exception.
void forEach(std::size_t count, std::stop_token stop, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto serve = [&] {
    for (std::size_t i = next++; i < count && !stop.stop_requested(); i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  const auto threads =
      std::min<std::size_t>(count, std::clamp<unsigned>(std::thread::hardware_concurrency(), 1, kMaxThreads));
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < threads; ++i) others.emplace_back(serve);
    serve();
  }
  if (failure) std::rethrow_exception(failure);
  if (stop.stop_requested()) throw Cancelled();
}

}  // namespace

bool sameItems(const BatchRequest& a, const BatchRequest& b) {
  const auto chosen = [](const BatchRequest& r) {
    return std::tie(r.dataset, r.stage, r.mode, r.epoch, r.batch, r.photo, r.tiles);
  };
  return chosen(a) == chosen(b) && loadingOf(a) == loadingOf(b);
}

struct BatchRenderer::Impl {
  BatchPlan& planFor(const BatchRequest& request);
  std::vector<PlannedPhoto> photosOf(const BatchRequest& request, BatchPicture& picture);
  void renderTile(const BatchRequest& request, const Pipeline& pipeline, const BatchContext& context,
                  BatchTile& tile, Sums& sums);
  std::shared_ptr<const Loaded> load(const Pipeline& pipeline, const BatchContext& context,
                                     std::uint32_t item);
  void trim(const std::vector<BatchTile>& shown, const BatchRequest& request, Mode mode);

  LoadKey keyOf(const ResizeOptions& resize, Mode mode, std::uint64_t epoch, std::uint32_t item) const {
    // Without a random place the picture is the same in every epoch.
    const bool fixed = mode == Mode::Valid || resize.method == ResizeMethod::Squish;
    return {item, fixed ? 0 : epoch, resize.method == ResizeMethod::Squish ? Mode::Valid : mode};
  }

  std::size_t budget = 0;
  std::unique_ptr<BatchPlan> plan;
  // The photos of the last request, which a million photos make costly to find.
  struct Chosen {
    Mode mode;
    std::uint64_t epoch;
    std::uint64_t batch;
    std::optional<std::string> photo;
    std::size_t tiles;

    friend bool operator==(const Chosen&, const Chosen&) = default;
  };
  std::optional<Chosen> chosen;
  std::vector<PlannedPhoto> photos;

  std::string loading;  // of what is in `loaded`
  std::mutex mutex;     // of `loaded`
  std::map<LoadKey, std::shared_ptr<const Loaded>> loaded;
  std::atomic<std::size_t> loads{0};
};

BatchPlan& BatchRenderer::Impl::planFor(const BatchRequest& request) {
  const RunSpec& spec = request.spec;
  PlanSource source{request.dataset, spec.data.subset, spec.data.split, spec.batch.size, spec.seed};
  if (!plan || !sameSource(plan->source(), source)) {
    plan.reset();
    chosen.reset();
    loaded.clear();
    plan = std::make_unique<BatchPlan>(std::move(source));
  }
  return *plan;
}

std::vector<PlannedPhoto> BatchRenderer::Impl::photosOf(const BatchRequest& request, BatchPicture& picture) {
  BatchPlan& from = planFor(request);
  picture.mode = request.mode;
  const Chosen wanted{request.mode, request.epoch, request.batch, request.photo, request.tiles};
  if (chosen != wanted) {
    chosen.reset();
    if (!request.photo) {
      photos = from.batch(request.mode, request.epoch, request.batch, request.tiles);
    } else if (const auto item = from.find(*request.photo)) {
      photos = from.draws(*item, request.epoch, request.tiles);
    } else {
      throw Error(
          *request.photo +
          " is neither trained nor validated on: it has no label, or the recipe's subset leaves it out");
    }
    chosen = wanted;
  }
  if (request.photo && !photos.empty()) picture.mode = from.modeOf(photos.front().item);
  picture.batches = from.batchCount(picture.mode);
  if (!photos.empty() && photos.front().batch_items)
    picture.batch_photos = photos.front().batch_items->size();
  return photos;
}

std::shared_ptr<const Loaded> BatchRenderer::Impl::load(const Pipeline& pipeline, const BatchContext& context,
                                                        std::uint32_t item) {
  const LoadKey key = keyOf(pipeline.resize, context.mode, context.epoch, item);
  {
    const std::lock_guard lock(mutex);
    if (const auto found = loaded.find(key); found != loaded.end()) return found->second;
  }
  auto fresh = std::make_shared<Loaded>();
  ++loads;
  try {
    const Dataset& dataset = plan->dataset();
    loadItem(pipeline, dataset.file(dataset.items[item]), context, item, fresh->image);
  } catch (const OutOfMemory&) {
    throw;  // not the photo's fault
  } catch (const Error& error) {
    fresh->problem = QString::fromUtf8(error.what());
  }
  const std::lock_guard lock(mutex);
  return loaded.emplace(key, std::move(fresh)).first->second;
}

void BatchRenderer::Impl::renderTile(const BatchRequest& request, const Pipeline& pipeline,
                                     const BatchContext& context, BatchTile& tile, Sums& sums) {
  if (!tile.in_epoch) return;
  const std::shared_ptr<const Loaded> item = load(pipeline, context, tile.item);
  tile.problem = item->problem;
  if (!tile.problem.isEmpty()) return;
  tile.item_size = {item->image.height, item->image.width};
  tile.size = pipeline.augment ? augmentedSize(*pipeline.augment, tile.item_size) : tile.item_size;
  tile.draw = drawItem(pipeline, context, tile.item, tile.item_size);
  std::vector<float> values(3 * static_cast<std::size_t>(tile.size.height) *
                            static_cast<std::size_t>(tile.size.width));
  finishItem(pipeline, item->image, tile.draw, values);
  tile.image = request.normalized ? toNormalized(values, tile.size)
                                  : toPhoto(values, tile.size, pipeline.normalization);
  sums.add(values);
  if (request.keep_values) tile.values = std::move(values);
}

// Keeps what is shown, and of the rest what the budget allows.
void BatchRenderer::Impl::trim(const std::vector<BatchTile>& shown, const BatchRequest& request, Mode mode) {
  std::size_t bytes = 0;
  for (const auto& [key, item] : loaded) bytes += item->image.pixels.size();
  if (bytes <= budget) return;
  std::map<LoadKey, std::shared_ptr<const Loaded>> kept;
  std::size_t keptBytes = 0;
  for (const BatchTile& tile : shown) {
    const LoadKey key = keyOf(request.spec.stages[request.stage].resize, mode, tile.epoch, tile.item);
    const auto found = loaded.find(key);
    if (found == loaded.end() || keptBytes + found->second->image.pixels.size() > budget) continue;
    keptBytes += found->second->image.pixels.size();
    kept.insert(*found);
  }
  loaded = std::move(kept);
}

BatchRenderer::BatchRenderer(std::size_t budget) : impl_(std::make_unique<Impl>()) {
  impl_->budget = budget;
}

BatchRenderer::~BatchRenderer() = default;

BatchPicture BatchRenderer::render(const BatchRequest& request, std::stop_token stop) {
  BatchPicture picture;
  const std::vector<PlannedPhoto> photos = impl_->photosOf(request, picture);
  if (stop.stop_requested()) throw Cancelled();
  if (std::string loading = loadingOf(request); loading != impl_->loading) {
    impl_->loaded.clear();
    impl_->loading = std::move(loading);
  }
  const Pipeline pipeline = makePipeline(request.spec, request.spec.stages.at(request.stage));
  const Dataset& dataset = impl_->plan->dataset();
  for (const PlannedPhoto& photo : photos) {
    const Item& item = dataset.items[photo.item];
    picture.tiles.push_back(
        {.item = photo.item,
         .photo = item,
         .label = QString::fromStdString(dataset.vocab.at(static_cast<std::size_t>(item.target))),
         .targets = furtherTargets(dataset, photo.item),
         .epoch = photo.epoch,
         .batch = photo.batch,
         .in_epoch = photo.batch_items != nullptr});
  }
  std::vector<Sums> sums(photos.size());
  const std::vector<BatchContext> contexts = contextsOf(pipeline, picture.mode, photos);
  try {
    forEach(photos.size(), stop, [&](std::size_t i) {
      impl_->renderTile(request, pipeline, contexts[i], picture.tiles[i], sums[i]);
    });
  } catch (const std::bad_alloc&) {
    throw OutOfMemory("There is not enough memory for " + std::to_string(photos.size()) + " photos of " +
                      toString(pipeline.resize.size) + " pixels; show fewer tiles or choose a smaller size.");
  }
  picture.values = statistics(sums);
  impl_->trim(picture.tiles, request, picture.mode);
  return picture;
}

std::size_t BatchRenderer::loads() const {
  return impl_->loads;
}

}  // namespace panicle::ui
