#include "core/eval/report.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/data/decode.h"
#include "core/data/encode.h"
#include "core/eval/calibration.h"
#include "core/eval/interpretation.h"
#include "core/eval/matrix_order.h"
#include "core/eval/report_chart.h"

namespace panicle {
namespace {

constexpr std::size_t kMostClasses = 40;
constexpr std::size_t kMostConfusions = 20;
constexpr int kThumbnail = 224;
constexpr int kQuality = 82;

// No address is ever fetched: the policy forbids what the document does not ask for anyway.
constexpr const char* kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
:root{--page:#fbfbf9;--ink:#1d2021;--soft:#6b7075;--line:#dcdedd;--card:#fff;--heat:46,125,50;--bad:198,40,40;
--c0:#2e7d32;--c1:#c75b12;--c2:#2a6db0;--c3:#8a3fa0;--c4:#a08400;--c5:#00808a}
@media (prefers-color-scheme:dark){:root{--page:#17191a;--ink:#e6e8e8;--soft:#9aa0a4;--line:#34393b;--card:#1f2223;--heat:102,187,106;--bad:239,100,90;
--c0:#81c784;--c1:#ffb074;--c2:#8ab8ee;--c3:#d39be0;--c4:#dcc658;--c5:#62c8d0}}
body{margin:0 auto;max-width:1180px;padding:24px;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:34px 0 10px}p{margin:6px 0}.soft{color:var(--soft)}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}th,td{padding:3px 9px;border-bottom:1px solid var(--line);text-align:right}
th:first-child,td:first-child{text-align:left}th{font-weight:600}.wide{overflow-x:auto}
.charts{display:flex;flex-wrap:wrap;gap:16px}.charts figure{margin:0;flex:1 1 420px;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px}
svg{width:100%;height:auto;font:11px system-ui,sans-serif}svg text{fill:var(--soft)}.grid{stroke:var(--line)}.curve{fill:none;stroke-width:1.8}
.curve.c0{stroke:var(--c0)}.curve.c1{stroke:var(--c1)}.curve.c2{stroke:var(--c2)}.curve.c3{stroke:var(--c3)}.curve.c4{stroke:var(--c4)}.curve.c5{stroke:var(--c5)}
.dot.c0{fill:var(--c0)}.dot.c1{fill:var(--c1)}.dot.c2{fill:var(--c2)}.dot.c3{fill:var(--c3)}.dot.c4{fill:var(--c4)}.dot.c5{fill:var(--c5)}
svg text.key{font-size:12px}svg text.c0{fill:var(--c0)}svg text.c1{fill:var(--c1)}svg text.c2{fill:var(--c2)}svg text.c3{fill:var(--c3)}svg text.c4{fill:var(--c4)}svg text.c5{fill:var(--c5)}
.bar{fill:var(--c2);opacity:.75}.reach{stroke:var(--ink)}.diagonal{stroke:var(--soft);stroke-dasharray:4 4}
.matrix td{text-align:center;min-width:26px;padding:3px 5px;border:1px solid var(--line)}.matrix th{border:0;padding:3px 7px;white-space:nowrap}
.matrix thead th{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;vertical-align:bottom}.matrix thead th:first-child{writing-mode:horizontal-tb;transform:none}
.photos{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:12px}.photos figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;overflow:hidden}
.photos img{width:100%;height:170px;object-fit:contain;background:var(--page);display:block}.photos figcaption{padding:6px 9px;font-size:12.5px;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;margin:10px 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;overflow-x:auto;font-size:12.5px}.note{border-left:3px solid rgb(var(--bad));padding-left:10px}
@media print{body{max-width:none}h2{break-after:avoid}figure{break-inside:avoid}}
</style>
)";

std::string base64(const std::vector<std::byte>& bytes) {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (i + k < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63];
  }
  return text;
}

std::string tableHtml(const ReportTable& table) {
  std::string html = "<div class='wide'><table><thead><tr>";
  for (const std::string& name : table.header) html += "<th>" + htmlText(name) + "</th>";
  html += "</tr></thead><tbody>";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (const std::string& cell : row) html += "<td>" + htmlText(cell) + "</td>";
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string percent(double share) {
  return std::isnan(share) ? "" : fmt::format("{:.1f}", 100 * share);
}

// Rows are true classes, columns predicted ones; the colour is the share of the row.
std::string matrixHtml(const ConfusionMatrix& matrix, const std::vector<std::size_t>& classes) {
  std::string html = "<div class='wide'><table class='matrix'><thead><tr><th>actual \\ predicted</th>";
  for (const std::size_t c : classes) html += "<th>" + htmlText(matrix.vocab[c]) + "</th>";
  html += "</tr></thead><tbody>";
  for (const std::size_t actual : classes) {
    html += "<tr><th>" + htmlText(matrix.vocab[actual]) + "</th>";
    for (const std::size_t predicted : classes) {
      const std::uint32_t count = matrix.at(actual, predicted);
      const double share = matrix.normalized(actual, predicted);
      html += count == 0 ? "<td></td>"
                         : fmt::format("<td style='background:rgba(var(--{}),{:.2f})' title='{} as {}: {} ({:.1f} %)'>{}</td>", actual == predicted ? "heat" : "bad",
                                       0.1 + 0.75 * share, htmlText(matrix.vocab[actual]), htmlText(matrix.vocab[predicted]), count, 100 * share, count);
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string matrixSection(const ConfusionMatrix& matrix) {
  const std::size_t classes = matrix.vocab.size();
  std::string html = "<h2>Confusion matrix</h2>\n";
  std::vector<std::size_t> shown = classOrder(matrix, classes <= kMostClasses ? MatrixOrder::Vocab : MatrixOrder::Confusion);
  if (classes > kMostClasses) {
    shown.resize(kMostClasses);
    html += fmt::format("<p class='soft'>The {} of {} classes with the most mistakes.</p>\n", kMostClasses, classes);
  }
  html += matrixHtml(matrix, shown);
  ReportTable confused{{"actual", "predicted", "photos"}, {}};
  for (const Confusion& cell : mostConfused(matrix)) {
    if (confused.rows.size() == kMostConfusions) break;
    confused.rows.push_back({matrix.vocab[static_cast<std::size_t>(cell.actual)], matrix.vocab[static_cast<std::size_t>(cell.predicted)], std::to_string(cell.count)});
  }
  return confused.rows.empty() ? html : html + "<h2>Most confused</h2>\n" + tableHtml(confused);
}

std::string classSection(const ConfusionMatrix& matrix, const Predictions& predictions) {
  ReportTable table{{"class", "photos", "precision %", "recall %", "95 %", "F1 %", "95 %", "average precision %"}, {}};
  const auto reports = perClass(matrix);
  const auto precisions = averagePrecisions(predictions);
  const auto range = [](const Interval& interval) { return percent(interval.low) + " - " + percent(interval.high); };
  for (std::size_t c = 0; c < reports.size(); ++c) {
    const ClassReport& report = reports[c];
    table.rows.push_back({matrix.vocab[c], std::to_string(report.support), percent(report.precision), percent(report.recall), range(report.recall_range), percent(report.f1),
                          range(report.f1_range), percent(precisions[c])});
  }
  return "<h2>Classes</h2>\n" + tableHtml(table);
}

std::string calibrationSection(const Predictions& predictions) {
  const Calibration result = calibration(predictions);
  if (result.images == 0) return "";
  return "<h2>Calibration</h2>\n" +
         fmt::format("<p>Mean confidence {:.1f} %, accuracy {:.1f} %; expected calibration error {:.2f} %, Brier score {:.4f}. Bars below the dashed line: surer than right.</p>\n",
                     100 * result.confidence, 100 * result.accuracy, 100 * result.expected_error, result.brier) +
         "<div class='charts'><figure>" + reliabilitySvg(result) + "</figure></div>\n";
}

std::string photoHtml(const Report& report, std::size_t row) {
  const Predictions& all = report.predictions;
  std::string image;
  try {
    image = "<img alt='' src='data:image/jpeg;base64," + base64(encodeJpeg(decodeThumbnail(report.root / all.paths[row], kThumbnail), kQuality)) + "'>";
  } catch (const Error&) {
    image = "<p class='soft'>cannot be read</p>";  // the photos may be gone by now; all else of the report stands
  }
  const auto name = [&](int label) { return htmlText(all.vocab[static_cast<std::size_t>(label)]); };
  return fmt::format("<figure>{}<figcaption><b>{}</b> taken for <b>{}</b><br>probability {:.3f}, loss {:.3f}<br><span class='soft'>{}</span></figcaption></figure>\n", image,
                     name(all.targets[row]), name(all.predicted(row)), all.row(row)[static_cast<std::size_t>(all.predicted(row))], all.losses[row], htmlText(all.paths[row]));
}

std::string gallery(const Report& report, const std::string& title, const std::vector<std::uint32_t>& rows, const std::stop_token& stop) {
  if (rows.empty()) return "";
  std::string html = "<h2>" + title + "</h2>\n<div class='photos'>\n";
  for (std::size_t i = 0; i < std::min(rows.size(), report.photos); ++i) {
    if (stop.stop_requested()) throw Cancelled();
    html += photoHtml(report, rows[i]);
  }
  return html + "</div>\n";
}

std::string trainingSection(const Report& report) {
  if (report.epochs.rows.empty()) return "";
  std::string html = "<h2>Training</h2>\n<div class='charts'>\n";
  for (const ReportChart& chart : report.charts) {
    const std::string svg = chartSvg(chart);
    if (!svg.empty()) html += "<figure>" + svg + "<figcaption class='soft'>" + htmlText(chart.title) + "</figcaption></figure>\n";
  }
  return html + "</div>\n" + tableHtml(report.epochs);
}

}  // namespace

std::string reportHtml(const Report& report, std::stop_token stop) {
  std::string html = std::string(kHead) + "<title>" + htmlText(report.title) + "</title></head><body>\n<h1>" + htmlText(report.title) + "</h1>\n<dl>\n";
  for (const auto& [name, value] : report.facts) html += "<dt>" + htmlText(name) + "</dt><dd>" + htmlText(value) + "</dd>\n";
  html += "</dl>\n";
  for (const std::string& note : report.notes) html += "<p class='note'>" + htmlText(note) + "</p>\n";
  html += trainingSection(report);
  const Predictions& all = report.predictions;
  const std::vector<std::uint32_t> worst = topLosses(all);
  if (!worst.empty()) {
    const ConfusionMatrix matrix = confusionMatrix(all);
    html += fmt::format("<p>All below is of {} {}; error rate {:.4f}.</p>\n", worst.size(), htmlText(report.shown), all.errorRate());
    html += matrixSection(matrix) + classSection(matrix, all) + calibrationSection(all);
    html += gallery(report, "Highest losses", worst, stop) + gallery(report, "Most confident mistakes", mostConfidentMistakes(all), stop);
  }
  if (!report.spec.empty()) html += "<h2>Spec</h2>\n<pre>" + htmlText(report.spec) + "</pre>\n";
  return html + "</body></html>\n";
}

}  // namespace panicle
