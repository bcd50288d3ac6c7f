#include "core/data/corrections.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/content_hash.h"
#include "core/data/csv.h"
#include "core/data/item_finder.h"
#include "core/data/labelling.h"

namespace panicle {
namespace {

constexpr std::array<const char*, 7> kColumns{"image_id", "path", "old_label", "new_label", "verdict", "when", "note"};

// The fields that are texts as they stand, by column.
constexpr std::array<std::string Correction::*, 7> kTexts{&Correction::image_id, &Correction::path, &Correction::old_label,
                                                          &Correction::new_label, nullptr, &Correction::when, &Correction::note};

std::string timeNow() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

LabelVerdict readVerdict(const std::string& text, const std::filesystem::path& path, std::size_t line) {
  const auto& names = EnumNames<LabelVerdict>::names;
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<LabelVerdict>(found - names.begin());
  const std::string near = nearestName(text, {names.begin(), names.end()});
  throw fileError(path, line, "the verdict '" + text + "' is not known; " +
                                  (near.empty() ? "it must be keep, relabel, unsure, exclude, train or valid" : "did you mean '" + near + "'?"));
}

void checkCorrection(const Correction& correction, const std::filesystem::path& path, std::size_t line) {
  const auto refuse = [&](const std::string& what) {
    if (line > 0) throw fileError(path, line, what);
    throw fileError(path, what);
  };
  if (correction.image_id.empty()) refuse("names no image; a correction needs an image_id");
  if (correction.verdict == LabelVerdict::Relabel && correction.new_label.empty()) {
    refuse("relabels '" + correction.image_id + "' but new_label is empty; name the label, or say unsure");
  }
}

std::vector<Correction> correctionsOf(const CsvTable& table) {
  std::array<std::optional<std::size_t>, kColumns.size()> columns;
  for (std::size_t c = 0; c < kColumns.size(); ++c) columns[c] = table.column(kColumns[c]);
  columns[0] = table.requireColumn("image_id");
  const std::size_t verdict = table.requireColumn("verdict");
  std::vector<Correction> corrections(table.rows.size());
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    Correction& correction = corrections[row];
    correction.line = table.lines[row];
    for (std::size_t c = 0; c < kColumns.size(); ++c) {
      if (kTexts[c] && columns[c]) correction.*kTexts[c] = table.rows[row][*columns[c]];
    }
    correction.verdict = readVerdict(table.rows[row][verdict], table.path, correction.line);
    checkCorrection(correction, table.path, correction.line);
  }
  return corrections;
}

std::vector<std::string> rowOf(const Correction& correction, const std::vector<std::string>& header) {
  std::vector<std::string> row(header.size());
  for (std::size_t column = 0; column < header.size(); ++column) {
    const auto known = std::find(kColumns.begin(), kColumns.end(), header[column]);
    if (known == kColumns.end()) continue;
    const auto text = kTexts[static_cast<std::size_t>(known - kColumns.begin())];
    row[column] = text ? correction.*text : std::string(enumName(correction.verdict));
  }
  return row;
}

CsvTable tableAt(const std::filesystem::path& path) {
  if (std::filesystem::exists(path)) return readCsv(path);
  CsvTable table;
  table.path = path;
  table.header.assign(kColumns.begin(), kColumns.end());
  return table;
}

void write(const CsvTable& table) {
  std::string text = csvLine(table.header);
  for (const auto& row : table.rows) text += csvLine(row);
  writeAtomically(table.path, text);
}

bool isOfSide(LabelVerdict verdict) {
  return verdict == LabelVerdict::Train || verdict == LabelVerdict::Valid;
}

// Lays rows over a data set one after the other.
class Overlay {
 public:
  Overlay(Dataset& dataset, const std::filesystem::path& path)
      : dataset_(dataset), path_(path), finder_(dataset.items), keep_(dataset.items.size(), true), original_(dataset.items.size()) {
    for (std::size_t i = 0; i < original_.size(); ++i) original_[i] = dataset.items[i].target;
  }

  void take(const std::vector<Correction>& corrections) {
    for (const Correction& correction : corrections) {
      const auto item = finder_.find(correction.image_id, correction.path);
      if (!item) {
        missing_.push_back(correction.line);
      } else if (isOfSide(correction.verdict)) {
        if (dataset_.sides.empty()) dataset_.sides.assign(dataset_.items.size(), Side::Drawn);
        dataset_.sides[*item] = correction.verdict == LabelVerdict::Train ? Side::Train : Side::Valid;
      } else {
        takeLabel(correction, *item);
      }
    }
  }

  void finish(AppliedCorrections& applied) {
    warn(missing_, "name no labelled photo of the data set and were left out");
    warn(stale_, "were written about another label than the photo has now and were left out");
    for (std::size_t i = 0; i < keep_.size(); ++i) {
      if (!keep_[i]) ++applied.excluded;
      if (keep_[i] && dataset_.items[i].target != original_[i]) ++applied.relabelled;
      if (keep_[i] && !dataset_.sides.empty() && dataset_.sides[i] != Side::Drawn) ++applied.moved;
    }
    if (applied.excluded == keep_.size()) throw fileError(path_, "excludes every photo of the data set; take rows out of it");
    keepItems(dataset_, keep_);
  }

 private:
  int classOf(const Correction& correction) const {
    const auto found = std::lower_bound(dataset_.vocab.begin(), dataset_.vocab.end(), correction.new_label);
    if (found != dataset_.vocab.end() && *found == correction.new_label) return static_cast<int>(found - dataset_.vocab.begin());
    const std::string near = nearestName(correction.new_label, dataset_.vocab);
    throw fileError(path_, correction.line,
                    "there is no class '" + correction.new_label + "' in the data set" +
                        (near.empty() ? "; a correction chooses among its classes" : "; did you mean '" + near + "'?"));
  }

  // The label that a decision was about may be the data set's own, or what a row before made of it.
  bool isStale(const Correction& correction, std::uint32_t item) const {
    if (correction.old_label.empty()) return false;
    const auto name = [&](int target) { return dataset_.vocab[static_cast<std::size_t>(target)]; };
    return correction.old_label != name(original_[item]) && correction.old_label != name(dataset_.items[item].target);
  }

  void takeLabel(const Correction& correction, std::uint32_t item) {
    const int target = correction.verdict == LabelVerdict::Relabel ? classOf(correction) : original_[item];
    const bool excluded = correction.verdict == LabelVerdict::Exclude;
    if ((excluded || target != original_[item]) && isStale(correction, item)) {
      stale_.push_back(correction.line);
      return;
    }
    dataset_.items[item].target = target;
    keep_[item] = !excluded;
  }

  void warn(const std::vector<std::size_t>& lines, const std::string& what) {
    if (lines.empty()) return;
    constexpr std::size_t kExamples = 3;
    std::string examples;
    for (std::size_t i = 0; i < std::min(lines.size(), kExamples); ++i) {
      examples += (i > 0 ? ", line " : "line ") + std::to_string(lines[i]);
    }
    if (lines.size() > kExamples) examples += ", ...";
    dataset_.warnings.push_back(path_.string() + ": " + std::to_string(lines.size()) + " rows " + what + ": " + examples);
  }

  Dataset& dataset_;
  const std::filesystem::path& path_;
  const ItemFinder finder_;
  std::vector<bool> keep_;
  std::vector<int> original_;
  std::vector<std::size_t> missing_, stale_;  // lines
};

}  // namespace

std::vector<Correction> readCorrections(const std::filesystem::path& path) {
  return correctionsOf(readCsv(path));
}

void addCorrections(const std::filesystem::path& path, std::vector<Correction> corrections) {
  CsvTable table = tableAt(path);
  correctionsOf(table);  // what cannot be read is not added to
  for (Correction& correction : corrections) {
    checkCorrection(correction, path, 0);
    if (correction.when.empty()) correction.when = timeNow();
    table.rows.push_back(rowOf(correction, table.header));
  }
  write(table);
}

void addCorrection(const std::filesystem::path& path, Correction correction) {
  addCorrections(path, {std::move(correction)});
}

std::optional<Correction> undoCorrection(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  CsvTable table = readCsv(path);
  std::vector<Correction> corrections = correctionsOf(table);
  if (corrections.empty()) return std::nullopt;
  table.rows.pop_back();
  write(table);
  return std::move(corrections.back());
}

std::vector<Correction> standingCorrections(const std::vector<Correction>& corrections) {
  std::unordered_map<std::string_view, std::array<std::size_t, 2>> last;  // of the label, of the side; one more than the index
  for (std::size_t i = 0; i < corrections.size(); ++i) {
    last[corrections[i].image_id][isOfSide(corrections[i].verdict) ? 1 : 0] = i + 1;
  }
  std::vector<Correction> standing;
  for (std::size_t i = 0; i < corrections.size(); ++i) {
    if (last[corrections[i].image_id][isOfSide(corrections[i].verdict) ? 1 : 0] == i + 1) standing.push_back(corrections[i]);
  }
  return standing;
}

void applyCorrections(Dataset& dataset, const std::filesystem::path& path) {
  const std::vector<Correction> corrections = readCorrections(path);
  AppliedCorrections applied{.path = path, .checksum = hashOfFile(path).text(), .rows = corrections.size()};
  Overlay overlay(dataset, path);
  overlay.take(corrections);
  overlay.finish(applied);
  dataset.corrections = std::move(applied);
}

}  // namespace panicle
