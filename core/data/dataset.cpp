#include "core/data/dataset.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/error.h"
#include "core/data/content_hash.h"
#include "core/data/corrections.h"
#include "core/data/folder_scan.h"
#include "core/data/labelling.h"
#include "core/data/layout.h"

namespace panicle {
namespace {

// Image files that a user may expect to see and that Panicle does not read.
constexpr std::array<std::string_view, 9> kOtherImages{".gif", ".heic", ".heif", ".avif", ".jxl",
                                                       ".jp2", ".jfif", ".psd",  ".svg"};

void keepWarnings(Dataset& dataset, const std::filesystem::path& folder, FolderScan& scan) {
  std::move(scan.warnings.begin(), scan.warnings.end(), std::back_inserter(dataset.warnings));
  for (const auto& [extension, count] : scan.others) {
    if (std::find(kOtherImages.begin(), kOtherImages.end(), extension) == kOtherImages.end()) continue;
    dataset.warnings.push_back(folder.string() + ": " + std::to_string(count) +
                               " files were passed over because Panicle does not read " + extension +
                               "; convert them to JPEG or PNG");
  }
}

// The test folder as seen from the image folder, when it lies in it; else "".
std::string testInside(const Layout& layout) {
  if (!layout.test) return "";
  const auto relative =
      std::filesystem::path(*layout.test).lexically_relative(layout.images.empty() ? "." : layout.images);
  const std::string text = relative.string();
  return text == "." || text.starts_with("..") ? "" : text;
}

// "" where it is not there, too: whoever draws the split says so.
std::string groupsChecksum(const std::filesystem::path& root, const SplitOptions& split) {
  if (split.kind != SplitKind::Grouped || !split.groups || !std::filesystem::is_regular_file(root / *split.groups)) return "";
  return hashOfFile(root / *split.groups).text();
}

}  // namespace

std::vector<Target> Dataset::targets() const {
  Target label{.name = label_name, .vocab = vocab, .values = {}};
  label.values.reserve(items.size());
  for (const Item& item : items) label.values.push_back(static_cast<float>(item.target));
  std::vector<Target> all{std::move(label)};
  all.insert(all.end(), further_targets.begin(), further_targets.end());
  return all;
}

std::optional<std::size_t> Dataset::column(const std::string& name) const {
  const auto found = std::find(column_names.begin(), column_names.end(), name);
  if (found == column_names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - column_names.begin());
}

Dataset loadDataset(const DataOptions& options, std::stop_token stop, const Progress& progress) {
  Layout layout = findLayout(options);
  Dataset dataset;
  dataset.root = layout.root;
  dataset.layout = layout.words;
  dataset.sample_submission = layout.sample_submission;
  dataset.warnings = std::move(layout.warnings);

  const auto images = folderPath(layout.root, layout.images);
  FolderScan scan = scanFolder(images, testInside(layout), stop, progress);
  keepWarnings(dataset, images, scan);
  if (layout.table) {
    labelByTable(dataset, std::move(*layout.table), scan.files, layout.images, options);
  } else {
    labelByFolders(dataset, std::move(scan.files), layout.images);
  }
  if (layout.test) {
    const auto folder = folderPath(layout.root, *layout.test);
    FolderScan test = scanFolder(folder, "", stop, {});
    keepWarnings(dataset, folder, test);
    dataset.test.reserve(test.files.size());
    for (auto& file : test.files) {
      std::string path = *layout.test + "/" + file;
      dataset.test.push_back({std::move(file), std::move(path), -1});
    }
  }
  if (options.corrections && !options.corrections->empty()) applyCorrections(dataset, dataset.root / *options.corrections);
  dataset.groups_checksum = groupsChecksum(layout.root, options.split);
  takeSubset(dataset, options.subset, options.split.seed);
  requireValues(dataset);
  if (progress) progress(dataset.items.size(), dataset.items.size());
  return dataset;
}

std::vector<std::size_t> classCounts(const Dataset& dataset) {
  std::vector<std::size_t> counts(dataset.vocab.size());
  for (const Item& item : dataset.items) ++counts[static_cast<std::size_t>(item.target)];
  return counts;
}

}  // namespace panicle
