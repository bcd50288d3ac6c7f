#include "core/runs/compare_runs.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/random.h"

namespace panicle {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostCompared = 12;

// Null for a run that has no such setting.
using Nodes = std::vector<const Json*>;

bool isListOfObjects(const Json& json) {
  return json.is_array() && !json.empty() && json.front().is_object();
}

template <typename Test>
bool all(const Nodes& nodes, Test test) {
  return std::all_of(nodes.begin(), nodes.end(), [&](const Json* node) { return node && test(*node); });
}

bool equal(const Nodes& nodes) {
  return std::all_of(nodes.begin(), nodes.end(), [&](const Json* node) {
    return node ? nodes.front() && *node == *nodes.front() : !nodes.front();
  });
}

void collect(const std::string& path, const Nodes& nodes, std::vector<SettingDifference>& out) {
  if (equal(nodes)) return;
  if (all(nodes, [](const Json& node) { return node.is_object(); })) {
    std::vector<std::string> keys;
    for (const Json* node : nodes) {
      for (const auto& [key, value] : node->items()) {
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
      }
    }
    for (const std::string& key : keys) {
      Nodes members;
      for (const Json* node : nodes) members.push_back(node->contains(key) ? &(*node)[key] : nullptr);
      collect(fields_detail::joinPath(path, key), members, out);
    }
    return;
  }
  if (all(nodes, isListOfObjects)) {
    std::size_t longest = 0;
    for (const Json* node : nodes) longest = std::max(longest, node->size());
    for (std::size_t i = 0; i < longest; ++i) {
      Nodes members;
      for (const Json* node : nodes) members.push_back(i < node->size() ? &(*node)[i] : nullptr);
      collect(fields_detail::joinPath(path, std::to_string(i)), members, out);
    }
    return;
  }
  SettingDifference difference{path, path, {}};
  for (const Json* node : nodes) difference.values.push_back(node ? *node : Json(Json::value_t::discarded));
  out.push_back(std::move(difference));
}

bool isRight(const Predictions& predictions, std::size_t i) {
  return predictions.predicted(i) == predictions.targets[i];
}

const std::string& className(const Predictions& predictions, int index) {
  return predictions.vocab.at(static_cast<std::size_t>(index));
}

std::size_t labelled(const Predictions& predictions) {
  return static_cast<std::size_t>(
      std::count_if(predictions.targets.begin(), predictions.targets.end(), [](int target) { return target >= 0; }));
}

Flip makeFlip(const Predictions& a, std::size_t i, const Predictions& b, std::size_t j) {
  const int saidA = a.predicted(i);
  const int saidB = b.predicted(j);
  return {a.ids[i], a.paths[i], className(a, a.targets[i]), className(a, saidA), className(b, saidB),
          a.row(i)[static_cast<std::size_t>(saidA)], b.row(j)[static_cast<std::size_t>(saidB)]};
}

void countImage(PairedComparison& result, const Predictions& a, std::size_t i, const Predictions& b, std::size_t j) {
  const bool rightA = isRight(a, i);
  const bool rightB = isRight(b, j);
  if (rightA && rightB) ++result.counts.both_right;
  if (!rightA && !rightB) ++result.counts.both_wrong;
  if (rightA == rightB) return;
  ++(rightA ? result.counts.only_a_right : result.counts.only_b_right);
  (rightA ? result.right_to_wrong : result.wrong_to_right).push_back(makeFlip(a, i, b, j));
}

RunComparison::Paired compareWith(const RunStore& store, const std::string& first, const std::string& other, const std::string& stem) {
  RunComparison::Paired paired;
  try {
    for (const std::string& run : {first, other}) {
      if (!hasPredictions(store.folder(run), stem)) throw Error("run " + run + " has no predictions of the " + stem + " images");
    }
    paired.result = comparePredictions(readPredictions(store.folder(first), stem), readPredictions(store.folder(other), stem));
    if (paired.result.counts.images() == 0) paired.problem = "they share no labelled image: their splits or their data differ";
  } catch (const Error& error) {
    paired.problem = error.what();
  }
  return paired;
}

std::string percent(double share) {
  return fmt::format("{:.2f} %", 100 * share);
}

}  // namespace

std::vector<SettingDifference> differingSettings(std::span<const RunSpec> specs) {
  std::vector<Json> documents;
  std::map<std::string, std::string> labels;
  for (const RunSpec& spec : specs) {
    documents.push_back(specToJson(spec));
    documents.back().erase("name");
    for (const FieldDescription& field : describe(spec)) labels.emplace(field.path, field.info.label);
  }
  Nodes nodes;
  for (const Json& document : documents) nodes.push_back(&document);
  std::vector<SettingDifference> differences;
  if (!nodes.empty()) collect("", nodes, differences);
  for (SettingDifference& difference : differences) {
    const auto label = labels.find(difference.path);
    if (label != labels.end() && !label->second.empty()) difference.label = label->second;
  }
  return differences;
}

std::string settingText(const Json& value) {
  if (value.is_discarded()) return "-";
  if (value.is_null()) return "off";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:g}", value.get<double>());
  if (!value.is_object()) return value.dump();
  std::string text;
  for (const auto& [key, member] : value.items()) {
    const std::string inner = settingText(member);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, member.is_object() ? "(" + inner + ")" : inner);
  }
  return text;
}

std::string settingsKey(const RunSpec& spec) {
  Json document = specToJson(spec);
  for (const char* without : {"version", "name", "seed", "loader_threads", "cache", "checkpoint", "tensorboard"}) document.erase(without);
  return fmt::format("{:016x}", streamSeed(0, document.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

std::vector<std::vector<std::size_t>> groupRepetitions(std::span<const RunSpec> specs) {
  std::vector<std::vector<std::size_t>> groups;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const auto [found, isNew] = known.emplace(settingsKey(specs[i]), groups.size());
    if (isNew) groups.emplace_back();
    groups[found->second].push_back(i);
  }
  return groups;
}

Spread spreadOf(std::span<const double> values) {
  Spread spread{.count = 0, .mean = kNone, .deviation = kNone, .low = kNone, .high = kNone};
  double squares = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    if (++spread.count == 1) {
      spread.mean = spread.low = spread.high = value;
      continue;
    }
    // Welford's, which loses no digits where values lie close together.
    const double before = value - spread.mean;
    spread.mean += before / static_cast<double>(spread.count);
    squares += before * (value - spread.mean);
    spread.low = std::min(spread.low, value);
    spread.high = std::max(spread.high, value);
  }
  if (spread.count > 1) spread.deviation = std::sqrt(squares / static_cast<double>(spread.count - 1));
  return spread;
}

PairedComparison comparePredictions(const Predictions& a, const Predictions& b) {
  std::unordered_map<std::string_view, std::size_t> placesInB;
  for (std::size_t j = 0; j < b.size(); ++j) {
    if (b.targets[j] >= 0) placesInB.emplace(b.ids[j], j);
  }
  PairedComparison result;
  std::size_t shared = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a.targets[i] < 0) continue;
    const auto found = placesInB.find(a.ids[i]);
    if (found == placesInB.end()) continue;
    ++shared;
    if (className(a, a.targets[i]) == className(b, b.targets[found->second])) {
      countImage(result, a, i, b, found->second);
    } else {
      ++result.relabelled;
    }
  }
  result.only_in_a = labelled(a) - shared;
  result.only_in_b = labelled(b) - shared;
  const PairedCounts& counts = result.counts;
  const double images = static_cast<double>(counts.images());
  result.error_a = static_cast<double>(counts.both_wrong + counts.only_b_right) / images;
  result.error_b = static_cast<double>(counts.both_wrong + counts.only_a_right) / images;
  result.difference = bootstrapDifference(counts);
  result.test = mcNemar(counts);
  const auto surestFirst = [](const Flip& x, const Flip& y) { return x.probability_b > y.probability_b; };
  std::stable_sort(result.right_to_wrong.begin(), result.right_to_wrong.end(), surestFirst);
  std::stable_sort(result.wrong_to_right.begin(), result.wrong_to_right.end(), surestFirst);
  return result;
}

std::string comparisonInWords(const PairedComparison& comparison, const std::string& a, const std::string& b) {
  const auto images = comparison.counts.images();
  if (images == 0) return a + " and " + b + " share no labelled image";
  const double difference = comparison.error_b - comparison.error_a;
  const bool clear = comparison.test.mid_p < 0.05;
  const std::string verdict = clear ? (difference < 0 ? b : a) + " errs less" : "no difference to be seen";
  return fmt::format("{}: {} {}, {} {} of {} images; difference {:+.2f} points, 95 % interval {:+.2f} to {:+.2f}; McNemar's mid-p {:.2g}", verdict,
                     a, percent(comparison.error_a), b, percent(comparison.error_b), images, 100 * difference, 100 * comparison.difference.low,
                     100 * comparison.difference.high, comparison.test.mid_p);
}

RunComparison compareRuns(const RunStore& store, const std::vector<std::string>& runs, const std::string& stem) {
  const std::set<std::string> distinct(runs.begin(), runs.end());
  if (runs.size() < 2 || runs.size() > kMostCompared || distinct.size() != runs.size()) {
    throw Error("name 2 to 12 different runs to compare, not " + std::to_string(distinct.size()));
  }
  RunComparison comparison;
  std::vector<RunSpec> specs;
  for (const std::string& run : runs) {
    comparison.runs.push_back(store.get(run));
    specs.push_back(comparison.runs.back().spec);
  }
  comparison.settings = differingSettings(specs);
  comparison.repetitions = groupRepetitions(specs);
  for (std::size_t i = 1; i < runs.size(); ++i) {
    comparison.paired.push_back(compareWith(store, runs.front(), runs[i], stem));
    comparison.paired.back().run = i;
  }
  return comparison;
}

}  // namespace panicle
