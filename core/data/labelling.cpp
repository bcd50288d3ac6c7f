#include "core/data/labelling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/error.h"
#include "core/base/fields.h"
#include "core/base/random.h"
#include "core/data/file_index.h"
#include "core/data/layout.h"

namespace panicle {
namespace {

constexpr std::size_t kExamples = 3;  // of the rows or files that a warning is about

std::string below(const std::string& folder, const std::string& path) {
  return folder.empty() ? path : folder + "/" + path;
}

// The name of the folder that holds `path`; "" when it lies directly in the image folder.
std::string_view parentName(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  const auto before = slash == 0 ? std::string_view::npos : path.rfind('/', slash - 1);
  return path.substr(before == std::string_view::npos ? 0 : before + 1,
                     before == std::string_view::npos ? slash : slash - before - 1);
}

using Labels = std::unordered_set<std::string_view>;

// An empty label is none.
Vocab sortedLabels(const Labels& labels) {
  Vocab vocab(labels.begin(), labels.end());
  std::erase(vocab, "");
  std::sort(vocab.begin(), vocab.end());
  return vocab;
}

std::unordered_map<std::string_view, int> classesOf(const Vocab& vocab) {
  std::unordered_map<std::string_view, int> classes;
  for (const auto& label : vocab) classes.emplace(label, static_cast<int>(classes.size()));
  return classes;
}

// What happened to how many rows, with the first few named.
class Tally {
 public:
  void add(std::string example) {
    if (count_++ < kExamples) examples_ += (examples_.empty() ? "" : ", ") + std::move(example);
  }
  // "PATH: 12 rows ...: line 5 (a.jpg), line 6 (b.jpg), line 9 (c.jpg), ..."
  void report(Dataset& dataset, const std::filesystem::path& path, const std::string& what) const {
    if (count_ == 0) return;
    dataset.warnings.push_back(path.string() + ": " + std::to_string(count_) + " " + what + ": " + examples_ +
                               (count_ > kExamples ? ", ..." : ""));
  }

 private:
  std::size_t count_ = 0;
  std::string examples_;
};

void trim(std::string& text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  text.resize(last == std::string::npos ? 0 : last + 1);
  text.erase(0, text.find_first_not_of(" \t\r\n"));
}

struct Match {
  std::uint32_t file;
  std::uint32_t row;
};

// Goes through the rows of a label table once and finds out which of them become items.
class TableMatcher {
 public:
  TableMatcher(Dataset& dataset, CsvTable& table, const std::vector<std::string>& files,
               const std::string& folder, const DataOptions& options)
      : dataset_(dataset),
        table_(table),
        files_(files),
        folder_(folder),
        imageColumn_(table.requireColumn(options.image_column)),
        labelColumn_(table.requireColumn(options.label_columns.front())) {}

  // In the order of the files.
  std::vector<Match> match() {
    const FileIndex index(files_, folder_);
    std::unordered_map<std::string_view, std::uint32_t> rowOfId;
    std::vector<std::uint32_t> rowOfFile(files_.size(), kNone);
    std::vector<Match> matches;
    rowOfId.reserve(table_.rows.size());
    for (std::uint32_t row = 0; row < table_.rows.size(); ++row) {
      trim(id(row));
      trim(label(row));
      if (id(row).empty()) throw fileError(table_.path, table_.lines[row], "names no image");
      if (label(row).empty()) {
        unlabelled_.add(example(row));
        continue;
      }
      const auto [first, isNew] = rowOfId.emplace(id(row), row);
      if (!isNew) {
        passOverRepeated(first->second, row);
        continue;
      }
      const auto file = find(index, row);
      if (!file) {
        missing_.add(example(row));
      } else if (rowOfFile[*file] != kNone) {
        passOverRepeated(rowOfFile[*file], row);
      } else {
        rowOfFile[*file] = row;
        matches.push_back({*file, row});
      }
    }
    report(rowOfFile, matches.size());
    std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) { return a.file < b.file; });
    return matches;
  }

  std::string& id(std::size_t row) { return table_.rows[row][imageColumn_]; }
  std::string& label(std::size_t row) { return table_.rows[row][labelColumn_]; }
  bool isFurther(std::size_t column) const {
    return column != imageColumn_ && column != labelColumn_ && !table_.header[column].empty();
  }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  std::string example(std::size_t row) {
    return "line " + std::to_string(table_.lines[row]) + " (" + id(row) + ")";
  }

  std::optional<std::uint32_t> find(const FileIndex& index, std::size_t row) {
    try {
      return index.find(id(row), label(row));
    } catch (const Error& error) {
      throw fileError(table_.path, table_.lines[row], error.what());
    }
  }

  void passOverRepeated(std::size_t first, std::size_t second) {
    if (label(first) != label(second)) {
      throw fileError(table_.path, table_.lines[second],
                      "'" + id(second) + "' has the label '" + label(second) + "', but '" + label(first) +
                          "' on line " + std::to_string(table_.lines[first]) + "; remove the wrong row");
    }
    (table_.rows[first] == table_.rows[second] ? repeated_ : differing_).add(example(second));
  }

  void report(const std::vector<std::uint32_t>& rowOfFile, std::size_t matched) {
    if (table_.rows.empty()) throw fileError(table_.path, "has no rows below its header");
    const std::string images = folderPath(dataset_.root, folder_).string();
    if (matched == 0) {
      throw fileError(table_.path, "none of its " + std::to_string(table_.rows.size()) +
                                       " rows has a label and an image in " + images +
                                       "; set data.images to the folder of the images");
    }
    missing_.report(dataset_, table_.path, "rows name an image that is not there and were left out");
    unlabelled_.report(dataset_, table_.path, "rows have no label and were left out");
    repeated_.report(dataset_, table_.path, "rows repeat an earlier one and were left out");
    differing_.report(dataset_, table_.path,
                      "rows repeat an earlier image with other values; the earlier ones count");
    Tally unnamed;
    for (std::size_t file = 0; file < files_.size(); ++file) {
      if (rowOfFile[file] == kNone) unnamed.add(files_[file]);
    }
    unnamed.report(dataset_, images,
                   "images have no row in " + table_.path.filename().string() + " and were left out");
  }

  Dataset& dataset_;
  CsvTable& table_;
  const std::vector<std::string>& files_;
  const std::string& folder_;
  const std::size_t imageColumn_;
  const std::size_t labelColumn_;
  Tally missing_, unlabelled_, repeated_, differing_;
};

// The values of a further label column, for the rows that became items.
std::vector<float> readNumbers(const CsvTable& table, const std::vector<Match>& matches, std::size_t column) {
  std::vector<float> values;
  values.reserve(matches.size());
  for (const Match& match : matches) {
    std::string text = table.rows[match.row][column];
    trim(text);
    try {
      values.push_back(readNumber(text));
    } catch (const Error& error) {
      const std::string& name = table.header[column];
      throw fileError(table.path, table.lines[match.row],
                      name + ": " + error.what() + "; mend it, leave it empty, or take '" + name +
                          "' out of data.regression_columns to learn its values as classes");
    }
  }
  return values;
}

std::vector<float> readClasses(const CsvTable& table, const std::vector<Match>& matches, std::size_t column,
                               Vocab& vocab) {
  std::vector<std::string> texts;
  texts.reserve(matches.size());
  for (const Match& match : matches) trim(texts.emplace_back(table.rows[match.row][column]));
  vocab = sortedLabels({texts.begin(), texts.end()});
  const auto classes = classesOf(vocab);
  std::vector<float> values;
  values.reserve(texts.size());
  for (const std::string& text : texts) {
    values.push_back(text.empty() ? std::numeric_limits<float>::quiet_NaN()
                                  : static_cast<float>(classes.at(text)));
  }
  return values;
}

Target readTarget(Dataset& dataset, const CsvTable& table, const std::vector<Match>& matches,
                  const std::string& name, bool isNumber) {
  const std::size_t column = table.requireColumn(name);
  Target target{.name = name, .vocab = {}, .values = {}};
  target.values =
      isNumber ? readNumbers(table, matches, column) : readClasses(table, matches, column, target.vocab);
  Tally missing;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    if (std::isnan(target.values[i])) missing.add("line " + std::to_string(table.lines[matches[i].row]));
  }
  missing.report(dataset, table.path, "rows have no " + name + " and do not count where it is learnt");
  return target;
}

// The vocab without the classes that no item has.
void dropUnusedClasses(Target& target) {
  std::vector<float> newClass(target.vocab.size(), -1);
  for (const float value : target.values) {
    if (!std::isnan(value)) newClass[static_cast<std::size_t>(value)] = 0;
  }
  Vocab vocab;
  for (std::size_t c = 0; c < newClass.size(); ++c) {
    if (newClass[c] < 0) continue;
    newClass[c] = static_cast<float>(vocab.size());
    vocab.push_back(std::move(target.vocab[c]));
  }
  target.vocab = std::move(vocab);
  for (float& value : target.values) {
    if (!std::isnan(value)) value = newClass[static_cast<std::size_t>(value)];
  }
}

// Keeps the items that `keep` marks, and of the further targets the classes that are left.
void filterItems(Dataset& dataset, const std::vector<bool>& keep) {
  keepItems(dataset, keep);
  for (Target& target : dataset.further_targets) {
    if (!target.isNumber()) dropUnusedClasses(target);
  }
}

void keepClasses(Dataset& dataset, const std::vector<std::string>& classes) {
  std::vector<int> newTarget(dataset.vocab.size(), -1);
  for (const auto& name : classes) {
    const auto found = std::lower_bound(dataset.vocab.begin(), dataset.vocab.end(), name);
    if (found == dataset.vocab.end() || *found != name) {
      const std::string near = nearestName(name, dataset.vocab);
      throw Error("data.subset.classes: there is no class '" + name + "' in " + dataset.root.string() +
                  (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    newTarget[static_cast<std::size_t>(found - dataset.vocab.begin())] = 0;
  }
  Vocab vocab;
  for (std::size_t target = 0; target < newTarget.size(); ++target) {
    if (newTarget[target] < 0) continue;
    newTarget[target] = static_cast<int>(vocab.size());
    vocab.push_back(dataset.vocab[target]);
  }
  std::vector<bool> keep(dataset.items.size());
  for (std::size_t i = 0; i < keep.size(); ++i) {
    Item& item = dataset.items[i];
    item.target = newTarget[static_cast<std::size_t>(item.target)];
    keep[i] = item.target >= 0;
  }
  filterItems(dataset, keep);
  dataset.vocab = std::move(vocab);
}

void keepFraction(Dataset& dataset, double fraction, std::uint64_t seed) {
  std::vector<std::vector<std::size_t>> members(dataset.vocab.size());
  for (std::size_t i = 0; i < dataset.items.size(); ++i) {
    members[static_cast<std::size_t>(dataset.items[i].target)].push_back(i);
  }
  std::vector<bool> keep(dataset.items.size());
  for (std::size_t target = 0; target < members.size(); ++target) {
    // Named after the class, so that leaving out another class does not change which of its images are drawn.
    const auto order =
        permutation(members[target].size(), RandomStream(seed, "subset " + dataset.vocab[target]));
    const auto wanted = static_cast<std::size_t>(std::llround(fraction * static_cast<double>(order.size())));
    for (std::size_t i = 0; i < std::min(order.size(), std::max<std::size_t>(wanted, 1)); ++i) keep[members[target][order[i]]] = true;
  }
  filterItems(dataset, keep);
}

}  // namespace

void labelByFolders(Dataset& dataset, std::vector<std::string> files, const std::string& folder) {
  const std::string images = folderPath(dataset.root, folder).string();
  if (files.empty())
    throw Error(images + ": there is no image (.jpg, .png, .webp, .bmp, .tif) in or below this folder");
  Labels labels;
  for (const auto& file : files) {
    if (const auto label = parentName(file); !label.empty()) labels.insert(label);
  }
  if (labels.empty()) {
    throw Error(images +
                ": the images lie directly in this folder, so nothing tells their labels; "
                "put them into one folder per class, or name a table with data.csv");
  }
  dataset.vocab = sortedLabels(labels);
  const auto targets = classesOf(dataset.vocab);
  Tally loose;
  dataset.items.reserve(files.size());
  for (auto& file : files) {
    const auto label = parentName(file);
    if (label.empty()) {
      loose.add(file);
      continue;
    }
    const int target = targets.at(label);
    std::string path = below(folder, file);
    dataset.items.push_back({std::move(file), std::move(path), target});
  }
  loose.report(dataset, images, "images lie outside the class folders and were left out");
}

void labelByTable(Dataset& dataset, CsvTable table, const std::vector<std::string>& files,
                  const std::string& folder, const DataOptions& options) {
  TableMatcher matcher(dataset, table, files, folder, options);
  const std::vector<Match> matches = matcher.match();
  Labels labels;
  for (const auto& match : matches) labels.insert(matcher.label(match.row));
  dataset.label_name = options.label_columns.front();
  dataset.vocab = sortedLabels(labels);
  const auto targets = classesOf(dataset.vocab);
  for (std::size_t i = 1; i < options.label_columns.size(); ++i) {
    const std::string& name = options.label_columns[i];
    const auto& numbers = options.regression_columns;
    const bool isNumber = std::find(numbers.begin(), numbers.end(), name) != numbers.end();
    dataset.further_targets.push_back(readTarget(dataset, table, matches, name, isNumber));
  }
  dataset.items.reserve(matches.size());
  for (const auto& match : matches) {
    const int target = targets.at(matcher.label(match.row));
    dataset.items.push_back({std::move(matcher.id(match.row)), below(folder, files[match.file]), target});
  }
  for (std::size_t column = 0; column < table.header.size(); ++column) {
    if (!matcher.isFurther(column)) continue;
    dataset.column_names.push_back(table.header[column]);
    auto& values = dataset.columns.emplace_back();
    values.reserve(matches.size());
    for (const auto& match : matches) values.push_back(std::move(table.rows[match.row][column]));
  }
}

void keepItems(Dataset& dataset, const std::vector<bool>& keep) {
  const auto filter = [&](auto& list) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!keep[i]) continue;
      if (kept != i) list[kept] = std::move(list[i]);
      ++kept;
    }
    list.resize(kept);
  };
  filter(dataset.items);
  for (auto& column : dataset.columns) filter(column);
  for (Target& target : dataset.further_targets) filter(target.values);
  filter(dataset.sides);
}

void takeSubset(Dataset& dataset, const SubsetOptions& options, std::uint64_t seed) {
  if (!options.classes.empty()) keepClasses(dataset, options.classes);
  if (options.fraction < 1.0) keepFraction(dataset, options.fraction, seed);
}

void requireValues(const Dataset& dataset) {
  for (const Target& target : dataset.further_targets) {
    const bool none =
        std::all_of(target.values.begin(), target.values.end(), [](float v) { return std::isnan(v); });
    if (!none) continue;
    throw Error(dataset.root.string() + ": no photo has a value in column '" + target.name +
                "', so it cannot be learnt; take it out of data.label_columns");
  }
}

}  // namespace panicle
