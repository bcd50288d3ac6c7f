#include "core/eval/submission.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "core/base/fields.h"
#include "core/base/file.h"
#include "core/data/csv.h"

namespace panicle {
namespace {

constexpr std::size_t kExamples = 3;

// "'a', 'b', 'c' and 7 more"
std::string examples(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kExamples); ++i)
    text += (i ? ", '" : "'") + names[i] + "'";
  if (names.size() > kExamples) text += " and " + std::to_string(names.size() - kExamples) + " more";
  return text;
}

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

// Fills the rows' last column and reports ids that do not fit.
void fillLabels(Submission& submission, const Predictions& predictions, const PredictionIndex& index) {
  std::vector<std::string> missing;
  std::vector<std::string> repeated;
  std::vector<std::string> undefined;
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
    if (std::any_of(probabilities.begin(), probabilities.end(), [](float p) { return std::isnan(p); })) {
      undefined.push_back(row.front());
    }
    row.back() = predictions.vocab[static_cast<std::size_t>(predictions.predicted(*found))];
  }
  std::vector<std::string> unasked;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) unasked.push_back(predictions.ids[i]);
  }
  auto& problems = submission.problems;
  if (!missing.empty()) {
    problems.push_back(counted(missing.size(), "id of the sample has", "ids of the sample have") +
                       " no prediction: " + examples(missing) +
                       "; predict on the test images that the sample names");
  }
  if (!unasked.empty()) {
    problems.push_back(counted(unasked.size(), "prediction is", "predictions are") +
                       " not asked for by the sample: " + examples(unasked) +
                       "; use the sample that belongs to these test images");
  }
  if (!repeated.empty()) {
    problems.push_back("the sample asks more than once for " + counted(repeated.size(), "image", "images") +
                       ": " + examples(repeated) + "; remove the repeated rows");
  }
  if (!undefined.empty()) {
    problems.push_back(counted(undefined.size(), "prediction is", "predictions are") +
                       " not a number: " + examples(undefined) + "; the run diverged, use another one");
  }
}

}  // namespace

Submission makeSubmission(const Predictions& predictions, const std::filesystem::path& sample) {
  CsvTable table = readCsv(sample);
  Submission submission{std::move(table.header), std::move(table.rows), {}};
  if (submission.header.size() < 2) {
    submission.problems.push_back(
        "the header of " + sample.string() +
        " has no label column; it must name an id column and, last, the label column");
    return submission;
  }
  if (submission.rows.empty()) {
    submission.problems.push_back(sample.string() + " asks for no image: it has a header but no rows");
    return submission;
  }
  const PredictionIndex index(predictions.ids);
  if (const auto& duplicates = index.duplicates(); !duplicates.empty()) {
    submission.problems.push_back("the predictions hold " + counted(duplicates.size(), "id", "ids") +
                                  " more than once: " + examples(duplicates) +
                                  "; each image must be predicted once");
  }
  fillLabels(submission, predictions, index);
  return submission;
}

void writeSubmission(const Submission& submission, const std::filesystem::path& out) {
  throwProblems(out.string() + " was not written, because", submission.problems);
  AtomicFile file(out);
  std::string line = csvLine(submission.header);
  file.write(line.data(), line.size());
  for (const auto& row : submission.rows) {
    line = csvLine(row);
    file.write(line.data(), line.size());
  }
  file.commit();
}

}  // namespace panicle
