#include "core/loader/presize_cache.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/loader/file_identity.h"
#include "core/loader/pack_folder.h"
#include "core/loader/pixel_pack.h"

namespace panicle {
namespace {

// Of what is in a pack, the decoders included; a change of either makes old packs unknown.
constexpr int kFormat = 1;

bool isRandom(const ResizeOptions& options, Mode mode) {
  return mode == Mode::Train && options.method != ResizeMethod::Squish;
}

// A photo is reduced while it is decoded by what random_resized_crop has drawn, anew in every epoch.
bool keepsSources(const ResizeOptions& options) {
  return !(options.dct_scale && options.method == ResizeMethod::RandomResizedCrop);
}

// Only what a result without randomness depends on.
ResizeOptions withoutDraws(const ResizeOptions& options) {
  ResizeOptions kept{.method = options.method, .size = options.size};
  kept.dct_scale = options.dct_scale;
  if (options.method == ResizeMethod::Pad) kept.pad_mode = options.pad_mode;
  if (options.method == ResizeMethod::RandomResizedCrop) kept.val_xtra = options.val_xtra;
  return kept;
}

Json decodeKey(const Pipeline& pipeline, const char* kind) {
  return {{"format", kFormat},
          {"kind", kind},
          {"panicle", PANICLE_VERSION},
          {"exif", enumName(pipeline.decode.exif)},
          {"max_pixels", pipeline.decode.max_pixels}};
}

PackKey itemKey(const Pipeline& pipeline) {
  Json key = decodeKey(pipeline, "item");
  key["resize"] = toJson(withoutDraws(pipeline.resize));
  const bool all = !isRandom(pipeline.resize, Mode::Train);
  return {key.dump(), std::string(enumName(pipeline.resize.method)) + " to " +
                          toString(pipeline.resize.size) + (all ? "" : ", as in validation")};
}

// Decoded photos do for every size and method, unless they were reduced for one.
PackKey sourceKey(const Pipeline& pipeline) {
  Json key = decodeKey(pipeline, "source");
  if (!pipeline.resize.dct_scale) return {key.dump(), "whole photos"};
  key["resize"] = toJson(withoutDraws(pipeline.resize));
  return {key.dump(), "photos reduced for " + toString(pipeline.resize.size)};
}

std::int64_t pixelsOf(Size size) {
  return static_cast<std::int64_t>(size.height) * size.width;
}

bool isSmallEnough(const ResizeOptions& options, Size source) {
  return pixelsOf(source) <= kLargestSource * pixelsOf(options.size);
}

constexpr std::size_t kProbes = 64;

// What the photo will take in the cache.
std::uint64_t bytesOf(const Pipeline& pipeline, Mode mode, const std::filesystem::path& file) {
  const ResizeOptions& options = pipeline.resize;
  const bool random = isRandom(options, mode);
  std::int64_t pixels = pixelsOf(options.size);
  if (random || options.method == ResizeMethod::RatioResize) {
    const ImageHeader header = readImageHeader(file, pipeline.decode);
    const Size source{header.height, header.width};
    if (random && (!keepsSources(options) || !isSmallEnough(options, source))) return 0;
    const std::int64_t reduction = random ? jpegReduction(options, source, {}) : 1;
    pixels = (random ? pixelsOf(source) : pixelsOf(resizedSize(options, source))) / (reduction * reduction);
  }
  return wholePages(3 * static_cast<std::uint64_t>(pixels));
}

struct Estimate {
  std::uint64_t bytes = 0;
  double kept = 1;  // share of the photos
};

// From photos evenly spread over the items.
Estimate estimate(const Pipeline& pipeline, Mode mode, const std::vector<Sample>& samples,
                  std::span<const std::uint32_t> items, const std::stop_token& stop) {
  const std::size_t probes = std::min(items.size(), kProbes);
  double sum = 0;
  std::size_t readable = 0, kept = 0;
  for (std::size_t i = 0; i < probes; ++i) {
    if (stop.stop_requested()) throw Cancelled();
    try {
      const std::uint64_t bytes = bytesOf(pipeline, mode, samples[items[i * items.size() / probes]].file);
      sum += static_cast<double>(bytes);
      kept += bytes > 0 ? 1 : 0;
      ++readable;
    } catch (const Error&) {  // told when it is its turn
    }
  }
  if (readable == 0) return {};
  const auto count = static_cast<double>(readable);
  return {static_cast<std::uint64_t>(sum / count * static_cast<double>(items.size())), static_cast<double>(kept) / count};
}

std::uint64_t bytesThere(const std::filesystem::path& folder, const Pipeline& pipeline) {
  const std::string items = itemKey(pipeline).name(), sources = sourceKey(pipeline).name();
  const bool both = isRandom(pipeline.resize, Mode::Train) && keepsSources(pipeline.resize);
  std::uint64_t bytes = 0;
  for (const PackFiles& pack : packsIn(folder)) {
    if (pack.name == items || (both && pack.name == sources)) bytes += pack.bytes;
  }
  return bytes;
}

std::uint64_t machineMemory() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// The disk on which `folder` lies or will be made.
std::filesystem::space_info diskOf(std::filesystem::path folder) {
  std::error_code error;
  folder = std::filesystem::absolute(folder);
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return std::filesystem::space(folder, error);
}

// Why Auto does without, in words, or "".
std::string obstacle(const CachePlan& plan, const CacheOptions& options, std::uint64_t there,
                     const std::filesystem::path& folder) {
  if (plan.bytes > options.budgetBytes())
    return "more than cache.budget_gib, " + inWords(options.budgetBytes());
  if (plan.bytes > machineMemory() / 2)
    return "more than half of the memory, from which they would be served (" + inWords(machineMemory()) + ")";
  const auto disk = diskOf(folder);
  const std::uint64_t more = plan.bytes - std::min(plan.bytes, there);
  if (disk.available < more + disk.capacity / 10)
    return "too much for the disk, which has " + inWords(disk.available) + " left; a tenth of it stays free";
  return "";
}

}  // namespace

PresizeCache::PresizeCache(std::filesystem::path folder, const Pipeline& pipeline, std::uint64_t budget)
    : pipeline_(pipeline), budget_(std::make_unique<PackBudget>(std::move(folder), budget)) {
  items_ = std::make_unique<PixelPack>(*budget_, itemKey(pipeline_));
  if (isRandom(pipeline_.resize, Mode::Train) && keepsSources(pipeline_.resize))
    sources_ = std::make_unique<PixelPack>(*budget_, sourceKey(pipeline_));
}

PresizeCache::~PresizeCache() = default;

void PresizeCache::loadItem(const std::filesystem::path& file, const BatchContext& context,
                            std::uint64_t item, Image& out) {
  const auto identity = FileIdentity::of(file);
  // Asked before the file is read, and asked again after: what may have changed in between is not kept.
  const bool settled = identity && identity->settled();
  const auto keep = [&](PixelPack& pack, const SourceImage& photo) {
    if (settled && FileIdentity::of(file) == identity) pack.write(*identity, photo);
  };
  if (!isRandom(pipeline_.resize, context.mode)) {
    thread_local SourceImage finished;
    if (identity && items_->read(*identity, finished)) {
      ++hits_;
    } else {
      ++misses_;
      panicle::loadItem(pipeline_, file, context, item, finished.image);
      finished.size = {finished.image.height, finished.image.width};
      finished.reduction = 1;
      keep(*items_, finished);
    }
    std::swap(out, finished.image);
    return;
  }
  thread_local SourceImage source;
  if (identity && sources_ && sources_->read(*identity, source)) {
    ++hits_;
  } else {
    ++misses_;
    decodeSource(pipeline_, file, context, item, source);
    if (sources_ && isSmallEnough(pipeline_.resize, source.size)) keep(*sources_, source);
  }
  resizeSource(pipeline_, source, context, item, out);
}

void PresizeCache::sync() {
  items_->sync();
  if (sources_) sources_->sync();
}

std::vector<std::string> PresizeCache::takeNotices() {
  std::vector<std::string> notices = items_->takeNotices();
  if (!sources_) return notices;
  for (std::string& notice : sources_->takeNotices()) {
    if (std::find(notices.begin(), notices.end(), notice) == notices.end())
      notices.push_back(std::move(notice));
  }
  return notices;
}

std::uint64_t PresizeCache::bytes() const {
  return items_->bytes() + (sources_ ? sources_->bytes() : 0);
}

CachePlan planCache(const std::filesystem::path& folder, const Pipeline& pipeline,
                    const CacheOptions& options, int epochs, const std::vector<Sample>& samples,
                    std::span<const std::uint32_t> train, std::span<const std::uint32_t> valid,
                    std::stop_token stop) {
  CachePlan plan;
  if (options.mode == CacheMode::Off) return plan;
  const Estimate training = estimate(pipeline, Mode::Train, samples, train, stop);
  plan.bytes = training.bytes + estimate(pipeline, Mode::Valid, samples, valid, stop).bytes;
  const std::uint64_t there = bytesThere(folder, pipeline);
  const bool mostlyThere = there >= plan.bytes / 10 * 9;
  if (options.mode == CacheMode::Auto) {
    if (plan.bytes == 0 || (epochs < 2 && !mostlyThere)) return plan;
    const std::string problem = obstacle(plan, options, there, folder);
    if (!problem.empty()) {
      plan.words =
          "presize cache: off; the resized photos would take " + inWords(plan.bytes) + ", " + problem;
      return plan;
    }
  }
  plan.use = true;
  plan.words =
      "presize cache: " + inWords(plan.bytes) + " in " + folder.string() +
      (mostlyThere ? "; photos are read from it" : "; from the second epoch on photos are read from it");
  if (training.kept < 1) {
    plan.words += "; of the training photos about " + std::to_string(static_cast<int>(100 * training.kept)) +
                  " %, the others are too large to keep";
  }
  return plan;
}

std::filesystem::path presizeFolder(const std::filesystem::path& workspace) {
  return workspace / "cache" / "presize";
}

std::vector<CachedPack> listCache(const std::filesystem::path& folder) {
  std::vector<CachedPack> list;
  for (const PackFiles& pack : packsIn(folder)) {
    const auto summary =
        readPackSummary(indexFile(folder, pack.name)).value_or(PackSummary{"nothing that can be read", 0});
    list.push_back({summary.what, pack.bytes, summary.photos, pack.used});
  }
  std::reverse(list.begin(), list.end());
  return list;
}

std::uint64_t cacheBytes(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const PackFiles& pack : packsIn(folder)) bytes += pack.bytes;
  return bytes;
}

std::uint64_t clearCache(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const PackFiles& pack : packsIn(folder)) {
    removePack(folder, pack.name);
    bytes += pack.bytes;
  }
  return bytes;
}

}  // namespace panicle
