// One photo through every item transform: the very pixels that training and validation get. Runs on a worker.
#pragma once

#include <QImage>
#include <QString>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/data/census.h"
#include "core/data/dataset.h"
#include "core/data/decode.h"
#include "core/loader/pipeline.h"
#include "core/transforms/resize.h"
#include "ui/preview/resize_facts.h"

namespace panicle::ui {

struct ResizeRequest {
  std::filesystem::path file;
  std::string path;                        // in the data set: what finds the item, whose draws these are
  std::shared_ptr<const Dataset> dataset;  // may be null
  std::shared_ptr<const Census> census;    // may be null
  DecodeOptions decode;
  ResizeOptions options;    // the size; and what the methods other than the chosen one have in the recipe
  std::uint64_t seed = 42;  // of the run
  std::uint64_t first_epoch = 0;  // training's draws are those of `draws` epochs from this one on
  int draws = 3;
  int shown_side =
      512;  // pixels at which a result is shown: pictures are made no larger, training's a third of it
};

struct ResizedPicture {
  QImage image;  // smaller than ResizeFacts::result where that is larger than it is shown
  ResizeFacts facts;
};

struct ResizedCase {
  ResizeOptions options;
  ResizedPicture valid;
  std::vector<ResizedPicture> train;  // empty where training gets what validation gets
  MeanFacts mean;                     // of the data set, when there is a census
  QString failure;                    // why there is no picture; else ""
};

struct ResizePreview {
  QImage original;  // made smaller for display where the photo is large
  Size source;      // of the decoded photo
  std::vector<ResizedCase> cases;
};

// The photo decoded last, kept while only sizes change. Belongs to the worker: no two calls at once.
class DecodedPhoto {
 public:
  // Whole, not reduced. Throws what decodeImage() throws.
  const SourceImage& get(const std::filesystem::path& file, const DecodeOptions& options);
  const QImage& shown() const { return shown_; }
  int decodes() const { return decodes_; }  // so far

 private:
  std::filesystem::path file_;
  std::optional<std::filesystem::file_time_type> written_;
  ExifPolicy exif_ = ExifPolicy::Ignore;
  SourceImage source_;
  QImage shown_;
  int decodes_ = 0;
};

inline constexpr int kShownOriginal = 1024;  // longest side in pixels

// Throws what decodeImage() throws, and Cancelled.
ResizePreview renderResize(const ResizeRequest& request, DecodedPhoto& photo, std::stop_token stop);

}  // namespace panicle::ui
