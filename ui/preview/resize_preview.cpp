#include "ui/preview/resize_preview.h"

#include <algorithm>
#include <system_error>

#include "core/base/error.h"
#include "ui/preview/rendered.h"

namespace panicle::ui {
namespace {

QImage shownAs(const Image& image, int side) {
  const QImage whole = toQImage(image);
  if (std::max(whole.width(), whole.height()) <= side) return whole;
  return whole.scaled(side, side, Qt::KeepAspectRatio, Qt::SmoothTransformation);
}

std::uint64_t itemOf(const ResizeRequest& request) {
  if (!request.dataset) return 0;
  const auto& items = request.dataset->items;
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.path == request.path; });
  return found == items.end() ? 0 : static_cast<std::uint64_t>(found - items.begin());
}

void throwIf(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Cancelled();
}

class CaseRenderer {
 public:
  CaseRenderer(const ResizeRequest& request, const ResizeOptions& options, const SourceImage& photo,
               std::uint64_t item)
      : file_(request.file), photo_(photo), item_(item) {
    pipeline_.decode = request.decode;
    pipeline_.resize = options;
    pipeline_.seed = request.seed;
  }

  ResizedPicture render(Mode mode, std::uint64_t epoch, int shownSide) const {
    const BatchContext context{.mode = mode, .epoch = epoch};
    Image result;
    if (pipeline_.resize.dct_scale) {
      SourceImage reduced;  // by how much depends on the method
      decodeSource(pipeline_, file_, context, item_, reduced);
      resizeSource(pipeline_, reduced, context, item_, result);
    } else {
      resizeSource(pipeline_, photo_, context, item_, result);
    }
    const ResizeDraw draw = drawItemResize(pipeline_, context, item_, photo_.size);
    return {shownAs(result, shownSide), resizeFacts(photo_.size, pipeline_.resize, draw)};
  }

 private:
  Pipeline pipeline_;
  const std::filesystem::path& file_;
  const SourceImage& photo_;
  std::uint64_t item_;
};

ResizedCase renderCase(const ResizeRequest& request, const ResizeOptions& options, const SourceImage& photo,
                       std::uint64_t item, std::stop_token stop) {
  ResizedCase shown{.options = options};
  try {
    if (request.census) shown.mean = meanFacts(request.census->sizes, options);
    const CaseRenderer renderer(request, options, photo, item);
    shown.valid = renderer.render(Mode::Valid, 0, request.shown_side);
    for (int i = 0; i < request.draws; ++i) {
      throwIf(stop);
      shown.train.push_back(renderer.render(Mode::Train, request.first_epoch + static_cast<std::uint64_t>(i),
                                            request.shown_side / request.draws));
    }
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    shown.failure = QString::fromUtf8(error.what());
  }
  const bool same = std::all_of(shown.train.begin(), shown.train.end(), [&](const ResizedPicture& train) {
    return train.facts.box == shown.valid.facts.box;
  });
  if (same) shown.train.clear();
  return shown;
}

}  // namespace

const SourceImage& DecodedPhoto::get(const std::filesystem::path& file, const DecodeOptions& options) {
  std::error_code ignored;
  const auto written = std::filesystem::last_write_time(file, ignored);
  if (written_ == written && file_ == file && exif_ == options.exif) return source_;
  written_.reset();
  decodeImage(file, options, source_.image);
  source_.size = {source_.image.height, source_.image.width};
  ++decodes_;
  shown_ = shownAs(source_.image, kShownOriginal);
  file_ = file;
  exif_ = options.exif;
  written_ = written;
  return source_;
}

ResizePreview renderResize(const ResizeRequest& request, DecodedPhoto& photo, std::stop_token stop) {
  const SourceImage& source = photo.get(request.file, request.decode);
  ResizePreview preview{.original = photo.shown(), .source = source.size};
  const std::uint64_t item = itemOf(request);
  for (const ResizeOptions& options : resizeCases(request.options)) {
    throwIf(stop);
    preview.cases.push_back(renderCase(request, options, source, item, stop));
  }
  return preview;
}

}  // namespace panicle::ui
