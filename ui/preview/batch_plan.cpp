#include "ui/preview/batch_plan.h"

#include <algorithm>
#include <span>

#include "core/data/labelling.h"
#include "core/data/split.h"

namespace panicle::ui {
namespace {

template <HasFields T>
bool same(const T& a, const T& b) {
  return toJson(a) == toJson(b);
}

// As the loader counts them.
std::uint64_t countBatches(const Pass& pass) {
  const auto size = static_cast<std::size_t>(pass.batch_size);
  return pass.drop_last ? pass.items.size() / size : (pass.items.size() + size - 1) / size;
}

}  // namespace

bool sameSource(const PlanSource& a, const PlanSource& b) {
  return a.dataset == b.dataset && a.batch_size == b.batch_size && a.seed == b.seed &&
         same(a.subset, b.subset) && same(a.split, b.split);
}

BatchPlan::BatchPlan(PlanSource source) : source_(std::move(source)), dataset_(source_.dataset) {
  if (!source_.subset.classes.empty() || source_.subset.fraction < 1) {
    auto kept = std::make_shared<Dataset>(*source_.dataset);
    takeSubset(*kept, source_.subset, source_.split.seed);
    dataset_ = std::move(kept);
  }
  Split split = splitDataset(*dataset_, source_.split);
  train_ = std::move(split.train);
  valid_ = std::move(split.valid);
  validates_.assign(dataset_->items.size(), false);
  for (const std::uint32_t item : valid_) validates_[item] = true;
  valid_batches_ = countBatches(pass(Mode::Valid, 0));
  train_batches_ = countBatches(pass(Mode::Train, 0));
}

std::uint64_t BatchPlan::batchCount(Mode mode) const {
  return mode == Mode::Train ? train_batches_ : valid_batches_;
}

const Pass& BatchPlan::pass(Mode mode, std::uint64_t epoch) {
  if (!pass_ || pass_->mode != mode || pass_->epoch != epoch) {
    pass_ = mode == Mode::Train ? trainingPass(train_, source_.seed, epoch, source_.batch_size)
                                : Pass{valid_, source_.batch_size, false, Mode::Valid, 0};
  }
  return *pass_;
}

PlannedPhoto BatchPlan::planned(const Pass& pass, std::uint32_t item, std::uint64_t batch) const {
  PlannedPhoto photo{item, pass.epoch, batch, nullptr};
  if (batch >= countBatches(pass)) return photo;
  const auto size = static_cast<std::size_t>(pass.batch_size);
  const std::span<const std::uint32_t> rest = std::span(pass.items).subspan(batch * size);
  const auto items = rest.first(std::min(size, rest.size()));
  photo.batch_items = std::make_shared<const std::vector<std::uint32_t>>(items.begin(), items.end());
  return photo;
}

std::vector<PlannedPhoto> BatchPlan::batch(Mode mode, std::uint64_t epoch, std::uint64_t batch,
                                           std::size_t count) {
  const PlannedPhoto first = planned(pass(mode, mode == Mode::Train ? epoch : 0), 0, batch);
  std::vector<PlannedPhoto> photos;
  if (!first.batch_items) return photos;
  for (std::size_t place = 0; place < std::min(count, first.batch_items->size()); ++place) {
    photos.push_back(first);
    photos.back().item = (*first.batch_items)[place];
  }
  return photos;
}

std::vector<PlannedPhoto> BatchPlan::draws(std::uint32_t item, std::uint64_t epoch, std::size_t count) {
  const Mode mode = modeOf(item);
  std::vector<PlannedPhoto> photos;
  for (std::size_t i = 0; i < (mode == Mode::Train ? count : 1); ++i) {
    const Pass& in = pass(mode, mode == Mode::Train ? epoch + i : 0);
    const auto place = std::find(in.items.begin(), in.items.end(), item) - in.items.begin();
    photos.push_back(
        planned(in, item, static_cast<std::uint64_t>(place) / static_cast<std::uint64_t>(in.batch_size)));
  }
  return photos;
}

std::optional<std::uint32_t> BatchPlan::find(std::string_view path) const {
  const auto& items = dataset_->items;
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.path == path; });
  if (found == items.end()) return {};
  return static_cast<std::uint32_t>(found - items.begin());
}

Mode BatchPlan::modeOf(std::uint32_t item) const {
  return validates_[item] ? Mode::Valid : Mode::Train;
}

}  // namespace panicle::ui
