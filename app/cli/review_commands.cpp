// review, corrections, leaks: labels that may be wrong, what was decided about photos, and what an error rate is worth.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/data/corrections.h"
#include "core/data/duplicate_groups.h"
#include "core/data/grouped_split.h"
#include "core/eval/label_issues.h"
#include "core/eval/leaks.h"

namespace panicle::cli {
namespace {

// --- review

struct ReviewArguments {
  std::string run;
  std::string workspace;
  IssueRank rank = IssueRank::Loss;
  std::size_t top = 20;
  bool json = false;
};

Predictions validationPredictions(const RunStore& store, const std::string& run) {
  store.get(run);  // says that there is no such run
  if (!hasPredictions(store.folder(run), "valid")) {
    throw Error("run " + run + " has no predictions on its validation images; a run keeps them when it ends and has validation images");
  }
  return readPredictions(store.folder(run), "valid");
}

Json issueJson(const Predictions& predictions, const LabelIssue& issue) {
  const auto name = [&](int target) { return predictions.vocab[static_cast<std::size_t>(target)]; };
  return {{"image_id", predictions.ids[issue.row]},
          {"path", predictions.paths[issue.row]},
          {"label", name(issue.given)},
          {"suggested", name(issue.suggested)},
          {"score", issue.score},
          {"loss", issue.loss},
          {"probability", issue.self_confidence},
          {"confident", issue.confident}};
}

void review(const ReviewArguments& arguments) {
  const RunStore store = openWorkspace(arguments.workspace);
  const Predictions predictions = validationPredictions(store, arguments.run);
  const ConfidentJoint joint = confidentJoint(predictions);
  std::vector<LabelIssue> issues = labelIssues(predictions, arguments.rank);
  issues.resize(std::min(issues.size(), arguments.top));
  if (arguments.json) {
    Json all = Json::array();
    for (const LabelIssue& issue : issues) all.push_back(issueJson(predictions, issue));
    return printJson({{"images", joint.images}, {"noise", joint.noise()}, {"issues", all}});
  }
  fmt::print("{:.1f} % of {} validation labels are confidently another\n\n", 100 * joint.noise(), grouped(joint.images));
  TextTable table({"photo", "label", "rather", "score", "loss", "probability", ""}, Align::Left);
  for (const LabelIssue& issue : issues) {
    table.add({predictions.paths[issue.row], predictions.vocab[static_cast<std::size_t>(issue.given)],
               predictions.vocab[static_cast<std::size_t>(issue.suggested)], fmt::format("{:.3f}", issue.score), fmt::format("{:.3f}", issue.loss),
               fmt::format("{:.3f}", issue.self_confidence), issue.confident ? "confident" : ""});
  }
  table.print();
}

void addReview(CLI::App& program) {
  auto arguments = std::make_shared<ReviewArguments>();
  auto* command = program.add_subcommand("review", "Labels that may be wrong, by what a run says of its validation images");
  command->add_option("RUN", arguments->run, "The run's number")->required();
  const std::map<std::string, IssueRank> ranks{
      {"loss", IssueRank::Loss}, {"self-confidence", IssueRank::SelfConfidence}, {"margin", IssueRank::Margin}};
  command->add_option("--by", arguments->rank, "What the photos are ordered by: loss (the default), self-confidence or margin")
      ->transform(CLI::CheckedTransformer(ranks).description(""));
  command->add_option("--top", arguments->top, "How many photos")->capture_default_str();
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { review(*arguments); });
}

// --- leaks

struct LeakArguments {
  std::string run;
  std::string workspace;
  std::string groups;
  std::string column = SplitOptions{}.group_column;
  double similarity = NearOptions{}.similarity;
  bool json = false;
};

std::vector<PhotoGroup> groupsOfTable(const Dataset& dataset, const LeakArguments& arguments) {
  const SplitOptions options{.kind = SplitKind::Grouped, .group_column = arguments.column, .groups = std::filesystem::absolute(arguments.groups).string()};
  std::map<std::uint32_t, PhotoGroup> byNumber;
  const std::vector<std::uint32_t> numbers = itemGroups(dataset, options);
  for (std::uint32_t item = 0; item < numbers.size(); ++item) byNumber[numbers[item]].push_back(item);
  std::vector<PhotoGroup> groups;
  for (auto& [number, group] : byNumber) {
    if (group.size() > 1) groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<PhotoGroup> groupsFor(const Dataset& dataset, const LeakArguments& arguments, ExifPolicy exif) {
  if (!arguments.groups.empty()) return groupsOfTable(dataset, arguments);
  ProgressLine progress;
  return findDuplicates(dataset, {.decode = {.exif = exif}, .near = {.similarity = arguments.similarity}}, 0, {}, progress.counter("photos compared"))
      .groups;
}

Json countJson(const ErrorCount& count) {
  return {{"images", count.images}, {"wrong", count.wrong}, {"error_rate", std::isnan(count.rate()) ? Json(nullptr) : Json(count.rate())}};
}

void tellLeaks(const LeakArguments& arguments) {
  const RunStore store = openWorkspace(arguments.workspace);
  const Predictions predictions = validationPredictions(store, arguments.run);
  const DataOptions data = store.get(arguments.run).spec.data;
  const Dataset dataset = loadDataset(data);
  const std::vector<PhotoGroup> groups = groupsFor(dataset, arguments, data.exif);
  const std::vector<std::string> leaked = leakedIds(dataset, splitDataset(dataset, data.split), groups);
  const LeakReport report = withoutLeaks(predictions, leaked);
  if (arguments.json) {
    return printJson({{"all", countJson(report.all)},
                      {"leaked", countJson(report.leaked)},
                      {"without", countJson(report.without)},
                      {"range", {report.range.low, report.range.high}},
                      {"leaked_ids", leaked}});
  }
  TextTable table({"validation photos", "photos", "wrong", "error rate"});
  const auto add = [&](const std::string& name, const ErrorCount& count) {
    table.add({name, grouped(count.images), grouped(count.wrong), count.images > 0 ? fmt::format("{:.4f}", count.rate()) : ""});
  };
  add("all", report.all);
  add("with a like photo in training", report.leaked);
  add("without those", report.without);
  table.print();
  if (report.without.images > 0) {
    fmt::print("\nwithout leaks the error rate lies between {:.4f} and {:.4f} (95 %)\n", report.range.low, report.range.high);
  }
}

void addLeaks(CLI::App& program) {
  auto arguments = std::make_shared<LeakArguments>();
  auto* command = program.add_subcommand("leaks", "A run's error rate without the validation photos that have a like photo in training");
  command->add_option("RUN", arguments->run, "The run's number")->required();
  auto* table = command->add_option("--groups", arguments->groups, "A CSV that tells which photos are alike; without it near duplicates are looked for");
  command->add_option("--group-column", arguments->column, "Its column")->needs(table)->capture_default_str();
  command->add_option("--similarity", arguments->similarity, "The share of gradients in which near duplicates agree")
      ->check(CLI::Range(0.6, 1.0))
      ->excludes(table)
      ->capture_default_str();
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { tellLeaks(*arguments); });
}

// --- corrections

struct CorrectionArguments {
  std::string file;
  std::vector<std::string> images;
  LabelVerdict verdict = LabelVerdict::Keep;
  Correction correction;
  bool json = false;
};

Json correctionJson(const Correction& correction) {
  return {{"image_id", correction.image_id}, {"path", correction.path},          {"old_label", correction.old_label},
          {"new_label", correction.new_label}, {"verdict", enumName(correction.verdict)}, {"when", correction.when},
          {"note", correction.note}};
}

void printCorrections(const std::vector<Correction>& corrections, bool json) {
  if (json) {
    Json all = Json::array();
    for (const Correction& each : corrections) all.push_back(correctionJson(each));
    return printJson({{"corrections", all}});
  }
  TextTable table({"photo", "verdict", "old label", "new label", "when", "note"}, Align::Left);
  for (const Correction& each : corrections) {
    table.add({each.image_id, enumName(each.verdict), each.old_label, each.new_label, each.when, each.note});
  }
  table.print();
}

void addRows(const CorrectionArguments& arguments) {
  std::vector<Correction> corrections;
  for (const std::string& image : arguments.images) {
    corrections.push_back(arguments.correction);
    corrections.back().image_id = image;
    corrections.back().verdict = arguments.verdict;
  }
  addCorrections(arguments.file, corrections);
  if (arguments.json) printJson({{"file", arguments.file}, {"added", corrections.size()}});
}

void undoRow(const CorrectionArguments& arguments) {
  const auto undone = undoCorrection(arguments.file);
  if (!undone) throw Error(arguments.file + ": there is no correction to take back");
  printCorrections({*undone}, arguments.json);
}

std::map<std::string, LabelVerdict> verdicts() {
  std::map<std::string, LabelVerdict> all;
  const auto& names = EnumNames<LabelVerdict>::names;
  for (std::size_t i = 0; i < names.size(); ++i) all.emplace(names[i], static_cast<LabelVerdict>(i));
  return all;
}

CLI::App* addFileCommand(CLI::App& parent, const std::string& name, const std::string& help, CorrectionArguments& arguments) {
  auto* command = parent.add_subcommand(name, help);
  command->add_option("FILE", arguments.file, "The CSV, as data.corrections names it")->required();
  addJson(*command, arguments.json);
  return command;
}

void addCorrectionCommands(CLI::App& program) {
  auto* group = program.add_subcommand("corrections", "Decisions about single photos, in a CSV that is laid over the data set");
  group->require_subcommand(1);

  auto listed = std::make_shared<CorrectionArguments>();
  addFileCommand(*group, "list", "The decisions that stand: the last one about each photo", *listed)->callback([listed] {
    printCorrections(standingCorrections(readCorrections(listed->file)), listed->json);
  });

  auto added = std::make_shared<CorrectionArguments>();
  auto* add = addFileCommand(*group, "add", "Decide about photos; the file is begun if it is not there", *added);
  add->add_option("IMAGE", added->images, "Their ids, as the label table or the folders name them")->required();
  add->add_option("--verdict", added->verdict, "keep, relabel, unsure, exclude, train or valid")
      ->required()
      ->transform(CLI::CheckedTransformer(verdicts()).description(""));
  add->add_option("--old-label", added->correction.old_label, "The label that you saw; the decision is passed over where the photo has another");
  add->add_option("--label", added->correction.new_label, "With relabel: the label that is right");
  add->add_option("--note", added->correction.note, "Why");
  add->callback([added] { addRows(*added); });

  auto undone = std::make_shared<CorrectionArguments>();
  addFileCommand(*group, "undo", "Take the last decision back", *undone)->callback([undone] { undoRow(*undone); });
}

}  // namespace

void addReviewCommands(CLI::App& program) {
  addReview(program);
  addLeaks(program);
  addCorrectionCommands(program);
}

}  // namespace panicle::cli
