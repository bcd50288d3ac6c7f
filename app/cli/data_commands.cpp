// sample, census, split: what is on disk.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/duplicates_output.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/census.h"
#include "core/data/dataset.h"
#include "core/data/grouped_split.h"
#include "core/data/sample_data.h"
#include "core/data/split.h"

namespace panicle::cli {
namespace {

struct DataArguments {
  std::string root;
  std::vector<std::string> settings;
  bool json = false;
};

void addDataArguments(CLI::App& command, DataArguments& arguments) {
  command
      .add_option("DIR", arguments.root,
                  "The data set: a folder of class folders, a folder with a known layout, or a CSV file")
      ->required();
  addSettings(command, arguments.settings);
  addJson(command, arguments.json);
}

Dataset load(const DataOptions& options, ProgressLine& progress) {
  Dataset dataset = loadDataset(options, {}, progress.counter("files found"));
  progress.clear();
  for (const auto& warning : dataset.warnings) spdlog::warn("{}", warning);
  return dataset;
}

DataOptions dataOptions(const DataArguments& arguments) {
  RunSpec spec;
  applySettings(spec, arguments.settings);
  spec.data.root = arguments.root;
  return spec.data;
}

// --- sample

struct SampleArguments {
  std::string folder;
  std::optional<int> perClass;
  std::uint64_t seed = SampleDataOptions{}.seed;
  bool json = false;
};

void runSample(const SampleArguments& arguments) {
  ProgressLine progress;
  SampleDataOptions options;
  options.per_class = arguments.perClass;
  options.seed = arguments.seed;
  writeSampleData(arguments.folder, options, {}, progress.counter("photos drawn"));
  DataOptions data;
  data.root = arguments.folder;
  const Dataset dataset = load(data, progress);
  if (arguments.json) {
    printJson({{"root", arguments.folder},
               {"images", dataset.items.size()},
               {"test_images", dataset.test.size()},
               {"classes", dataset.vocab.size()}});
  } else {
    fmt::print("{}: {} labelled photos of {} classes and {} test photos\n", arguments.folder,
               grouped(dataset.items.size()), dataset.vocab.size(), grouped(dataset.test.size()));
  }
}

// --- census

Json censusJson(const Dataset& dataset, const Census& census) {
  Json classes = Json::object();
  for (std::size_t c = 0; c < dataset.vocab.size(); ++c) classes[dataset.vocab[c]] = census.class_counts[c];
  Json sizes = Json::object();
  for (const auto& [size, count] : census.sizes) sizes[fmt::format("{}x{}", size.first, size.second)] = count;
  Json exif = Json::object();
  for (const auto& [orientation, count] : census.orientations) exif[std::to_string(orientation)] = count;
  Json bad = Json::array();
  for (const auto& file : census.bad) bad.push_back({{"path", file.path}, {"reason", file.reason}});
  return {{"layout", dataset.layout},
          {"images", census.images},
          {"test_images", census.test_images},
          {"classes", classes},
          {"sizes", sizes},
          {"exif", exif},
          {"bad", bad},
          {"warnings", dataset.warnings}};
}

void printCensus(const Dataset& dataset, const Census& census) {
  fmt::print("{}: {} labelled photos of {} classes, {} test photos\n\n", dataset.layout,
             grouped(census.images), dataset.vocab.size(), grouped(census.test_images));
  TextTable classes({"class", "photos", "share"});
  for (std::size_t c = 0; c < dataset.vocab.size(); ++c) {
    const double share = census.images == 0 ? 0.0
                                            : 100.0 * static_cast<double>(census.class_counts[c]) /
                                                  static_cast<double>(census.images);
    classes.add({dataset.vocab[c], grouped(census.class_counts[c]), fmt::format("{:.1f} %", share)});
  }
  classes.print();

  std::vector<std::pair<std::size_t, std::string>> bySize;
  for (const auto& [size, count] : census.sizes)
    bySize.emplace_back(count, fmt::format("{}x{}", size.first, size.second));
  std::stable_sort(bySize.begin(), bySize.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  constexpr std::size_t kShown = 10;
  fmt::print("\n");
  TextTable sizes({"height x width", "photos"});
  for (std::size_t i = 0; i < std::min(bySize.size(), kShown); ++i)
    sizes.add({bySize[i].second, grouped(bySize[i].first)});
  if (bySize.size() > kShown) sizes.add({fmt::format("{} other sizes", bySize.size() - kShown), ""});
  sizes.print();

  for (const auto& [orientation, count] : census.orientations) {
    if (orientation != 1) fmt::print("\n{} photos with EXIF orientation {}", grouped(count), orientation);
  }
  fmt::print("\n{} bad files{}\n", grouped(census.bad.size()), census.bad.empty() ? "" : ":");
  for (const auto& file : census.bad) fmt::print("  {}: {}\n", file.path, file.reason);
}

struct CensusArguments : DataArguments {
  bool duplicates = false;
  double similarity = NearOptions{}.similarity;
};

Duplicates lookForDuplicates(const Dataset& dataset, const DataOptions& options, double similarity, ProgressLine& progress) {
  const DuplicateOptions how{.decode = {.exif = options.exif}, .near = {.similarity = similarity}};
  Duplicates duplicates = findDuplicates(dataset, how, 0, {}, progress.counter("photos compared"));
  progress.clear();
  return duplicates;
}

void runCensus(const CensusArguments& arguments) {
  ProgressLine progress;
  const DataOptions options = dataOptions(arguments);
  const Dataset dataset = load(options, progress);
  const Census census = takeCensus(dataset, {.exif = options.exif}, 0, {}, progress.counter("headers read"));
  progress.clear();
  std::optional<Duplicates> duplicates;
  if (arguments.duplicates) duplicates = lookForDuplicates(dataset, options, arguments.similarity, progress);
  const Split split = duplicates ? splitDataset(dataset, options.split) : Split{};
  if (arguments.json) {
    Json answer = censusJson(dataset, census);
    if (duplicates) answer["duplicates"] = duplicatesJson(dataset, split, *duplicates);
    printJson(answer);
    return;
  }
  printCensus(dataset, census);
  if (duplicates) printDuplicates(dataset, split, *duplicates);
}

// --- split

struct SplitArguments : DataArguments {
  std::optional<double> validPct;
  std::optional<std::uint64_t> seed;
  bool grouped = false;
  double similarity = NearOptions{}.similarity;
  std::string groups;
  std::string column;
  std::string write;
};

SplitOptions splitOptions(const SplitArguments& arguments, SplitOptions options) {
  if (arguments.validPct) options.valid_pct = *arguments.validPct;
  if (arguments.seed) options.seed = *arguments.seed;
  if (arguments.grouped) options.kind = SplitKind::Grouped;
  if (!arguments.groups.empty()) options.groups = std::filesystem::absolute(arguments.groups).string();
  if (!arguments.column.empty()) options.group_column = arguments.column;
  return options;
}

// Where neither a table nor a column says what belongs together, the near duplicates do.
Split chooseSplit(const Dataset& dataset, const SplitArguments& arguments, const DataOptions& options, ProgressLine& progress) {
  const bool told = options.split.groups || !arguments.column.empty() || dataset.column(options.split.group_column);
  if (arguments.grouped && told && !arguments.write.empty())
    throw Error("--write is for groups of like photos that are looked for, and here they are told: leave it out, or leave out --group-column and data.split.groups");
  if (!arguments.grouped || told) return splitDataset(dataset, options.split);
  const Duplicates duplicates = lookForDuplicates(dataset, options, arguments.similarity, progress);
  for (const BadFile& bad : duplicates.bad) spdlog::warn("{}: {}; it is a group of its own", bad.path, bad.reason);
  if (!arguments.write.empty()) {
    writeGroups(arguments.write, dataset, duplicates.groups);
    spdlog::info("{}: {} groups of like photos; name it with data.split.groups", arguments.write, grouped(duplicates.groups.size()));
  }
  return splitByNumbers(dataset, groupNumbers(dataset, duplicates.groups), options.split);
}

void runSplit(const SplitArguments& arguments) {
  ProgressLine progress;
  DataOptions options = dataOptions(arguments);
  options.split = splitOptions(arguments, options.split);
  const Dataset dataset = load(options, progress);
  const Split split = chooseSplit(dataset, arguments, options, progress);
  const auto paths = [&](const std::vector<std::uint32_t>& indices) {
    std::vector<std::string> paths;
    for (const auto index : indices) paths.push_back(dataset.items[index].path);
    return paths;
  };
  if (arguments.json) {
    printJson({{"train", paths(split.train)}, {"valid", paths(split.valid)}, {"vocab", dataset.vocab}});
    return;
  }
  for (const auto& path : paths(split.valid)) fmt::print("{}\n", path);
  spdlog::info("{} photos train, {} validate", grouped(split.train.size()), grouped(split.valid.size()));
}

void addSample(CLI::App& program) {
  auto arguments = std::make_shared<SampleArguments>();
  auto* command = program.add_subcommand(
      "sample", "Write the built-in sample data set: drawn photos of diseased rice leaves");
  command->add_option("DIR", arguments->folder, "Folder to write; it is made if absent")->required();
  command
      ->add_option("--per-class", arguments->perClass,
                   "This many training photos of every class (default: 600 in all)")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--seed", arguments->seed, "The same seed draws the same photos")
      ->capture_default_str();
  addJson(*command, arguments->json);
  command->callback([arguments] { runSample(*arguments); });
}

CLI::Option* addSimilarity(CLI::App& command, double& similarity) {
  return command
      .add_option("--similarity", similarity, "The share of gradients in which near duplicates agree; 0.8 finds more shots of one scene")
      ->check(CLI::Range(0.6, 1.0))
      ->capture_default_str();
}

void addCensus(CLI::App& program) {
  auto arguments = std::make_shared<CensusArguments>();
  auto* command = program.add_subcommand(
      "census", "Count classes and image sizes, and list the files that cannot be read");
  addDataArguments(*command, *arguments);
  auto* duplicates = command->add_flag("--duplicates", arguments->duplicates,
                                       "Also look for photos that show the same, in the training, validation and test images");
  addSimilarity(*command, arguments->similarity)->needs(duplicates);
  command->callback([arguments] { runCensus(*arguments); });
}

void addSplit(CLI::App& program) {
  auto arguments = std::make_shared<SplitArguments>();
  auto* command = program.add_subcommand(
      "split", "Print which photos are validation, as fastai's RandomSplitter chooses them or in groups");
  addDataArguments(*command, *arguments);
  command->add_option("--valid-pct", arguments->validPct, "Share of the photos that validates (default: 0.2)")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--seed", arguments->seed, "The split's seed (default: 42)");
  auto* inGroups = command->add_flag("--grouped", arguments->grouped,
                                     "Keep like photos on one side: near duplicates, unless one of the next two says what belongs together");
  auto* table = command->add_option("--groups", arguments->groups, "With --grouped: a CSV with image_id and the group column")->needs(inGroups);
  command->add_option("--group-column", arguments->column, "With --grouped: the column of that CSV, or of the label table (default: group)")
      ->needs(inGroups);
  command->add_option("--write", arguments->write, "With --grouped: write the groups of near duplicates to this CSV, for data.split.groups")
      ->needs(inGroups)
      ->excludes(table);
  addSimilarity(*command, arguments->similarity)->needs(inGroups);
  command->callback([arguments] { runSplit(*arguments); });
}

}  // namespace

void addDataCommands(CLI::App& program) {
  addSample(program);
  addCensus(program);
  addSplit(program);
}

}  // namespace panicle::cli
