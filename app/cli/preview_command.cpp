// preview: what the network sees of some photos, as a PNG.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>

#include "app/cli/commands.h"
#include "app/cli/option_text.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/encode.h"
#include "core/loader/summary.h"

namespace panicle::cli {
namespace {

struct PreviewArguments {
  std::vector<std::string> images;
  std::string resize;
  std::optional<std::string> padMode;
  std::optional<std::string> augment;
  bool valid = false;
  std::uint64_t seed = Pipeline{}.seed;
  std::uint64_t epoch = 0;
  bool summary = false;
  std::string out;
  bool json = false;
};

// ---- arguments

// Of options that were checked when they were read.
Pipeline pipelineOf(const PreviewArguments& arguments) {
  Pipeline pipeline;
  pipeline.seed = arguments.seed;
  readResize(arguments.resize, pipeline.resize);
  if (arguments.padMode) readSettings("pad_mode=" + *arguments.padMode, pipeline.resize);
  if (arguments.augment) readAugment(*arguments.augment, pipeline.augment.emplace());
  return pipeline;
}

// ---- pictures

struct Tile {
  Image image;
  std::string error;  // why there is no picture
};

// What the batch stage leaves, as bytes again.
Image denormalized(std::span<const float> values, Size size, const Normalization& normalization) {
  Image image{size.width, size.height, std::vector<std::uint8_t>(values.size())};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float share = values[i] * normalization.std[i % 3] + normalization.mean[i % 3];
    image.pixels[i] = static_cast<std::uint8_t>(std::lround(255.0f * std::clamp(share, 0.0f, 1.0f)));
  }
  return image;
}

Image pictureOf(const Pipeline& pipeline, const std::string& file, const BatchContext& context,
                std::uint32_t item) {
  Image image;
  loadItem(pipeline, file, context, item, image);
  if (!pipeline.augment) return image;
  const Size itemSize{image.height, image.width};
  const Size size = augmentedSize(*pipeline.augment, itemSize);
  std::vector<float> values(std::size_t{3} * size.height * size.width);
  finishItem(pipeline, image, drawItem(pipeline, context, item, itemSize), values);
  return denormalized(values, size, pipeline.normalization);
}

// The images are one batch, in their order.
std::vector<Tile> tilesOf(const Pipeline& pipeline, const PreviewArguments& arguments) {
  std::vector<std::uint32_t> items(arguments.images.size());
  std::iota(items.begin(), items.end(), 0u);
  const Mode mode = arguments.valid ? Mode::Valid : Mode::Train;
  const BatchContext context = batchContext(pipeline, mode, arguments.epoch, 0, items);
  std::vector<Tile> tiles(items.size());
  for (const std::uint32_t item : items) {
    try {
      tiles[item].image = pictureOf(pipeline, arguments.images[item], context, item);
    } catch (const Error& error) {
      tiles[item].error = error.what();
    }
  }
  return tiles;
}

struct Grid {
  static constexpr int kGap = 4;
  static constexpr std::uint8_t kBackground = 255;
  static constexpr std::uint8_t kBlank = 224;
  static constexpr std::uint8_t kMark = 160;

  Size tile;
  int columns = 1;
  Image image;

  Grid(Size tile, int count) : tile(tile), columns(static_cast<int>(std::ceil(std::sqrt(count)))) {
    const int rows = (count + columns - 1) / columns;
    image.width = columns * (tile.width + kGap) - kGap;
    image.height = rows * (tile.height + kGap) - kGap;
    image.pixels.assign(std::size_t{3} * image.width * image.height, kBackground);
  }

  std::uint8_t* pixel(int place, int x, int y) {
    const int left = place % columns * (tile.width + kGap) + x;
    const int top = place / columns * (tile.height + kGap) + y;
    return image.pixels.data() + 3 * (static_cast<std::ptrdiff_t>(top) * image.width + left);
  }

  void show(int place, const Image& picture) {
    const int rowBytes = 3 * picture.width;
    for (int y = 0; y < picture.height; ++y)
      std::copy_n(picture.pixels.data() + static_cast<std::ptrdiff_t>(y) * rowBytes, rowBytes,
                  pixel(place, 0, y));
  }

  // Crossed out, so that it is not taken for a grey photo.
  void showBlank(int place) {
    for (int y = 0; y < tile.height; ++y) {
      std::fill_n(pixel(place, 0, y), 3 * tile.width, kBlank);
      const int across = static_cast<int>(static_cast<std::int64_t>(y) * tile.width / tile.height);
      for (const int x : {across, tile.width - 1 - across}) std::fill_n(pixel(place, x, y), 3, kMark);
    }
  }
};

Image gridOf(const std::vector<Tile>& tiles) {
  Size largest;
  for (const Tile& tile : tiles) {
    largest.width = std::max(largest.width, tile.image.width);
    largest.height = std::max(largest.height, tile.image.height);
  }
  Grid grid(largest, static_cast<int>(tiles.size()));
  for (int i = 0; i < static_cast<int>(tiles.size()); ++i) {
    if (tiles[i].error.empty()) {
      grid.show(i, tiles[i].image);
    } else {
      grid.showBlank(i);
    }
  }
  return std::move(grid.image);
}

// ---- answers

Json sizeJson(Size size) {
  return {size.height, size.width};
}

Json summaryJson(const PipelineSummary& summary) {
  Json steps = Json::array();
  for (const auto& step : summary.steps) {
    steps.push_back({{"name", step.name},
                     {"detail", step.detail},
                     {"size", sizeJson(step.size)},
                     {"low", step.low},
                     {"high", step.high}});
  }
  return {{"steps", steps}, {"failure", summary.failure ? Json(*summary.failure) : Json(nullptr)}};
}

void printSummary(const PipelineSummary& summary) {
  TextTable table({"step", "height x width", "values", "what it does"}, Align::Left);
  for (const auto& step : summary.steps)
    table.add(
        {step.name, fmt::format("{} x {}", step.size.height, step.size.width), step.values, step.detail});
  table.print();
}

void answer(const PreviewArguments& arguments, const std::vector<Tile>& tiles, Size size,
            const std::optional<PipelineSummary>& summary) {
  const char* mode = arguments.valid ? "valid" : "train";
  if (!arguments.json) {
    if (summary) printSummary(*summary);
    if (!arguments.out.empty()) {
      fmt::print(
          "{}: {} x {}, {} of {} photo{}, {}, seed {}, epoch {}\n", arguments.out, size.height, size.width,
          std::count_if(tiles.begin(), tiles.end(), [](const Tile& tile) { return tile.error.empty(); }),
          tiles.size(), tiles.size() == 1 ? "" : "s", mode, arguments.seed, arguments.epoch);
    }
    return;
  }
  Json images = Json::array();
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const Tile& tile = tiles[i];
    const bool good = tile.error.empty();
    images.push_back({{"path", arguments.images[i]},
                      {"size", good ? sizeJson({tile.image.height, tile.image.width}) : Json(nullptr)},
                      {"error", good ? Json(nullptr) : Json(tile.error)}});
  }
  printJson({{"out", arguments.out.empty() ? Json(nullptr) : Json(arguments.out)},
             {"size", sizeJson(size)},
             {"mode", mode},
             {"seed", arguments.seed},
             {"epoch", arguments.epoch},
             {"images", images},
             {"summary", summary ? summaryJson(*summary) : Json(nullptr)}});
}

void runPreview(const PreviewArguments& arguments) {
  const Pipeline pipeline = pipelineOf(arguments);
  const std::vector<Tile> tiles = tilesOf(pipeline, arguments);
  const auto good =
      std::find_if(tiles.begin(), tiles.end(), [](const Tile& tile) { return tile.error.empty(); });
  std::optional<PipelineSummary> summary;
  if (arguments.summary) {
    // Of the first photo that can be shown, else of the first, to say how far it gets.
    const auto index = good == tiles.end() ? 0 : good - tiles.begin();
    summary = summarize(pipeline, arguments.images[index], arguments.valid ? Mode::Valid : Mode::Train);
  }
  if (good == tiles.end()) {
    if (summary && !arguments.json) printSummary(*summary);
    throw Error(summary && summary->failure ? *summary->failure : tiles.front().error);
  }
  for (const Tile& tile : tiles) {
    if (!tile.error.empty()) spdlog::warn("{}", tile.error);
  }
  const Image picture = tiles.size() == 1 ? tiles.front().image : gridOf(tiles);
  if (!arguments.out.empty()) writePng(arguments.out, picture);
  answer(arguments, tiles, {picture.height, picture.width}, summary);
}

// What concerns several arguments. They are one usage error each, as what concerns one is.
void requireSense(const PreviewArguments& arguments) {
  if (arguments.out.empty() && !arguments.summary) throw CLI::RequiredError("--out FILE.png (or --summary)");
  const Pipeline pipeline = pipelineOf(arguments);
  if (pipeline.resize.method == ResizeMethod::RatioResize && pipeline.augment && !pipeline.augment->size)
    throw CLI::ValidationError("--aug", "ratio_resize leaves photos of different sizes; give it a size=");
}

}  // namespace

void addPreviewCommand(CLI::App& program) {
  auto arguments = std::make_shared<PreviewArguments>();
  auto* command = program.add_subcommand(
      "preview", "Show what the network sees of some photos: the transforms' result as a PNG");
  command->add_option("IMAGE", arguments->images, "The photos; several are one batch, in this order")
      ->required();
  command
      ->add_option("--resize", arguments->resize,
                   "METHOD:SIZE, such as squish:480, crop:640,480 or pad:224; methods are squish, crop, pad, "
                   "random_resized_crop and ratio_resize. Other options of it follow after a comma: "
                   "random_resized_crop:224,min_scale=0.35")
      ->required()
      ->type_name("METHOD:SIZE")
      ->check([](const std::string& text) {
        ResizeOptions options;
        return readResize(text, options);
      });
  command->add_option("--pad-mode", arguments->padMode, "Of pad: zeros, border or reflection")
      ->check([](const std::string& text) {
        ResizeOptions options;
        return problemLines(readSettings("pad_mode=" + text, options));
      });
  command
      ->add_option(
          "--aug", arguments->augment,
          "Batch transforms as well: aug_transforms' options with commas between them, such as "
          "size=224,min_scale=0.75,engine=fused; the keys are those of stages.0.augment in 'panicle-cli spec "
          "--help'. \"\" takes the defaults")
      ->type_name("KEY=VALUE,...")
      ->check([](const std::string& text) {
        AugOptions options;
        return readAugment(text, options);
      });
  command->add_flag("--valid", arguments->valid,
                    "As in validation: nothing random. Without it: as in training");
  command->add_option("--seed", arguments->seed, "The run's seed, of all random choices")
      ->capture_default_str();
  command->add_option("--epoch", arguments->epoch, "The epoch, counted from 0")->capture_default_str();
  command->add_flag("--summary", arguments->summary, "Say what each step does and leaves of the first photo");
  command
      ->add_option("--out", arguments->out,
                   "The PNG to write: of one photo the very pixels, of several a grid")
      ->type_name("FILE.png")
      ->check([](const std::string& text) {
        return text.ends_with(".png") ? std::string()
                                      : "the picture is a PNG: end its name in .png, not '" + text + "'";
      });
  addJson(*command, arguments->json);
  command->callback([arguments] {
    requireSense(*arguments);
    runPreview(*arguments);
  });
}

}  // namespace panicle::cli
