#include "core/runs/run_report.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <set>

#include "core/base/file.h"
#include "core/eval/report.h"
#include "core/runs/self_check.h"

namespace panicle {
namespace {

std::string secondsText(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60) : fmt::format("{:02}:{:02}", whole / 60, whole % 60);
}

std::string joined(const std::map<std::string, double>& values) {
  std::string text;
  for (const auto& [name, value] : values) text += (text.empty() ? "" : ", ") + fmt::format("{} {:.4f}", name, value);
  return text;
}

std::vector<std::pair<std::string, std::string>> factsOf(const RunRecord& record) {
  std::vector<std::pair<std::string, std::string>> facts{{"Status", toString(record.status)},
                                                         {"Created", record.created},
                                                         {"Time", secondsText(record.seconds)},
                                                         {"Architecture", record.spec.model.arch},
                                                         {"Data set", record.spec.data.root}};
  for (const char* key : {"start", "device", "precision", "panicle", "torch"}) {
    if (record.environment.contains(key) && record.environment[key].is_string()) facts.emplace_back(key, record.environment[key].get<std::string>());
  }
  if (const EpochRow* best = record.best()) facts.emplace_back("Best epoch", fmt::format("{} ({} {:.4f})", best->epoch + 1, record.monitor(), best->value(record.monitor())));
  if (!record.results.empty()) facts.emplace_back("Kept model", joined(record.results));
  if (!record.tags.empty()) {
    std::string tags;
    for (const std::string& tag : record.tags) tags += (tags.empty() ? "" : ", ") + tag;
    facts.emplace_back("Tags", tags);
  }
  if (!record.note.empty()) facts.emplace_back("Note", record.note);
  return facts;
}

std::vector<std::string> metricsOf(const RunRecord& record) {
  std::set<std::string> names;
  for (const EpochRow& row : record.epochs) {
    for (const auto& [name, value] : row.metrics) names.insert(name);
  }
  return {names.begin(), names.end()};
}

ReportTable epochTable(const RunRecord& record, const std::vector<std::string>& metrics) {
  ReportTable table{{"epoch", "stage", "phase", "train_loss", "valid_loss"}, {}};
  table.header.insert(table.header.end(), metrics.begin(), metrics.end());
  table.header.emplace_back("time");
  const auto number = [](double value) { return std::isnan(value) ? std::string() : fmt::format("{:.6f}", value); };
  for (const EpochRow& row : record.epochs) {
    std::vector<std::string> cells{std::to_string(row.epoch + 1), std::to_string(row.stage + 1), row.phase, number(row.train_loss), number(row.valid_loss)};
    for (const std::string& metric : metrics) cells.push_back(number(row.value(metric)));
    cells.push_back(secondsText(row.seconds));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

ReportChart chartOf(const RunRecord& record, const std::string& title, const std::vector<std::string>& columns) {
  ReportChart chart{.title = title, .y_label = "", .curves = {}};
  for (const std::string& column : columns) {
    ReportCurve curve{column, {}};
    for (const EpochRow& row : record.epochs) curve.values.push_back(row.value(column));
    chart.curves.push_back(std::move(curve));
  }
  return chart;
}

// What is better when smaller in one chart, beside it what is better when larger.
std::vector<ReportChart> chartsOf(const RunRecord& record, const std::vector<std::string>& metrics) {
  constexpr std::size_t kMostCurves = 6;
  std::vector<ReportChart> charts{chartOf(record, "Loss", {"train_loss", "valid_loss"})};
  std::vector<std::string> errors, scores;
  for (const std::string& metric : metrics) {
    auto& list = metric.ends_with("error_rate") ? errors : scores;
    if (list.size() < kMostCurves) list.push_back(metric);
  }
  if (!errors.empty()) charts.push_back(chartOf(record, "Error rate on the validation photos", errors));
  if (!scores.empty()) charts.push_back(chartOf(record, "Metrics of the validation photos", scores));
  return charts;
}

std::string shownWords(const WhichPredictions& which) {
  std::string words = which.set == PhotoSet::Train ? "training photos" : which.set == PhotoSet::Valid ? "validation photos" : "test photos";
  if (which.tta) words += ", with test-time augmentation";
  if (which.model == RunModel::Last) words += ", of the last checkpoint";
  return words;
}

}  // namespace

void writeRunReport(const RunStore& store, const WhichPredictions& which, const Predictions& predictions, const std::filesystem::path& file, std::stop_token stop) {
  const RunRecord record = store.get(which.run);
  const std::vector<std::string> metrics = metricsOf(record);
  Report report{.title = "Run " + record.id + (record.name.empty() ? "" : ": " + record.name),
                .facts = factsOf(record),
                .notes = record.warnings,
                .epochs = epochTable(record, metrics),
                .charts = chartsOf(record, metrics),
                .predictions = predictions,
                .shown = shownWords(which),
                .root = record.spec.data.root,
                .spec = specToJson(record.spec).dump(2, ' ', false, Json::error_handler_t::replace)};
  if (!record.message.empty()) report.notes.insert(report.notes.begin(), record.message);
  if (const auto check = readSelfCheck(store.folder(record.id))) {
    if (check->agrees()) report.facts.emplace_back("Self-check", check->words());
    if (!check->agrees()) report.notes.insert(report.notes.begin(), "Self-check failed: " + check->words());
  }
  writeAtomically(file, reportHtml(report, stop));
}

}  // namespace panicle
