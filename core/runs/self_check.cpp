#include "core/runs/self_check.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/runs/network_predictor.h"
#include "core/runs/run_photos.h"
#include "core/train/metrics.h"

namespace panicle {
namespace {

constexpr double kExact = 1e-9;
constexpr double kRounded = 1e-4;

std::filesystem::path pathIn(const std::filesystem::path& runFolder) {
  return runFolder / "self_check.json";
}

std::string nowUtc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// Metrics of predictions, by the names of the epoch table.
class Rescored {
 public:
  explicit Rescored(const RunSpec& spec) : spec_(spec) {}

  void add(std::size_t target, const Predictions& predictions) {
    const std::string name = spec_.data.label_columns[target];
    ClassMetrics metrics(predictions.vocab.size());
    const std::vector<std::int64_t> targets(predictions.targets.begin(), predictions.targets.end());
    metrics.add(predictions.probabilities, targets);
    for (const std::string& metric : metricsOf(spec_.metrics, {name, predictions.vocab.size()})) {
      if (metric != "recall") {
        values[prefix(target) + metric] = metrics.value(metric);
        continue;
      }
      const std::vector<double> recalls = metrics.recalls();
      for (std::size_t c = 0; c < recalls.size(); ++c) values[prefix(target) + metric + "/" + predictions.vocab[c]] = recalls[c];
    }
    if (target == 0) addLabel(predictions);
  }

  void add(std::size_t target, const NumberPredictions& predictions) {
    NumberMetrics metrics;
    metrics.add(predictions.values, predictions.truths);
    for (const std::string& metric : metricsOf(spec_.metrics, {predictions.name, 0})) values[prefix(target) + metric] = metrics.value(metric);
  }

  std::map<std::string, double> values;
  std::size_t images = 0;

 private:
  std::string prefix(std::size_t target) const { return target == 0 ? "" : spec_.data.label_columns[target] + "_"; }

  void addLabel(const Predictions& predictions) {
    double sum = 0;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      if (predictions.targets[i] < 0) continue;
      ++images;
      sum += predictions.losses[i];
    }
    const LossOptions& loss = spec_.stages.back().loss;
    const bool plain = loss.kind == LossKind::CrossEntropy && loss.label_smoothing == 0 && loss.class_weights == ClassWeights::None;
    if (plain && spec_.data.label_columns.size() == 1 && images > 0) values["valid_loss"] = sum / static_cast<double>(images);
  }

  const RunSpec& spec_;
};

bool isNumber(const RunSpec& spec, const std::string& target) {
  const auto& numbers = spec.data.regression_columns;
  return std::find(numbers.begin(), numbers.end(), target) != numbers.end();
}

// Sums of floats in another order round otherwise; counts do not.
double toleranceOf(const std::string& metric, double logged) {
  const bool rounded = metric == "valid_loss" || metric.ends_with("mae") || metric.ends_with("rmse") || metric.ends_with("r2");
  return rounded ? kRounded * (1 + std::abs(logged)) : kExact;
}

std::vector<SelfCheckRow> compared(const std::map<std::string, double>& logged, const std::map<std::string, double>& rescored) {
  std::vector<SelfCheckRow> rows;
  for (const auto& [metric, value] : rescored) {
    const auto found = logged.find(metric);
    if (found == logged.end()) continue;
    const bool both = std::isnan(found->second) && std::isnan(value);
    rows.push_back({metric, found->second, value, both || std::abs(found->second - value) <= toleranceOf(metric, found->second)});
  }
  return rows;
}

// By id; images that only one of them has are left out.
void compareWithKept(SelfCheck& check, const Predictions& now, const Predictions& kept) {
  std::unordered_map<std::string, std::size_t> rows;
  for (std::size_t i = 0; i < kept.size(); ++i) rows.emplace(kept.ids[i], i);
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto found = rows.find(now.ids[i]);
    if (found == rows.end() || kept.vocab != now.vocab) continue;
    const auto a = now.row(i), b = kept.row(found->second);
    for (std::size_t c = 0; c < a.size(); ++c) check.largest_change = std::max(check.largest_change, static_cast<double>(std::abs(a[c] - b[c])));
    check.changed_classes += now.predicted(i) != kept.predicted(found->second);
  }
}

double numberOf(const Json& json) {
  return json.is_number() ? json.get<double>() : std::nan("");
}

}  // namespace

bool SelfCheck::agrees() const {
  return std::all_of(rows.begin(), rows.end(), [](const SelfCheckRow& row) { return row.agrees; });
}

std::string SelfCheck::words() const {
  const std::string what = of == Of::Kept ? fmt::format("the kept predictions of {} validation photos", images)
                                          : fmt::format("{} validation photos, predicted anew with the weights from their file,", images);
  std::string values, off;
  for (const SelfCheckRow& row : rows) {
    if (row.agrees) values += (values.empty() ? "" : ", ") + fmt::format("{} {:.4f}", row.metric, row.rescored);
    if (!row.agrees) off += (off.empty() ? "" : ", ") + fmt::format("{} {:.6f} where training logged {:.6f}", row.metric, row.rescored, row.logged);
  }
  if (!off.empty()) return what + " give " + off;
  return what + " give what training logged: " + values;
}

std::optional<SelfCheck> selfCheckOfKept(const std::filesystem::path& runFolder, const RunSpec& spec, const std::map<std::string, double>& logged) {
  if (logged.empty() || !hasPredictions(runFolder, "valid")) return std::nullopt;
  Rescored rescored(spec);
  for (std::size_t t = 0; t < spec.data.label_columns.size(); ++t) {
    const std::string& target = spec.data.label_columns[t];
    const std::string stem = t == 0 ? "valid" : targetStem("valid", target);
    if (isNumber(spec, target)) {
      rescored.add(t, readNumberPredictions(runFolder, stem));
    } else {
      rescored.add(t, readPredictions(runFolder, stem));
    }
  }
  if (logged.contains("tta_error_rate") && hasPredictions(runFolder, ttaStem("valid"))) {
    rescored.values["tta_error_rate"] = readPredictions(runFolder, ttaStem("valid")).errorRate();
  }
  SelfCheck check{.of = SelfCheck::Of::Kept, .made = nowUtc(), .images = rescored.images, .rows = compared(logged, rescored.values)};
  if (check.rows.empty()) return std::nullopt;
  return check;
}

SelfCheck selfCheckOfWeights(const RunStore& store, const std::string& run, const PredictionObserver& observer, std::stop_token stop) {
  const RunRecord record = store.get(run);
  if (record.results.empty()) {
    throw Error("run " + run + " (" + toString(record.status) + ") has logged no metrics of the model that it kept; only a run that has ended in good order can be checked");
  }
  const SavedNetwork network = networkOf(store, run);
  observer.phase("reading the data set");
  const RunPhotos photos = photosOf(store, record, PhotoSet::Valid, observer.warning, stop);
  const std::vector<Target> targets = photos.targets();
  NetworkPredictor predictor(network, observer, stop);
  const auto result = predictor.predict(photos.dataset, photos.list(), photos.items, targets, photos.words(), std::nullopt);
  Rescored rescored(record.spec);
  SelfCheck check{.of = SelfCheck::Of::Weights, .made = nowUtc()};
  for (std::size_t t = 0; t < targets.size(); ++t) {
    if (targets[t].isNumber()) {
      rescored.add(t, numberPredictions(result->plain, targets, t, photos.list()));
      continue;
    }
    const Predictions now = classPredictions(result->plain, targets, t, photos.list());
    rescored.add(t, now);
    if (t == 0 && hasPredictions(store.folder(run), "valid")) compareWithKept(check, now, readPredictions(store.folder(run), "valid"));
  }
  check.images = rescored.images;
  check.rows = compared(record.results, rescored.values);
  if (check.rows.empty()) throw Error("run " + run + " has logged no metric that can be computed from its predictions");
  return check;
}

Json selfCheckJson(const SelfCheck& check) {
  Json rows = Json::array();
  for (const SelfCheckRow& row : check.rows) {
    rows.push_back({{"metric", row.metric}, {"logged", row.logged}, {"rescored", row.rescored}, {"agrees", row.agrees}});
  }
  return {{"of", check.of == SelfCheck::Of::Kept ? "kept" : "weights"},
          {"made", check.made},
          {"images", check.images},
          {"agrees", check.agrees()},
          {"words", check.words()},
          {"metrics", rows},
          {"largest_change", check.largest_change},
          {"changed_classes", check.changed_classes}};
}

void writeSelfCheck(const std::filesystem::path& runFolder, const SelfCheck& check) {
  writeAtomically(pathIn(runFolder), selfCheckJson(check).dump(2) + "\n");
}

std::optional<SelfCheck> readSelfCheck(const std::filesystem::path& runFolder) {
  try {
    const Json json = readJson(pathIn(runFolder));
    SelfCheck check{.of = json.at("of") == "kept" ? SelfCheck::Of::Kept : SelfCheck::Of::Weights,
                    .made = json.at("made").get<std::string>(),
                    .images = json.at("images").get<std::size_t>(),
                    .rows = {},
                    .largest_change = numberOf(json.at("largest_change")),
                    .changed_classes = json.at("changed_classes").get<std::size_t>()};
    for (const Json& row : json.at("metrics")) {
      check.rows.push_back({row.at("metric").get<std::string>(), numberOf(row.at("logged")), numberOf(row.at("rescored")), row.at("agrees").get<bool>()});
    }
    return check;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace panicle
