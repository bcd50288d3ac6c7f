#include "ui/submit/submission_check.h"

#include <QCoreApplication>
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/base/error.h"
#include "core/data/csv.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString text(const char* source) {
  return QCoreApplication::translate("Submit", source);
}

QString sentence(const std::string& problem) {
  QString shown = QString::fromStdString(problem);
  if (!shown.isEmpty()) shown[0] = shown[0].toUpper();
  return shown + QLatin1Char('.');
}

// Core says problems in sentences; each belongs to one line of the list. What is new to us still shows, at the header.
CheckKind kindOf(const std::string& problem) {
  const auto says = [&](const char* words) { return problem.find(words) != std::string::npos; };
  if (says("no prediction:")) return PredictedCheck;
  if (says("not asked for") || says("asks for no image")) return CountCheck;
  if (says("more than once")) return DuplicateCheck;
  if (says("not a number")) return LabelCheck;
  return HeaderCheck;
}

void fail(Check& check, const std::string& problem) {
  if (check.verdict == Verdict::Bad) {
    check.detail += QLatin1Char(' ') + sentence(problem);
  } else {
    check.verdict = Verdict::Bad;
    check.detail = sentence(problem);
  }
}

// Labels of the sample's own (example) rows that the run cannot predict: a sign of the wrong data set.
std::vector<std::string> unknownLabels(const CsvTable& sample, const Vocab& vocab) {
  const std::unordered_set<std::string> known(vocab.begin(), vocab.end());
  std::unordered_set<std::string> seen;
  std::vector<std::string> unknown;
  for (const auto& row : sample.rows) {
    const std::string& label = row.back();
    if (!label.empty() && !known.contains(label) && seen.insert(label).second) unknown.push_back(label);
  }
  return unknown;
}

void judgeLabels(Check& check, const CsvTable& sample, const Vocab& vocab) {
  const std::vector<std::string> unknown = unknownLabels(sample, vocab);
  check.verdict = unknown.empty() ? Verdict::Good : Verdict::Doubtful;
  check.detail = unknown.empty()
                     ? text("every label is one of the run's %1 classes").arg(formatCount(vocab.size()))
                     : text("the sample's example rows say '%1', which is none of the run's %2 classes: is it the sample "
                            "of this data set?")
                           .arg(QString::fromStdString(unknown.front()), formatCount(vocab.size()));
}

void judge(SubmissionReport& report, const Predictions& predictions, const std::filesystem::path& sample) {
  Checklist& checks = report.checks;
  const Submission& submission = report.submission;
  const QString rows = formatCount(submission.rows.size());
  for (const std::string& problem : submission.problems) fail(checks[kindOf(problem)], problem);
  const auto pass = [&](CheckKind kind, const QString& detail) {
    if (checks[kind].verdict == Verdict::Pending) checks[kind] = {checks[kind].name, Verdict::Good, detail};
  };
  QStringList columns;
  for (const std::string& column : submission.header) columns << QString::fromStdString(column);
  pass(HeaderCheck, columns.join(QStringLiteral(", ")));
  // Without a label column or rows there is nothing to judge further.
  if (submission.header.size() < 2 || submission.rows.empty()) return;
  if (submission.rows.size() == predictions.size()) {
    pass(CountCheck, text("%1 rows, as many as test predictions").arg(rows));
  } else if (checks[CountCheck].verdict != Verdict::Bad) {
    checks[CountCheck].verdict = Verdict::Bad;
    checks[CountCheck].detail = text("%1 rows for %2 test predictions").arg(rows, formatCount(predictions.size()));
  }
  pass(PredictedCheck, text("all %1 ids have a prediction").arg(rows));
  pass(DuplicateCheck, text("each image once"));
  if (checks[LabelCheck].verdict == Verdict::Pending) {
    judgeLabels(checks[LabelCheck], readCsv(sample), predictions.vocab);
  }
}

std::vector<double> sharesOf(const std::vector<std::size_t>& counts) {
  std::size_t total = 0;
  for (const std::size_t count : counts) total += count;
  std::vector<double> shares;
  if (total == 0) return shares;
  for (const std::size_t count : counts) shares.push_back(static_cast<double>(count) / static_cast<double>(total));
  return shares;
}

void compareLabels(SubmissionReport& report, const RunChoice& run, const Vocab& vocab,
                   const std::shared_ptr<const Dataset>& dataset) {
  std::unordered_map<std::string, std::size_t> indices;
  for (std::size_t i = 0; i < vocab.size(); ++i) indices.emplace(vocab[i], i);
  std::vector<std::size_t> counts(vocab.size());
  for (const auto& row : report.submission.rows) {
    if (const auto found = indices.find(row.back()); found != indices.end()) ++counts[found->second];
  }
  report.shares = sharesOf(counts);
  if (dataset && dataset->vocab == vocab) {
    report.known_shares = sharesOf(classCounts(*dataset));
    report.known_photos = text("labelled photos");
  } else if (hasPredictions(run.folder, "valid")) {
    std::vector<std::size_t> known(vocab.size());
    for (const int target : readPredictions(run.folder, "valid").targets) {
      if (target >= 0 && static_cast<std::size_t>(target) < known.size()) ++known[static_cast<std::size_t>(target)];
    }
    report.known_shares = sharesOf(known);
    report.known_photos = text("validation photos");
  }
}

}  // namespace

bool submitsTta(const RunChoice& run) {
  return std::any_of(run.kept.begin(), run.kept.end(),
                     [&](const KeptPredictions& kept) { return kept.tta && kept.target == run.kept.front().target; });
}

Checklist emptyChecklist() {
  Checklist checks;
  checks[HeaderCheck].name = text("Header");
  checks[CountCheck].name = text("Number of rows");
  checks[PredictedCheck].name = text("Predictions");
  checks[DuplicateCheck].name = text("No duplicates");
  checks[LabelCheck].name = text("Labels");
  return checks;
}

std::shared_ptr<const SubmissionReport> checkSubmission(const RunChoice& run, const std::filesystem::path& sample,
                                                        const std::shared_ptr<const Dataset>& dataset,
                                                        std::stop_token stop, const Progress& progress) {
  constexpr std::uint64_t kSteps = 3;
  auto report = std::make_shared<SubmissionReport>();
  report->checks = emptyChecklist();
  progress(0, kSteps);
  const Predictions predictions = readPredictions(run.folder, submitsTta(run) ? ttaStem("test") : "test");
  if (stop.stop_requested()) throw Cancelled();
  progress(1, kSteps);
  for (const std::string& label : predictions.vocab) report->labels << QString::fromStdString(label);
  try {
    report->submission = makeSubmission(predictions, sample);
    report->submission.made_from = {{"kind", "run"}, {"run", run.id.toStdString()}, {"name", run.name.toStdString()}, {"arch", run.arch.toStdString()},
                                    {"folder", run.folder.string()}, {"tta", submitsTta(run)}};
    judge(*report, predictions, sample);
  } catch (const Error& error) {
    report->submission.problems.push_back(error.what());
    fail(report->checks[HeaderCheck], error.what());
    return report;
  }
  if (stop.stop_requested()) throw Cancelled();
  progress(2, kSteps);
  compareLabels(*report, run, predictions.vocab, dataset);
  progress(kSteps, kSteps);
  return report;
}

}  // namespace panicle::ui
