#include "core/loader/summary.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

#include "core/base/error.h"

namespace panicle {
namespace {

// "480 x 640", height first.
std::string sides(Size size) {
  return fmt::format("{} x {}", size.height, size.width);
}

std::string percent(double share) {
  return fmt::format("{:.3g} %", 100 * share);
}

double area(Size size) {
  return static_cast<double>(size.height) * size.width;
}

// Parts that are not empty, after one another.
std::string joined(std::initializer_list<std::string> parts) {
  std::string text;
  for (const auto& part : parts) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

// ---- the steps in words

std::string decodeWords(const Pipeline& pipeline, const SourceImage& source) {
  const bool upright = pipeline.decode.exif == ExifPolicy::Apply;
  return joined(
      {upright ? "turned upright by its EXIF orientation" : "EXIF orientation ignored",
       source.reduction > 1 ? fmt::format("at 1/{} of {}", source.reduction, sides(source.size)) : ""});
}

std::string squishWords(Size source, Size size) {
  const double bend =
      static_cast<double>(source.width) * size.height / (static_cast<double>(source.height) * size.width);
  if (bend == 1) return "squish: the whole photo, its proportions kept";
  return fmt::format("squish: the whole photo, made {:.3g} times {}", std::max(bend, 1 / bend),
                     bend > 1 ? "taller for its width" : "wider for its height");
}

std::string resizeWords(const ResizeOptions& options, Size source, const ResizeDraw& draw, Mode mode) {
  const bool random = mode == Mode::Train;
  const std::string place = random ? "at a random place" : "at the centre";
  const Box box = resizeBox(source, options, draw);
  const double boxShare = area({box.height, box.width}) / area(source);
  const std::string lost = boxShare < 1 ? percent(1 - boxShare) + " of its area cut off" : "nothing cut off";
  switch (options.method) {
    case ResizeMethod::Squish:
      return squishWords(source, options.size);
    case ResizeMethod::Pad:
      return fmt::format("pad with {}: the whole photo {}, {} of the result invented",
                         enumName(options.pad_mode), place, percent(std::max(1 - 1 / boxShare, 0.0)));
    case ResizeMethod::Crop:
      return fmt::format("crop: a part {}, {}", place, lost);
    case ResizeMethod::RandomResizedCrop:
      return fmt::format("random resized crop: {}, {}",
                         random ? "a part of random size, shape and place" : "the centre", lost);
    case ResizeMethod::RatioResize:
      return "ratio resize: the longer side as asked, proportions kept";
  }
  return "";
}

std::string affineWords(const AugOptions& options) {
  const bool rotates = options.rotateLimit() > 0;
  const bool warps = options.warpLimit() > 0;
  const bool any = rotates || warps || options.zooms();
  return joined(
      {options.do_flip
           ? percent(options.p_flip) +
                 (options.flip_vert ? " flipped or turned in one of eight ways" : " flipped left to right")
           : "",
       rotates ? fmt::format("turned by up to {:.3g} degrees", options.rotateLimit()) : "",
       options.zooms() ? fmt::format("zoomed {:.3g} to {:.3g} times", options.min_zoom, options.max_zoom)
                       : "",
       warps ? fmt::format("tilted by up to {:.3g}", options.warpLimit()) : "",
       any ? "each on " + percent(options.p_affine) + " of the photos" : ""});
}

std::string cropWords(const AugOptions& options, Mode mode) {
  const bool fastai = options.engine == AugEngine::Fastai;
  if (!options.crops() || (mode == Mode::Valid && !fastai)) return "";
  if (mode == Mode::Valid) return "the largest square at the centre";
  return fmt::format("a part of {} to 100 % of the area, {}", percent(options.min_scale),
                     fastai ? "one box for the batch" : "a box for each photo");
}

std::string geometryWords(const AugOptions& options, Mode mode) {
  const bool fastai = options.engine == AugEngine::Fastai;
  return joined({mode == Mode::Train ? affineWords(options) : "", cropWords(options, mode),
                 fastai && options.crops() ? "in two interpolations" : "in one interpolation",
                 fastai ? "engine fastai" : "engine fused"});
}

std::string lightingWords(const AugOptions& options) {
  const auto& saturation = options.saturation;
  const auto& hue = options.hue;
  return joined({options.lightingLimit() > 0
                     ? fmt::format("brightness and contrast by up to {:.3g}, each on {} of the photos",
                                   options.lightingLimit(), percent(options.p_lighting))
                     : "",
                 saturation ? fmt::format("saturation by up to {:.3g} with {}", saturation->max_lighting,
                                          percent(saturation->p))
                            : "",
                 hue ? fmt::format("hue by up to {:.3g} with {}", hue->max_hue, percent(hue->p)) : ""});
}

std::string normalizeWords(const Pipeline& pipeline, Mode mode) {
  const auto& [mean, std] = pipeline.normalization;
  const bool erases = mode == Mode::Train && pipeline.augment && pipeline.augment->erase;
  return joined({fmt::format("minus the mean ({:.3f}, {:.3f}, {:.3f})", mean[0], mean[1], mean[2]),
                 fmt::format("divided by the deviation ({:.3f}, {:.3f}, {:.3f})", std[0], std[1], std[2]),
                 erases ? "then boxes of noise with " + percent(pipeline.augment->erase->p) : ""});
}

// ---- the trial

class Trial {
 public:
  Trial(const Pipeline& pipeline, std::filesystem::path file, Mode mode)
      : pipeline_(pipeline), file_(std::move(file)) {
    const std::array<std::uint32_t, 1> batch{0};
    context_ = batchContext(pipeline, mode, 0, 0, batch);
  }

  PipelineSummary run() {
    try {
      step_ = "Decode";
      decode();
      step_ = "Resize";
      resize();
      step_ = "Batch transforms";
      transform();
    } catch (const Error& error) {
      summary_.failure = failureText(error.what());
    }
    return std::move(summary_);
  }

 private:
  void decode() {
    decodeSource(pipeline_, file_, context_, 0, source_);
    addBytes("Decode", decodeWords(pipeline_, source_), source_.image);
  }

  void resize() {
    resizeSource(pipeline_, source_, context_, 0, item_);
    const ResizeDraw draw = drawItemResize(pipeline_, context_, 0, source_.size);
    addBytes("Resize", resizeWords(pipeline_.resize, source_.size, draw, context_.mode), item_);
  }

  // The batch stage takes all its steps in one pass; each is shown by leaving out those after it.
  void transform() {
    const Size size = pipeline_.augment ? augmentedSize(*pipeline_.augment, itemSize()) : itemSize();
    numbers_.resize(std::size_t{3} * size.height * size.width);
    const AugDraw draw = drawItem(pipeline_, context_, 0, itemSize());
    if (!pipeline_.augment) {
      normalize(item_, kNoNormalization, numbers_);
      addNumbers("To numbers", "bytes divided by 255", size);
      normalize(item_, pipeline_.normalization, numbers_);
    } else {
      const AugOptions& options = *pipeline_.augment;
      AugDraw geometry = draw;
      geometry.brightness = AugDraw{}.brightness;
      geometry.contrast = AugDraw{}.contrast;
      geometry.saturation = AugDraw{}.saturation;
      geometry.hue = AugDraw{}.hue;
      geometry.erase.clear();
      augment(item_, options, geometry, kNoNormalization, numbers_);
      addNumbers("Geometry", geometryWords(options, context_.mode), size);
      const std::string lighting = lightingWords(options);
      if (context_.mode == Mode::Train && !lighting.empty()) {
        AugDraw lit = draw;
        lit.erase.clear();
        augment(item_, options, lit, kNoNormalization, numbers_);
        addNumbers("Lighting", lighting, size);
      }
      augment(item_, options, draw, pipeline_.normalization, numbers_);
    }
    addNumbers("Normalise", normalizeWords(pipeline_, context_.mode), size);
  }

  Size itemSize() const { return {item_.height, item_.width}; }

  void addBytes(const char* name, std::string detail, const Image& image) {
    const auto [low, high] = std::minmax_element(image.pixels.begin(), image.pixels.end());
    SummaryStep step{name, std::move(detail), {image.height, image.width}, 1.0 * *low, 1.0 * *high, ""};
    step.values = fmt::format("bytes from {:.0f} to {:.0f}", step.low, step.high);
    summary_.steps.push_back(std::move(step));
  }

  void addNumbers(const char* name, std::string detail, Size size) {
    const auto [low, high] = std::minmax_element(numbers_.begin(), numbers_.end());
    SummaryStep step{name, std::move(detail), size, *low, *high, ""};
    step.values = fmt::format("numbers from {:.2f} to {:.2f}", step.low, step.high);
    summary_.steps.push_back(std::move(step));
  }

  // The error of a file names it already.
  std::string failureText(std::string reason) const {
    const std::string name = file_.string() + ": ";
    if (reason.starts_with(name)) reason.erase(0, name.size());
    return name + step_ + " failed: " + reason;
  }

  const Pipeline& pipeline_;
  std::filesystem::path file_;
  BatchContext context_;
  const char* step_ = "";
  SourceImage source_;
  Image item_;
  std::vector<float> numbers_;
  PipelineSummary summary_;
};

}  // namespace

PipelineSummary summarize(const Pipeline& pipeline, const std::filesystem::path& file, Mode mode) {
  return Trial(pipeline, file, mode).run();
}

}  // namespace panicle
