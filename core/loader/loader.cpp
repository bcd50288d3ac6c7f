#include "core/loader/loader.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/base/thread_name.h"
#include "core/base/thread_priority.h"
#include "core/loader/presize_cache.h"

namespace panicle {
namespace {

constexpr int kStepBack = 19;  // as far as it goes

// A batch in the making. Its workers write into the batch's pixels and draws and into `reasons` without the
// lock, each at its own place.
struct Slot {
  Batch batch;
  BatchContext context;
  std::vector<std::optional<std::string>> reasons;  // why the image at this place could not be read
  int places = 0;
  int done = 0;
  bool prepared = false;  // buffers have their size, workers may write

  bool isComplete() const { return prepared && done == places; }
};

std::size_t valuesOf(Size size) {
  return 3 * static_cast<std::size_t>(size.height) * size.width;
}

Size resultSize(const Pipeline& pipeline, Size item) {
  return pipeline.augment ? augmentedSize(*pipeline.augment, item) : item;
}

void requireSize(const std::filesystem::path& file, Size size, Size batch) {
  if (size == batch) return;
  throw fileError(file, "is " + toString(size) + " (height,width) where its batch is " + toString(batch) +
                            "; set augment.size, or a resize.method that makes all photos one size");
}

template <typename Value>
void movePlace(std::vector<Value>& values, std::size_t from, std::size_t to, std::size_t perImage) {
  if (!values.empty())
    std::copy_n(values.begin() + from * perImage, perImage, values.begin() + to * perImage);
}

// Closes the gaps that bad images left. `batch` holds all items, good and bad, in order.
void leaveOutBad(Batch& batch, std::vector<std::optional<std::string>>& reasons) {
  std::size_t kept = 0;
  for (std::size_t place = 0; place < batch.items.size(); ++place) {
    if (reasons[place]) {
      batch.bad.push_back({batch.items[place], std::move(*reasons[place])});
      continue;
    }
    if (kept != place) {
      movePlace(batch.pixels, place, kept, valuesOf(batch.size));
      movePlace(batch.item_pixels, place, kept, valuesOf(batch.item_size));
      movePlace(batch.draws, place, kept, 1);
      batch.items[kept] = batch.items[place];
      batch.targets[kept] = batch.targets[place];
    }
    ++kept;
  }
  batch.count = static_cast<int>(kept);
  batch.items.resize(kept);
  batch.targets.resize(kept);
  if (!batch.draws.empty()) batch.draws.resize(kept);
}

// A buffer only grows, so that it is made once.
template <typename Value>
void makeRoom(std::vector<Value>& values, std::size_t count) {
  if (values.size() < count) values.resize(count);
}

int threadCount(int wanted) {
  return std::max(wanted > 0 ? wanted : static_cast<int>(std::thread::hardware_concurrency()), 1);
}

}  // namespace

// Workers take the images of a pass one by one in order, so that they stay busy up to the last one whatever
// the batch size. Batch b is made in slot b % slots; it may be started once batch b - slots has been handed
// out.
struct Loader::Impl {
  Impl(std::shared_ptr<const std::vector<Sample>> samples, Pipeline pipeline, LoaderOptions options)
      : samples_(std::move(samples)),
        pipeline_(std::move(pipeline)),
        stage_(pipeline_.resize.method == ResizeMethod::RatioResize ? BatchStage::Loader
                                                                    : options.batch_stage),
        stepBack_(options.step_back),
        cache_(std::move(options.cache)),
        slots_(std::max(options.prefetch, 1)) {
    for (int i = 0; i < threadCount(options.threads); ++i) {
      workers_.emplace_back([this](std::stop_token stop) { work(stop); });
    }
  }

  // All workers are told before any is waited for.
  ~Impl() {
    for (std::jthread& worker : workers_) worker.request_stop();
  }

  void begin(Pass pass);
  bool next(Batch& batch, std::stop_token stop);

  const std::shared_ptr<const std::vector<Sample>> samples_;
  const Pipeline pipeline_;
  std::size_t batchCount_ = 0;

 private:
  struct Place {
    Slot* slot;
    std::size_t batch;
    int index;  // in the batch
  };

  void work(std::stop_token stop);
  void prepare(const Place& place);
  void render(const Place& place);
  Size sizeOfItems(const std::vector<std::uint32_t>& items) const;
  void giveUp() { nextPlace_ = endPlace_; }

  std::size_t batchSize() const { return static_cast<std::size_t>(pass_.batch_size); }
  Slot& slotOf(std::size_t batch) { return slots_[batch % slots_.size()]; }
  bool mayTake();

  const BatchStage stage_;
  const bool stepBack_;
  const std::shared_ptr<PresizeCache> cache_;

  std::mutex mutex_;
  std::condition_variable_any workToDo_;
  std::condition_variable_any
      progress_;  // a batch is complete, a worker has failed, or (after a pass is given up) all rest
  Pass pass_;     // changes only while no worker is busy
  std::vector<Slot> slots_;
  std::size_t nextPlace_ = 0;  // in pass_.items: the next image to start
  std::size_t endPlace_ = 0;
  std::size_t finished_ = 0;   // images of this pass that are done
  std::size_t nextBatch_ = 0;  // the next to hand out
  int busy_ = 0;               // workers that are at an image
  std::exception_ptr failure_;

  std::vector<std::jthread> workers_;  // last: they stop before what they use goes
};

bool Loader::Impl::mayTake() {
  if (nextPlace_ >= endPlace_ || failure_) return false;
  const std::size_t batch = nextPlace_ / batchSize();
  const bool first = nextPlace_ % batchSize() == 0;
  return batch < nextBatch_ + slots_.size() && (first || slotOf(batch).prepared);
}

void Loader::Impl::work(std::stop_token stop) {
  nameThread("loader");
  if (stepBack_) stepBack(kStepBack);
  std::unique_lock lock(mutex_);
  while (workToDo_.wait(lock, stop, [this] { return mayTake(); })) {
    const std::size_t batch = nextPlace_ / batchSize();
    const Place place{&slotOf(batch), batch, static_cast<int>(nextPlace_ % batchSize())};
    ++nextPlace_;
    ++busy_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      if (place.index == 0) prepare(place);
      render(place);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    --busy_;
    ++place.slot->done;
    if (failure && !failure_) failure_ = failure;
    if (failure_ || place.slot->isComplete() || busy_ == 0) progress_.notify_all();
    if (cache_ && ++finished_ == endPlace_) {
      lock.unlock();
      cache_->sync();
      lock.lock();
    }
    if (stop.stop_requested()) return;
  }
}

// Done by the worker that takes a batch's first image, outside the lock: new buffers of a large batch take a
// while.
void Loader::Impl::prepare(const Place& place) {
  Slot& slot = *place.slot;
  const std::size_t start = place.batch * batchSize();
  const std::size_t places = std::min(batchSize(), endPlace_ - start);
  Batch& batch = slot.batch;
  batch.count = 0;
  batch.bad.clear();
  batch.items.assign(pass_.items.begin() + start, pass_.items.begin() + start + places);
  batch.targets.clear();
  for (const std::uint32_t item : batch.items) batch.targets.push_back((*samples_)[item].target);
  const Size itemSize = sizeOfItems(batch.items);
  batch.size = resultSize(pipeline_, itemSize);
  // What a loader of the other stage left in the batch is cleared.
  if (stage_ == BatchStage::Loader) {
    makeRoom(batch.pixels, places * valuesOf(batch.size));
    batch.item_pixels.clear();
    batch.draws.clear();
  } else {
    batch.item_size = itemSize;
    batch.pixels.clear();
    makeRoom(batch.item_pixels, places * valuesOf(batch.item_size));
    batch.draws.assign(places, {});
  }
  slot.context = batchContext(pipeline_, pass_.mode, pass_.epoch, place.batch, batch.items);
  slot.reasons.assign(places, std::nullopt);
  std::lock_guard lock(mutex_);
  slot.places = static_cast<int>(places);
  slot.done = 0;
  slot.prepared = true;
  workToDo_.notify_all();
}

// What the item transform leaves of the batch's first readable photo; with most methods, of every photo. Of
// no consequence, and not looked up, where ratio_resize is followed by batch transforms with a size of their
// own.
Size Loader::Impl::sizeOfItems(const std::vector<std::uint32_t>& items) const {
  const bool varies = pipeline_.resize.method == ResizeMethod::RatioResize;
  if (!varies || (pipeline_.augment && pipeline_.augment->size)) return pipeline_.resize.size;
  for (const std::uint32_t item : items) {
    try {
      return resizedSize(pipeline_.resize, EncodedImage((*samples_)[item].file, pipeline_.decode).size());
    } catch (const Error&) {  // told when it is its turn
    }
  }
  return pipeline_.resize.size;
}

void Loader::Impl::render(const Place& place) {
  thread_local Image image;
  Batch& batch = place.slot->batch;
  const BatchContext& context = place.slot->context;
  const std::uint32_t item = batch.items[place.index];
  const std::filesystem::path file = (*samples_)[item].file;
  try {
    if (cache_) {
      cache_->loadItem(file, context, item, image);
    } else {
      loadItem(pipeline_, file, context, item, image);
    }
    const Size size{image.height, image.width};
    const AugDraw draw = drawItem(pipeline_, context, item, size);
    if (stage_ == BatchStage::Device) {
      requireSize(file, size, batch.item_size);
      std::copy(image.pixels.begin(), image.pixels.end(),
                batch.item_pixels.begin() + place.index * valuesOf(size));
      batch.draws[place.index] = draw;
      return;
    }
    requireSize(file, resultSize(pipeline_, size), batch.size);
    const std::size_t floats = valuesOf(batch.size);
    finishItem(pipeline_, image, draw, std::span(batch.pixels).subspan(place.index * floats, floats));
  } catch (const OutOfMemory&) {
    throw;  // not the image's fault
  } catch (const Error& error) {
    place.slot->reasons[place.index] = error.what();
  }
}

void Loader::Impl::begin(Pass pass) {
  if (pass.batch_size < 1)
    throw Error("a batch must hold at least one image, not " + std::to_string(pass.batch_size));
  for (const std::uint32_t item : pass.items) {
    if (item >= samples_->size()) {
      throw Error("item " + std::to_string(item) + " is not among the " + std::to_string(samples_->size()) +
                  " images");
    }
  }
  std::unique_lock lock(mutex_);
  giveUp();
  progress_.wait(lock, [this] { return busy_ == 0; });
  pass_ = std::move(pass);
  const std::size_t items = pass_.items.size();
  batchCount_ = pass_.drop_last ? items / batchSize() : (items + batchSize() - 1) / batchSize();
  endPlace_ = std::min(items, batchCount_ * batchSize());
  nextBatch_ = std::min(pass_.first_batch, batchCount_);
  nextPlace_ = std::min(nextBatch_ * batchSize(), endPlace_);
  finished_ = nextPlace_;
  failure_ = nullptr;
  for (Slot& slot : slots_) slot.prepared = false;
  lock.unlock();
  workToDo_.notify_all();
}

bool Loader::Impl::next(Batch& batch, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (stop.stop_requested()) throw Cancelled();
  if (nextBatch_ == batchCount_) return false;
  Slot& slot = slotOf(nextBatch_);
  if (!progress_.wait(lock, stop, [&] { return failure_ || slot.isComplete(); })) throw Cancelled();
  if (failure_) {
    nextBatch_ = batchCount_;
    giveUp();
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  std::swap(batch, slot.batch);
  auto reasons = std::move(slot.reasons);
  slot.prepared = false;
  ++nextBatch_;
  lock.unlock();
  workToDo_.notify_all();
  leaveOutBad(batch, reasons);
  return true;
}

Loader::Loader(std::shared_ptr<const std::vector<Sample>> samples, Pipeline pipeline, LoaderOptions options)
    : impl_(std::make_unique<Impl>(std::move(samples), std::move(pipeline), options)) {}

Loader::~Loader() = default;

void Loader::begin(Pass pass) {
  impl_->begin(std::move(pass));
}

const Pipeline& Loader::pipeline() const {
  return impl_->pipeline_;
}

std::size_t Loader::batchCount() const {
  return impl_->batchCount_;
}

bool Loader::next(Batch& batch, std::stop_token stop) {
  return impl_->next(batch, std::move(stop));
}

std::vector<std::uint32_t> shuffled(std::vector<std::uint32_t> items, std::uint64_t seed,
                                    std::uint64_t epoch) {
  std::vector<std::uint32_t> result;
  result.reserve(items.size());
  for (const std::uint32_t index : permutation(items.size(), RandomStream(seed, "shuffle", epoch)))
    result.push_back(items[index]);
  return result;
}

Pass trainingPass(std::vector<std::uint32_t> items, std::uint64_t seed, std::uint64_t epoch, int batch_size,
                  SmallSet small) {
  const bool dropLast =
      small == SmallSet::LeaveOut || items.size() >= static_cast<std::size_t>(std::max(batch_size, 0));
  return {.items = shuffled(std::move(items), seed, epoch), .batch_size = batch_size, .drop_last = dropLast, .mode = Mode::Train, .epoch = epoch};
}

std::span<const Field<BatchOptions>> fieldTable(const BatchOptions*) {
  using O = BatchOptions;
  static constexpr std::array table{
      field<&O::size>(
          {.name = "size",
           .label = "Batch size",
           .help = "Images that go through the network together. More fills a graphics card better and gives "
                   "calmer steps, but memory "
                   "grows in proportion. Halve it when memory runs out, and double accum to train as before.",
           .fastai = "bs",
           .unit = "images",
           .min = 1,
           .max = 65536}),
      field<&O::accum>(
          {.name = "accum",
           .label = "Accumulate batches",
           .help = "Batches whose gradients are added up before the optimizer takes a step. 1 steps after "
                   "every batch. With more, "
                   "training goes as with a batch of size x accum images, in the memory of one of size.",
           .fastai = "GradientAccumulation(n_acc = size * accum)",
           .unit = "batches",
           .min = 1,
           .max = 65536}),
      field<&O::effective>(
          {.name = "effective",
           .label = "Effective batch",
           .help = "The same in images: the optimizer takes a step once as many have gone through, so that the "
                   "batch size can follow the memory and training stays as it is. Leave accum at 1 then.",
           .fastai = "GradientAccumulation(n_acc)",
           .unit = "images",
           .min = 1,
           .max = 1 << 24})};
  return table;
}

std::vector<std::string> check(const BatchOptions& options) {
  std::vector<std::string> problems;
  if (options.size == 1) problems.emplace_back("size must be at least 2: batch normalisation needs several photos to compare");
  if (!options.effective) return problems;
  if (options.accum != 1) {
    problems.push_back("effective and accum say the same thing twice; leave accum at 1, or effective at null");
  }
  if (*options.effective < options.size) {
    problems.push_back("effective is " + std::to_string(*options.effective) + ", but each batch has size " +
                       std::to_string(options.size) + "; lower size");
  }
  return problems;
}

}  // namespace panicle
