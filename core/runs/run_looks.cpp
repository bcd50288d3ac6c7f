#include "core/runs/run_looks.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <unordered_map>

#include "core/base/error.h"
#include "core/loader/pipeline.h"
#include "core/runs/run_photos.h"

namespace panicle {
namespace {

Image asBytes(std::span<const float> values, Size size, const Normalization& normalization) {
  Image image{size.width, size.height, std::vector<std::uint8_t>(values.size())};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float share = values[i] * normalization.std[i % 3] + normalization.mean[i % 3];
    image.pixels[i] = static_cast<std::uint8_t>(std::lround(255.0f * std::clamp(share, 0.0f, 1.0f)));
  }
  return image;
}

}  // namespace

struct RunLooks::Impl {
  RunPhotos photos;
  Pipeline pipeline;
  std::size_t batch = 1;
  std::unordered_map<std::string, std::size_t> places;  // of ids in photos.items
};

RunLooks::RunLooks(const RunStore& store, const std::string& run, PhotoSet set, std::stop_token stop) : impl_(std::make_unique<Impl>()) {
  const RunRecord record = store.get(run);
  const SavedNetwork network = networkOf(store, run);
  const StageOptions& stage = network.spec.stages[network.stage];
  impl_->photos = photosOf(store, record, set, [](const std::string&) {}, stop);
  impl_->pipeline = makePipeline(network.spec, stage);
  impl_->batch = static_cast<std::size_t>(network.spec.batchOf(stage).size);
  for (std::size_t i = 0; i < impl_->photos.items.size(); ++i) impl_->places.emplace(impl_->photos.list()[impl_->photos.items[i]].id, i);
}

RunLooks::~RunLooks() = default;
RunLooks::RunLooks(RunLooks&&) noexcept = default;
RunLooks& RunLooks::operator=(RunLooks&&) noexcept = default;

Image RunLooks::look(const std::string& id, int view) const {
  const auto found = impl_->places.find(id);
  if (found == impl_->places.end()) throw Error("'" + id + "' is not among the run's " + impl_->photos.words());
  const std::vector<std::uint32_t>& items = impl_->photos.items;
  const std::size_t number = found->second / impl_->batch, first = number * impl_->batch;
  const auto batch = std::span(items).subspan(first, std::min(impl_->batch, items.size() - first));
  const Mode mode = view == 0 ? Mode::Valid : Mode::Train;
  const BatchContext context = batchContext(impl_->pipeline, mode, view == 0 ? 0 : ttaEpoch(view - 1), number, batch);
  const std::uint32_t item = items[found->second];
  Image image;
  loadItem(impl_->pipeline, impl_->photos.dataset.file(impl_->photos.list()[item]), context, item, image);
  if (!impl_->pipeline.augment) return image;
  const Size size{image.height, image.width}, result = augmentedSize(*impl_->pipeline.augment, size);
  std::vector<float> values(std::size_t{3} * static_cast<std::size_t>(result.height) * static_cast<std::size_t>(result.width));
  finishItem(impl_->pipeline, image, drawItem(impl_->pipeline, context, item, size), values);
  return asBytes(values, result, impl_->pipeline.normalization);
}

}  // namespace panicle
