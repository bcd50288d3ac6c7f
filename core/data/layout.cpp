#include "core/data/layout.h"

#include <algorithm>

#include "core/base/error.h"

namespace panicle {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTrainTable = "train.csv";
constexpr const char* kTrainFolder = "train_images";
constexpr const char* kTestFolder = "test_images";
constexpr const char* kSampleSubmission = "sample_submission.csv";
constexpr const char* kSplitColumn = "is_val";

bool isFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool isFile(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

fs::path normalized(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();  // without a '/' at the end
}

bool isCsvName(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".csv" || extension == ".CSV";
}

// A folder that an option names, as Layout::images is written.
std::string namedFolder(const fs::path& root, const std::string& name, const char* option) {
  const fs::path folder = normalized(root / name);
  if (!isFolder(folder))
    throw Error(std::string("data.") + option + ": " + folder.string() + " is not a folder");
  const fs::path relative = folder.lexically_relative(root);
  if (relative == ".") return "";
  return relative.empty() || *relative.begin() == ".." ? folder.string() : relative.string();
}

bool hasColumns(const std::vector<std::string>& header, const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::find(header.begin(), header.end(), name) != header.end();
  });
}

// The header of a CSV that may be anything: one that cannot be read is not the label table.
std::vector<std::string> headerOrNone(const fs::path& path) {
  try {
    return readCsvHeader(path);
  } catch (const Error&) {
    return {};
  }
}

// train.csv, else the one CSV of the folder that has the columns and is_val.
std::optional<fs::path> findTable(const DataOptions& options, Layout& layout) {
  std::vector<std::string> columns{options.image_column, options.label_columns.front()};
  const fs::path train = layout.root / kTrainTable;
  if (isFile(train)) {
    if (hasColumns(headerOrNone(train), columns)) return train;
    layout.warnings.push_back(train.string() + " has no columns '" + options.image_column + "' and '" +
                              options.label_columns.front() +
                              "', so it was not used: the labels are the folders' names");
  }
  columns.emplace_back(kSplitColumn);
  std::vector<fs::path> candidates;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(layout.root, unreadable)) {
    const fs::path& path = entry.path();
    if (!isCsvName(path) || path.filename() == kTrainTable || !isFile(path)) continue;
    if (hasColumns(headerOrNone(path), columns)) candidates.push_back(path);
  }
  if (unreadable) throw fileError(layout.root, "cannot be read: " + unreadable.message());
  if (candidates.empty()) return std::nullopt;
  std::sort(candidates.begin(), candidates.end());
  if (candidates.size() > 1) {
    throw fileError(layout.root, "holds several label tables (" + candidates[0].filename().string() + ", " +
                                     candidates[1].filename().string() + "); say which with data.csv");
  }
  return candidates.front();
}

std::string describe(const Layout& layout) {
  const std::string images = layout.images.empty() ? "images in the folder itself" : layout.images + "/";
  if (!layout.table) return layout.images.empty() ? "class folders" : "class folders in " + images;
  const std::string name = layout.table->path.filename().string();
  if (layout.table->column(kSplitColumn)) return "Cassava (" + name + " with is_val, " + images + ")";
  if (name == kTrainTable && layout.images == kTrainFolder)
    return "Paddy Doctor (" + name + ", " + images + ")";
  return "label table (" + name + ", " + images + ")";
}

}  // namespace

Layout findLayout(const DataOptions& options) {
  if (options.root.empty())
    throw Error("no data set is chosen: set data.root to a folder of images or to a CSV");
  if (const auto problems = labelProblems(options); !problems.empty())
    throw Error("data." + problems.front());
  Layout layout;
  layout.root = normalized(options.root);
  std::optional<fs::path> table;
  if (isFile(layout.root)) {
    if (!isCsvName(layout.root)) throw fileError(layout.root, "is neither a folder nor a CSV file");
    table = layout.root;
    layout.root = layout.root.parent_path();
  }
  if (!isFolder(layout.root)) throw fileError(layout.root, "there is no such folder");
  if (options.csv) {
    table = normalized(layout.root / *options.csv);
    if (!isFile(*table)) throw Error("data.csv: " + table->string() + " is not a file");
  } else if (!table) {
    table = findTable(options, layout);
  }
  if (table) layout.table = readCsv(*table);
  if (!table && options.label_columns.size() > 1) {
    throw Error(layout.root.string() + ": data.label_columns asks for '" + options.label_columns[1] +
                "' beside the label, but no table with the columns '" + options.image_column + "' and '" +
                options.label_columns.front() + "' was found; name it with data.csv");
  }

  if (options.images) {
    layout.images = namedFolder(layout.root, *options.images, "images");
  } else if (isFolder(layout.root / kTrainFolder)) {
    layout.images = kTrainFolder;
  }
  if (options.test) {
    layout.test = namedFolder(layout.root, *options.test, "test");
  } else if (isFolder(layout.root / kTestFolder)) {
    layout.test = kTestFolder;
  }
  if (isFile(layout.root / kSampleSubmission)) layout.sample_submission = layout.root / kSampleSubmission;
  layout.words = describe(layout);
  return layout;
}

}  // namespace panicle
