#include "core/eval/submission.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/fields.h"
#include "core/base/file.h"
#include "core/data/csv.h"
#include "core/eval/provenance.h"
#include "core/eval/vocab_match.h"
#include "core/weights/sha256.h"

namespace panicle {
namespace {

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// Finds predictions by an id that may be written with or without folder and extension.
class PredictionIndex {
 public:
  explicit PredictionIndex(const std::vector<std::string>& ids) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      for (std::size_t level = 0; level < kLevels; ++level) {
        const auto [entry, added] = levels_[level].emplace(reduced(ids[i], level), i);
        if (added) continue;
        entry->second = kAmbiguous;
        if (level == 0) duplicates_.push_back(ids[i]);
      }
    }
  }

  // A name that fits several predictions finds none of them.
  std::optional<std::size_t> find(const std::string& id) const {
    for (std::size_t level = 0; level < kLevels; ++level) {
      const auto entry = levels_[level].find(reduced(id, level));
      if (entry != levels_[level].end() && entry->second != kAmbiguous) return entry->second;
    }
    return std::nullopt;
  }

  const std::vector<std::string>& duplicates() const { return duplicates_; }

 private:
  static constexpr std::size_t kLevels = 3;
  static constexpr std::size_t kAmbiguous = static_cast<std::size_t>(-1);

  // The id itself, its file name, its file name without extension.
  static std::string reduced(const std::string& id, std::size_t level) {
    if (level == 0) return id;
    const std::filesystem::path name = std::filesystem::path(id).filename();
    return level == 1 ? name.string() : name.stem().string();
  }

  std::array<std::unordered_map<std::string, std::size_t>, kLevels> levels_;
  std::vector<std::string> duplicates_;
};

std::string unknownLabel(const std::string& label, const std::string& image, const Vocab& labels) {
  const std::string near = nearestName(label, labels);
  return "'" + label + "', the label of '" + image + "', is not among the labels of this competition" +
         (near.empty() ? "; they are " + quotedExamples(labels, 10) : "; did you mean '" + near + "'?");
}

// Fills the rows' last column and reports ids that do not fit.
void fillLabels(Submission& submission, const Predictions& predictions, const PredictionIndex& index, const Vocab& labels) {
  std::vector<std::string> missing;
  std::vector<std::string> repeated;
  std::vector<std::string> undefined;
  std::map<std::string, std::string> unknown;  // label -> an image of it
  const std::set<std::string> known(labels.begin(), labels.end());
  std::vector<bool> used(predictions.size(), false);
  for (auto& row : submission.rows) {
    const auto found = index.find(row.front());
    if (!found) {
      missing.push_back(row.front());
      continue;
    }
    if (used[*found]) repeated.push_back(row.front());
    used[*found] = true;
    const auto probabilities = predictions.row(*found);
    if (std::any_of(probabilities.begin(), probabilities.end(), [](float p) { return !std::isfinite(p); })) {
      undefined.push_back(row.front());
    }
    row.back() = predictions.vocab[static_cast<std::size_t>(predictions.predicted(*found))];
    if (!known.empty() && !known.contains(row.back())) unknown.emplace(row.back(), row.front());
  }
  std::vector<std::string> unasked;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) unasked.push_back(predictions.ids[i]);
  }
  auto& problems = submission.problems;
  if (!missing.empty()) {
    problems.push_back(counted(missing.size(), "id of the sample has", "ids of the sample have") +
                       " no prediction: " + quotedExamples(missing) +
                       "; predict on the test images that the sample names");
  }
  if (!unasked.empty()) {
    problems.push_back(counted(unasked.size(), "prediction is", "predictions are") +
                       " not asked for by the sample: " + quotedExamples(unasked) +
                       "; use the sample that belongs to these test images");
  }
  if (!repeated.empty()) {
    problems.push_back("the sample asks more than once for " + counted(repeated.size(), "image", "images") +
                       ": " + quotedExamples(repeated) + "; remove the repeated rows");
  }
  if (!undefined.empty()) {
    problems.push_back(counted(undefined.size(), "prediction is", "predictions are") +
                       " not a number: " + quotedExamples(undefined) + "; the run diverged, use another one");
  }
  for (const auto& [label, image] : unknown) problems.push_back(unknownLabel(label, image, labels));
}

// What of the header keeps the rows from being read as they are meant.
void checkHeader(Submission& submission, const PredictionIndex& index) {
  const auto& header = submission.header;
  const std::string named = "the header of " + submission.sample.string();
  if (header.size() < 2) {
    submission.problems.push_back(named + " has no label column; it must name an id column and, last, the label column");
    return;
  }
  if (index.find(header.front())) {
    submission.problems.push_back(named + " is a row of the table: '" + header.front() +
                                  "' is an image; its first line must name the columns");
  }
  std::set<std::string> seen;
  for (std::size_t c = 0; c < header.size(); ++c) {
    if (header[c].empty()) submission.problems.push_back(named + " has no name for column " + std::to_string(c + 1));
    if (!header[c].empty() && !seen.insert(header[c]).second) submission.problems.push_back(named + " names the column '" + header[c] + "' twice");
  }
  const auto isId = [&](std::size_t column) {
    return std::any_of(submission.rows.begin(), submission.rows.end(), [&](const auto& row) { return index.find(row[column]).has_value(); });
  };
  if (submission.rows.empty() || isId(0)) return;
  for (std::size_t c = 1; c < header.size(); ++c) {
    if (!isId(c)) continue;
    submission.problems.push_back(named + " has the ids in column '" + header[c] + "'; they must be in the first, '" + header.front() +
                                  "', and the labels in the last");
  }
}

// Finds the last field of each row as readCsv() reads them: rows end at line ends outside quotes, and those without content do not count.
class LabelPlaces {
 public:
  explicit LabelPlaces(const std::string& text) : text_(text) {}

  std::vector<SampleText::Place> find() {
    begin_ = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    for (std::size_t i = begin_; i < text_.size(); ++i) take(i);
    if (begin_ < text_.size() || content_) endRow(text_.size());
    if (!places_.empty()) places_.erase(places_.begin());  // of the header
    return std::move(places_);
  }

 private:
  void take(std::size_t i) {
    const char c = text_[i];
    if (c == '"') {
      inQuotes_ = !inQuotes_;
    } else if (!inQuotes_ && c == ',') {
      begin_ = i + 1;
    } else if (!inQuotes_ && (c == '\n' || c == '\r')) {
      endRow(i);
    } else if (c != ' ' && c != '\t') {
      content_ = true;
    }
  }

  void endRow(std::size_t end) {
    if (content_) places_.push_back({begin_, end, end > begin_ && text_[begin_] == '"'});
    content_ = false;
    begin_ = end + 1;
  }

  const std::string& text_;
  std::size_t begin_ = 0;  // of the field
  bool inQuotes_ = false;
  bool content_ = false;  // of the row
  std::vector<SampleText::Place> places_;
};

SampleText readSampleText(const std::filesystem::path& path, std::size_t rows) {
  SampleText sample{.text = readText(path), .labels = {}};
  sample.labels = LabelPlaces(sample.text).find();
  if (sample.labels.size() != rows) throw fileError(path, "is quoted in a way that cannot be kept; save it again from a spreadsheet or pandas");
  return sample;
}

std::string quotedField(const std::string& field) {
  std::string quoted = "\"";
  for (const char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

// As it stands between commas.
std::string plainField(const std::string& field) {
  const std::string line = csvLine({"", field});
  return line.substr(1, line.size() - 2);
}

}  // namespace

std::string SampleText::filled(const std::vector<std::vector<std::string>>& rows) const {
  std::string result;
  result.reserve(text.size() + 24 * rows.size());
  std::size_t done = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    result.append(text, done, labels[i].begin - done);
    result += labels[i].quoted ? quotedField(rows[i].back()) : plainField(rows[i].back());
    done = labels[i].end;
  }
  return result.append(text, done);
}

Submission makeSubmission(const Predictions& predictions, const std::filesystem::path& sample, const Vocab& labels) {
  CsvTable table = readCsv(sample);
  Submission submission{.header = std::move(table.header), .rows = std::move(table.rows), .problems = {}, .sample = sample, .layout = {}};
  const PredictionIndex index(predictions.ids);
  checkHeader(submission, index);
  if (submission.header.size() < 2) return submission;
  if (submission.rows.empty()) {
    submission.problems.push_back(sample.string() + " asks for no image: it has a header but no rows");
    return submission;
  }
  if (const auto& duplicates = index.duplicates(); !duplicates.empty()) {
    submission.problems.push_back("the predictions hold " + counted(duplicates.size(), "id", "ids") +
                                  " more than once: " + quotedExamples(duplicates) +
                                  "; each image must be predicted once");
  }
  fillLabels(submission, predictions, index, labels);
  submission.layout = readSampleText(sample, submission.rows.size());
  return submission;
}

Vocab labelsBeside(const std::filesystem::path& sample) {
  const std::filesystem::path labelled = sample.parent_path() / "train.csv";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(labelled, ignored)) return {};
  const std::vector<std::string> header = readCsvHeader(sample);
  const CsvTable table = readCsv(labelled);
  const auto column = table.column(header.back());
  if (!column) return {};
  std::set<std::string> labels;
  for (const auto& row : table.rows) labels.insert(row[*column]);
  labels.erase("");
  return {labels.begin(), labels.end()};
}

void writeSubmission(const Submission& submission, const std::filesystem::path& out) {
  throwProblems(out.string() + " was not written, because", submission.problems);
  writeAtomically(out, submission.layout.filled(submission.rows));
  std::map<std::string, std::size_t> counts;
  for (const auto& row : submission.rows) ++counts[row.back()];
  writeProvenance(out, {{"rows", submission.rows.size()},
                        {"labels", counts},
                        {"sample", {{"path", std::filesystem::absolute(submission.sample).string()}, {"sha256", sha256OfFile(submission.sample)}}},
                        {"made_from", submission.made_from}});
}

std::vector<std::string> submissionProblems(const std::filesystem::path& file, const std::filesystem::path& samplePath, const Vocab& labels) {
  const CsvTable submission = readCsv(file), sample = readCsv(samplePath);
  std::vector<std::string> problems;
  const auto joined = [](const std::vector<std::string>& header) {
    const std::string line = csvLine(header);
    return "'" + line.substr(0, line.size() - 1) + "'";
  };
  if (submission.header != sample.header)
    problems.push_back("the header is " + joined(submission.header) + ", and the sample's is " + joined(sample.header));
  if (submission.rows.size() != sample.rows.size())
    problems.push_back("there are " + counted(submission.rows.size(), "row", "rows") + ", and the sample has " + std::to_string(sample.rows.size()));
  std::set<std::string> asked, there;
  for (const auto& row : sample.rows) asked.insert(row.front());
  std::vector<std::string> twice, unasked, missing, empty, undefined;
  std::map<std::string, std::string> unknown;  // label -> an image of it
  const std::set<std::string> known(labels.begin(), labels.end());
  for (const auto& row : submission.rows) {
    if (!there.insert(row.front()).second) twice.push_back(row.front());
    if (!asked.contains(row.front())) unasked.push_back(row.front());
    const std::string& label = row.back();
    if (label.empty()) {
      empty.push_back(row.front());
    } else if (!known.contains(label) && (label == "nan" || label == "NaN" || label == "NA" || label == "None")) {
      undefined.push_back(row.front());
    } else if (!known.empty() && !known.contains(label)) {
      unknown.emplace(label, row.front());
    }
  }
  for (const auto& [label, image] : unknown) problems.push_back(unknownLabel(label, image, labels));
  for (const std::string& id : asked) {
    if (!there.contains(id)) missing.push_back(id);
  }
  const auto tell = [&](const std::vector<std::string>& ids, const char* one, const char* many) {
    if (!ids.empty()) problems.push_back(counted(ids.size(), one, many) + ": " + quotedExamples(ids));
  };
  tell(missing, "id of the sample is missing", "ids of the sample are missing");
  tell(unasked, "id is not asked for by the sample", "ids are not asked for by the sample");
  tell(twice, "id is there more than once", "ids are there more than once");
  tell(empty, "image has no label", "images have no label");
  tell(undefined, "label is no class but a missing value (NaN)", "labels are no classes but missing values (NaN)");
  return problems;
}

}  // namespace panicle
