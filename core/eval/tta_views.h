// What each look of test-time augmentation said of each image: the votes behind a prediction.
//
// <stem>_views.safetensors (stem "valid_tta", "test_tta.variety" ...) holds one tensor "probabilities" (F32; views x images x classes) and in its
// metadata, as JSON texts: "views" ["plain","1","2",...], "image_ids" (of the tensor's images, which may stand in another order than in the
// tables), "vocab", and "tta" (the options). The first view is the plain prediction. In Python: safetensors.numpy.load_file(), and for the metadata
// safetensors.safe_open(...).metadata().
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/eval/outputs.h"
#include "core/eval/tta_options.h"

namespace panicle {

struct TtaViews {
  Vocab vocab;
  std::vector<std::string> views;  // "plain", "1", "2", ...
  std::vector<std::string> ids;
  std::vector<float> probabilities;  // views x ids x vocab
  TtaOptions options;

  std::span<const float> row(std::size_t view, std::size_t image) const {
    return std::span(probabilities).subspan((view * ids.size() + image) * vocab.size(), vocab.size());
  }
};

// Collects the passes of predictTta(). Views that together would take more than kMostBytes are not kept.
class TtaViewKeeper {
 public:
  static constexpr std::uint64_t kMostBytes = std::uint64_t{512} << 20;

  explicit TtaViewKeeper(const Outputs& plain, const TtaOptions& options);
  bool keeps() const { return keeps_; }
  void add(const Outputs& pass);
  // Of every target of classes a file; `stem`, `targets` and `list` as of writeOutputs(). Writes nothing unless keeps().
  void write(const std::filesystem::path& folder, const std::string& stem, std::span<const Target> targets, const std::vector<Item>& list) const;

 private:
  const Outputs& plain_;
  TtaOptions options_;
  bool keeps_ = false;
  std::vector<std::vector<float>> passes_;
};

bool hasViews(const std::filesystem::path& folder, const std::string& stem);
// Throws Error for a file that is missing, damaged or of another form.
TtaViews readViews(const std::filesystem::path& folder, const std::string& stem);
// Those of one image alone, whose id is then the only one: reads no more of the file than its head and these votes. Throws Error for an image
// that has none.
TtaViews readViewsOf(const std::filesystem::path& folder, const std::string& stem, const std::string& id);

}  // namespace panicle
