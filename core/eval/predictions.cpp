#include "core/eval/predictions.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string_view>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/csv.h"

namespace panicle {
namespace {

std::filesystem::path tablePath(const std::filesystem::path& folder, const std::string& stem) {
  return folder / (stem + "_preds.csv");
}

std::filesystem::path itemsPath(const std::filesystem::path& folder, const std::string& stem) {
  return folder / (stem + "_items.csv");
}

float parseFloat(const std::string& text, const CsvTable& table, std::size_t row) {
  float value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last) {
    throw fileError(table.path, table.lines[row],
                    "'" + text + "' is not a number; the file must be made again");
  }
  return value;
}

void writeItems(const std::filesystem::path& path, const Predictions& predictions) {
  AtomicFile file(path);
  std::string line = csvLine({"image_id", "path", "label", "loss"});
  file.write(line.data(), line.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const int target = predictions.targets[i];
    const bool labelled = target >= 0;
    line = csvLine({predictions.ids[i], predictions.paths[i],
                    labelled ? predictions.vocab[static_cast<std::size_t>(target)] : "",
                    labelled ? numberText(predictions.losses[i]) : ""});
    file.write(line.data(), line.size());
  }
  file.commit();
}

// Straight from the file's text, where it is as writePredictionTable() writes it for names without quotes: as a table of texts, 1,000 classes of
// 100,000 images would take 6 GB. Null where anything is otherwise, wrong or not.
class PlainTable {
 public:
  explicit PlainTable(const std::string& text) : at_(text.data()), end_(text.data() + text.size()) {}

  std::optional<Predictions> read() {
    const std::string_view line = firstLine();
    const auto has = [&](const char* part) { return line.find(part) != std::string_view::npos; };
    if (!line.starts_with("image_id,") || has("\"") || has("\t") || has(", ") || has(" ,") || line.ends_with(' ')) return std::nullopt;
    Predictions predictions;
    for (std::size_t begin = line.find(','); begin != std::string_view::npos;) {
      const std::size_t next = line.find(',', begin + 1);
      predictions.vocab.emplace_back(line.substr(begin + 1, next == std::string_view::npos ? next : next - begin - 1));
      begin = next;
    }
    while (at_ != end_) {
      if (*at_ == '\n' || *at_ == '\r') {
        ++at_;
      } else if (!readRow(predictions)) {
        return std::nullopt;
      }
    }
    return predictions;
  }

 private:
  std::string_view firstLine() {
    const char* begin = at_;
    at_ = std::find_if(at_, end_, [](char c) { return c == '\n' || c == '\r'; });
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

  bool readRow(Predictions& predictions) {
    const char* id = at_;
    at_ = std::find_if(at_, end_, [](char c) { return c == ',' || c == '"' || c == '\t' || c == '\n'; });
    if (at_ == end_ || *at_ != ',' || *id == ' ' || at_ == id || *(at_ - 1) == ' ') return false;
    predictions.ids.emplace_back(id, at_);
    for (std::size_t c = 0; c < predictions.vocab.size(); ++c) {
      if (at_ == end_ || *at_ != ',') return false;
      float value = 0;
      const auto [next, error] = std::from_chars(at_ + 1, end_, value);
      if (error != std::errc()) return false;
      predictions.probabilities.push_back(value);
      at_ = next;
    }
    return at_ == end_ || *at_ == '\n' || *at_ == '\r';
  }

  const char* at_;
  const char* end_;
};

Predictions readAnyTable(const std::filesystem::path& path) {
  CsvTable table = readCsv(path);
  if (table.header.size() < 2 || table.header[0] != "image_id") {
    throw fileError(path, 1, "the header must be image_id and then one column for each class");
  }
  Predictions predictions;
  predictions.vocab.assign(table.header.begin() + 1, table.header.end());
  predictions.ids.reserve(table.rows.size());
  predictions.probabilities.reserve(table.rows.size() * predictions.vocab.size());
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    auto& row = table.rows[i];
    for (std::size_t c = 1; c < row.size(); ++c)
      predictions.probabilities.push_back(parseFloat(row[c], table, i));
    predictions.ids.push_back(std::move(row[0]));
  }
  return predictions;
}

// The table of items beside predictions of `ids`, which it must list in the same order.
CsvTable readItemTable(const std::filesystem::path& path, const std::vector<std::string>& ids) {
  CsvTable table = readCsv(path);
  const std::size_t id = table.requireColumn("image_id");
  if (table.rows.size() != ids.size()) {
    throw fileError(path, "has " + std::to_string(table.rows.size()) +
                              " rows, but the predictions beside it have " + std::to_string(ids.size()) +
                              "; both must come from the same run");
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (table.rows[i][id] == ids[i]) continue;
    throw fileError(path, table.lines[i],
                    "image_id '" + table.rows[i][id] + "' stands where the predictions beside it have '" +
                        ids[i] + "'; both must come from the same run");
  }
  return table;
}

void readItems(const std::filesystem::path& path, Predictions& predictions) {
  const CsvTable table = readItemTable(path, predictions.ids);
  const std::size_t file = table.requireColumn("path");
  const std::size_t label = table.requireColumn("label");
  const std::size_t loss = table.requireColumn("loss");
  std::map<std::string, int> targets;
  for (std::size_t c = 0; c < predictions.vocab.size(); ++c)
    targets.emplace(predictions.vocab[c], static_cast<int>(c));
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    predictions.paths[i] = row[file];
    if (row[label].empty()) continue;
    const auto target = targets.find(row[label]);
    if (target == targets.end()) {
      throw fileError(path, table.lines[i],
                      "label '" + row[label] + "' is not a class of the predictions beside it");
    }
    predictions.targets[i] = target->second;
    predictions.losses[i] = parseFloat(row[loss], table, i);
  }
}

}  // namespace

int Predictions::predicted(std::size_t i) const {
  const auto probabilities = row(i);
  return static_cast<int>(std::max_element(probabilities.begin(), probabilities.end()) -
                          probabilities.begin());
}

double Predictions::errorRate() const {
  std::size_t labelled = 0;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    if (targets[i] < 0) continue;
    ++labelled;
    if (predicted(i) != targets[i]) ++wrong;
  }
  return labelled == 0 ? std::numeric_limits<double>::quiet_NaN()
                       : static_cast<double>(wrong) / static_cast<double>(labelled);
}

void writePredictionTable(const std::filesystem::path& path, const Predictions& predictions) {
  AtomicFile file(path);
  std::vector<std::string> fields{"image_id"};
  fields.insert(fields.end(), predictions.vocab.begin(), predictions.vocab.end());
  std::string line = csvLine(fields);
  file.write(line.data(), line.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    fields[0] = predictions.ids[i];
    const auto row = predictions.row(i);
    std::transform(row.begin(), row.end(), fields.begin() + 1, numberText);
    line = csvLine(fields);
    file.write(line.data(), line.size());
  }
  file.commit();
}

void writePredictions(const std::filesystem::path& folder, const std::string& stem,
                      const Predictions& predictions) {
  // The table goes last: hasPredictions() looks for it, and must not see one without its items.
  writeItems(itemsPath(folder, stem), predictions);
  writePredictionTable(tablePath(folder, stem), predictions);
}

Predictions readPredictionTable(const std::filesystem::path& path) {
  std::optional<Predictions> plain = PlainTable(readText(path)).read();
  Predictions predictions = plain ? std::move(*plain) : readAnyTable(path);
  predictions.paths = predictions.ids;
  predictions.targets.assign(predictions.size(), -1);
  predictions.losses.assign(predictions.size(), 0.0f);
  return predictions;
}

Predictions readPredictions(const std::filesystem::path& folder, const std::string& stem) {
  Predictions predictions = readPredictionTable(tablePath(folder, stem));
  readItems(itemsPath(folder, stem), predictions);
  return predictions;
}

bool hasPredictions(const std::filesystem::path& folder, const std::string& stem) {
  return std::filesystem::exists(tablePath(folder, stem)) && std::filesystem::exists(itemsPath(folder, stem));
}

void writeNumberPredictions(const std::filesystem::path& folder, const std::string& stem,
                            const NumberPredictions& predictions) {
  AtomicFile items(itemsPath(folder, stem));
  AtomicFile table(tablePath(folder, stem));
  const auto write = [](AtomicFile& file, const std::vector<std::string>& fields) {
    const std::string line = csvLine(fields);
    file.write(line.data(), line.size());
  };
  write(items, {"image_id", "path", "value"});
  write(table, {"image_id", predictions.name});
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const float truth = predictions.truths[i];
    write(items, {predictions.ids[i], predictions.paths[i], std::isnan(truth) ? "" : numberText(truth)});
    write(table, {predictions.ids[i], numberText(predictions.values[i])});
  }
  items.commit();
  table.commit();
}

NumberPredictions readNumberPredictions(const std::filesystem::path& folder, const std::string& stem) {
  Predictions table = readPredictionTable(tablePath(folder, stem));
  if (table.vocab.size() != 1) {
    throw fileError(tablePath(folder, stem), 1,
                    "holds " + std::to_string(table.vocab.size()) +
                        " columns beside image_id; predictions of a number have one");
  }
  NumberPredictions predictions{.name = table.vocab.front()};
  predictions.ids = std::move(table.ids);
  predictions.values = std::move(table.probabilities);
  const CsvTable items = readItemTable(itemsPath(folder, stem), predictions.ids);
  const std::size_t file = items.requireColumn("path");
  const std::size_t value = items.requireColumn("value");
  for (std::size_t i = 0; i < items.rows.size(); ++i) {
    const auto& row = items.rows[i];
    predictions.paths.push_back(row[file]);
    predictions.truths.push_back(row[value].empty() ? std::numeric_limits<float>::quiet_NaN()
                                                    : parseFloat(row[value], items, i));
  }
  return predictions;
}

std::string targetStem(const std::string& stem, const std::string& target) {
  std::string name = stem + ".";
  for (const char c : target) {
    if (c == '/') {
      name += "%2F";
    } else if (c == '%') {
      name += "%25";
    } else {
      name += c;
    }
  }
  return name;
}

std::string ttaStem(const std::string& split) {
  return split + "_tta";
}

}  // namespace panicle
