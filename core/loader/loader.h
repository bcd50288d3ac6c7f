// The parallel pipeline from files to batches. Worker threads render images straight into their place in a
// batch; batches come out in order and are the same for any number of threads. A Loader belongs to one
// consumer: its functions are called by one thread at a time (the stop token may be requested from any).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/fields.h"
#include "core/base/file_path.h"
#include "core/loader/pipeline.h"

namespace panicle {

struct BatchOptions {
  int size = 64;  // images that go through the network together
  // Batches whose gradients are added up before the optimizer steps: the effective batch is size * accum.
  int accum = 1;
  // Or the effective batch itself, in images: the optimizer steps once as many have gone through (fastai's
  // GradientAccumulation(n_acc)). null: accum says it.
  std::optional<int> effective{};

  int effectiveSize() const { return effective.value_or(size * accum); }
};

std::span<const Field<BatchOptions>> fieldTable(const BatchOptions*);
// What no single field shows, each beginning with the field's name.
std::vector<std::string> check(const BatchOptions& options);

// Who applies the batch transforms: the loader's threads, or the device on which the network computes. Items
// of ratio_resize, which have many sizes and make no batch before those transforms, always go through the
// loader.
enum class BatchStage { Loader, Device };

class PresizeCache;

struct LoaderOptions {
  int threads = 0;   // 0: all cores. Never changes what comes out.
  // The threads take what others leave: for a network on the processor, whose own threads are as many as cores and wait for the slowest of
  // them after each piece of work. Batches are made ahead in the gaps, or at the latest when one is waited for.
  bool step_back = false;
  int prefetch = 3;  // batches ready or in work ahead of the consumer; bounds the memory
  BatchStage batch_stage = BatchStage::Loader;
  std::shared_ptr<PresizeCache> cache;  // of the loader's pipeline; null: none. Never changes what comes out.
};

// The images a loader reads from; `target` -1 for unlabelled.
struct Sample {
  FilePath file;
  int target = -1;
};

struct BadSample {
  std::uint32_t item = 0;
  std::string reason;  // names the file
};

// float32; in memory (image, row, column, channel), which a tensor of shape (n, 3, height, width) with
// channels-last strides wraps without a copy.
struct Batch {
  int count = 0;  // images that could be read; below the batch size at the end or after bad ones
  Size size;
  std::vector<float> pixels;  // count * height * width * 3 are valid
  // Of BatchStage::Device instead of `pixels`: what the item transform left, uint8 in the same order, and
  // what the batch transforms are to do with it. All items of such a batch have one size.
  Size item_size;
  std::vector<std::uint8_t> item_pixels;  // count * item_size.height * item_size.width * 3 are valid
  std::vector<AugDraw> draws;             // count
  std::vector<std::int64_t> targets;      // count
  std::vector<std::uint32_t> items;       // count; indices into the samples
  std::vector<BadSample> bad;             // left out of this batch
};

// One pass over some items in the given order.
struct Pass {
  std::vector<std::uint32_t> items;
  int batch_size = 64;
  bool drop_last = false;
  Mode mode = Mode::Valid;
  std::uint64_t epoch = 0;
  std::size_t first_batch = 0;  // the pass begins with this one, which is the same as in a whole pass
};

class Loader {
 public:
  // Threads start at once and live as long as the loader. Samples are shared, not copied, among loaders.
  Loader(std::shared_ptr<const std::vector<Sample>> samples, Pipeline pipeline, LoaderOptions options = {});
  ~Loader();  // stops within one image's time
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Begins a pass; one that is still running is given up first, within one image's time. Throws Error for an
  // item that is not among the samples or a batch size below 1.
  void begin(Pass pass);

  const Pipeline& pipeline() const;

  // Batches of the pass that was begun, with those before Pass::first_batch.
  std::size_t batchCount() const;

  // The next batch into `batch` (whose buffers are reused); false at the end of the pass. Bad images are left
  // out and listed in Batch::bad; a batch of nothing but bad ones has count 0. Throws Cancelled as soon as
  // `stop` is requested; the pass then goes on with the same batch at the next call. Throws what a worker met
  // that is not the image's fault (OutOfMemory, std::bad_alloc ...); the pass is then over.
  bool next(Batch& batch, std::stop_token stop = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// In training order: the items shuffled by the stream ("shuffle", epoch) of `seed`.
std::vector<std::uint32_t> shuffled(std::vector<std::uint32_t> items, std::uint64_t seed,
                                    std::uint64_t epoch);

// What becomes of fewer items than a batch: they are trained on, or (as in fastai) left out like every last
// batch that is not full.
enum class SmallSet { Train, LeaveOut };

// The pass that trains `epoch` (counted over the whole run): shuffled; a last batch that is not full is left
// out, as in fastai.
Pass trainingPass(std::vector<std::uint32_t> items, std::uint64_t seed, std::uint64_t epoch, int batch_size,
                  SmallSet small = SmallSet::Train);

}  // namespace panicle
