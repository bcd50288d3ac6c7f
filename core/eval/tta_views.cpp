#include "core/eval/tta_views.h"

#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "core/weights/safetensors.h"
#include "core/weights/weight_file.h"

namespace panicle {
namespace {

constexpr const char* kTensor = "probabilities";

std::filesystem::path viewsPath(const std::filesystem::path& folder, const std::string& stem) {
  return folder / (stem + "_views.safetensors");
}

// The columns of a target, image after image.
void takeColumns(std::vector<float>& out, const std::vector<float>& values, std::size_t width, std::size_t first, std::size_t count) {
  for (std::size_t begin = first; begin < values.size(); begin += width) {
    out.insert(out.end(), values.begin() + static_cast<std::ptrdiff_t>(begin), values.begin() + static_cast<std::ptrdiff_t>(begin + count));
  }
}

// JSON texts hold names that are not UTF-8 with replacement characters.
std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void writeViews(const std::filesystem::path& path, const TtaViews& views) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(views.probabilities));
  const auto side = [](std::size_t count) { return static_cast<std::int64_t>(count); };
  const TensorEntry entry{kTensor, "F32", {side(views.views.size()), side(views.ids.size()), side(views.vocab.size())}, bytes};
  writeSafetensors(path, {entry},
                   {{"views", text(views.views)}, {"image_ids", text(views.ids)}, {"vocab", text(views.vocab)}, {"tta", text(toJson(views.options))}});
}

// The file's head; the probabilities are left where they are.
struct OpenViews {
  WeightFile file;
  TtaViews head;
  std::span<const std::byte> bytes;
};

OpenViews openViews(const std::filesystem::path& path) {
  OpenViews open{WeightFile::open(path), {}, {}};
  const TensorEntry* tensor = open.file.find(kTensor);
  try {
    const auto& metadata = open.file.metadata();
    const auto list = [&](const char* key) { return Json::parse(metadata.at(key)).get<std::vector<std::string>>(); };
    open.head.views = list("views");
    open.head.ids = list("image_ids");
    open.head.vocab = list("vocab");
    std::vector<std::string> problems;
    fromJson(open.head.options, Json::parse(metadata.at("tta")), "tta", problems);
  } catch (const std::exception& error) {
    throw fileError(path, std::string("is no file of views: ") + error.what());
  }
  const auto side = [](std::size_t count) { return static_cast<std::int64_t>(count); };
  const std::vector<std::int64_t> shape{side(open.head.views.size()), side(open.head.ids.size()), side(open.head.vocab.size())};
  if (!tensor || tensor->dtype != "F32" || tensor->shape != shape)
    throw fileError(path, "is no file of views: its probabilities are not there, or of another shape than its lists say");
  open.bytes = tensor->bytes;
  return open;
}

}  // namespace

TtaViewKeeper::TtaViewKeeper(const Outputs& plain, const TtaOptions& options)
    : plain_(plain),
      options_(options),
      keeps_(static_cast<std::uint64_t>(plain.values.size()) * sizeof(float) * static_cast<std::uint64_t>(options.n + 1) <= kMostBytes) {}

void TtaViewKeeper::add(const Outputs& pass) {
  if (keeps_) passes_.push_back(pass.values);
}

void TtaViewKeeper::write(const std::filesystem::path& folder, const std::string& stem, std::span<const Target> targets,
                          const std::vector<Item>& list) const {
  if (!keeps_) return;
  const std::size_t width = outputCount(targets);
  std::size_t first = 0;
  for (std::size_t t = 0; t < targets.size(); first += targets[t].outputs(), ++t) {
    if (targets[t].isNumber()) continue;
    TtaViews views{.vocab = targets[t].vocab, .views = {"plain"}, .ids = {}, .probabilities = {}, .options = options_};
    for (const std::uint32_t item : plain_.items) views.ids.push_back(list[item].id);
    takeColumns(views.probabilities, plain_.values, width, first, targets[t].outputs());
    for (const auto& pass : passes_) {
      views.views.push_back(std::to_string(views.views.size()));
      takeColumns(views.probabilities, pass, width, first, targets[t].outputs());
    }
    writeViews(viewsPath(folder, t == 0 ? stem : targetStem(stem, targets[t].name)), views);
  }
}

bool hasViews(const std::filesystem::path& folder, const std::string& stem) {
  return std::filesystem::exists(viewsPath(folder, stem));
}

TtaViews readViews(const std::filesystem::path& folder, const std::string& stem) {
  OpenViews open = openViews(viewsPath(folder, stem));
  open.head.probabilities.resize(open.bytes.size() / sizeof(float));
  if (!open.bytes.empty()) std::memcpy(open.head.probabilities.data(), open.bytes.data(), open.bytes.size());
  return std::move(open.head);
}

TtaViews readViewsOf(const std::filesystem::path& folder, const std::string& stem, const std::string& id) {
  const auto path = viewsPath(folder, stem);
  OpenViews open = openViews(path);
  const auto found = std::find(open.head.ids.begin(), open.head.ids.end(), id);
  if (found == open.head.ids.end()) throw fileError(path, "has no views of '" + id + "'");
  const auto image = static_cast<std::size_t>(found - open.head.ids.begin());
  const std::size_t images = open.head.ids.size(), classes = open.head.vocab.size(), rowBytes = classes * sizeof(float);
  open.head.probabilities.resize(open.head.views.size() * classes);
  for (std::size_t view = 0; rowBytes > 0 && view < open.head.views.size(); ++view) {
    std::memcpy(open.head.probabilities.data() + view * classes, open.bytes.data() + (view * images + image) * rowBytes, rowBytes);
  }
  open.head.ids = {id};
  return std::move(open.head);
}

}  // namespace panicle
