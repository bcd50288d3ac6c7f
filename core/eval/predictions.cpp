#include "core/eval/predictions.h"

#include <algorithm>
#include <charconv>
#include <map>

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

// The shortest text that reads back as the same float.
std::string floatText(float value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end);
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

void writeTable(const std::filesystem::path& path, const Predictions& predictions) {
  AtomicFile file(path);
  std::vector<std::string> fields{"image_id"};
  fields.insert(fields.end(), predictions.vocab.begin(), predictions.vocab.end());
  std::string line = csvLine(fields);
  file.write(line.data(), line.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    fields[0] = predictions.ids[i];
    const auto row = predictions.row(i);
    std::transform(row.begin(), row.end(), fields.begin() + 1, floatText);
    line = csvLine(fields);
    file.write(line.data(), line.size());
  }
  file.commit();
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
                    labelled ? floatText(predictions.losses[i]) : ""});
    file.write(line.data(), line.size());
  }
  file.commit();
}

void readItems(const std::filesystem::path& path, Predictions& predictions) {
  const CsvTable table = readCsv(path);
  const std::size_t id = table.requireColumn("image_id");
  const std::size_t file = table.requireColumn("path");
  const std::size_t label = table.requireColumn("label");
  const std::size_t loss = table.requireColumn("loss");
  if (table.rows.size() != predictions.size()) {
    throw fileError(path, "has " + std::to_string(table.rows.size()) +
                              " rows, but the predictions beside it have " +
                              std::to_string(predictions.size()) + "; both must come from the same run");
  }
  std::map<std::string, int> targets;
  for (std::size_t c = 0; c < predictions.vocab.size(); ++c)
    targets.emplace(predictions.vocab[c], static_cast<int>(c));
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    if (row[id] != predictions.ids[i]) {
      throw fileError(path, table.lines[i],
                      "image_id '" + row[id] + "' stands where the predictions beside it have '" +
                          predictions.ids[i] + "'; both must come from the same run");
    }
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

void writePredictions(const std::filesystem::path& folder, const std::string& stem,
                      const Predictions& predictions) {
  // The table goes last: hasPredictions() looks for it, and must not see one without its items.
  writeItems(itemsPath(folder, stem), predictions);
  writeTable(tablePath(folder, stem), predictions);
}

Predictions readPredictionTable(const std::filesystem::path& path) {
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

}  // namespace panicle
