// ensemble: the predictions of several runs and files taken together.
#include <spdlog/fmt/fmt.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "app/cli/commands.h"
#include "app/cli/interrupt.h"
#include "app/cli/kept_predictions.h"
#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/csv.h"
#include "core/eval/ensemble.h"
#include "core/eval/provenance.h"

namespace panicle::cli {
namespace {

struct EnsembleArguments {
  std::vector<std::string> members;
  std::string target, labels, out, workspace;
  std::optional<std::string> split;
  bool noTta = false, greedy = false, json = false;
  GreedyOptions options;
};

struct NamedMember {
  std::string what;  // a run's number or a file
  double weight = 1;
};

// "3", "3:2", "vit.csv", "vit.csv:0.5"
NamedMember parseMember(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {text, 1};
  const std::string_view number = std::string_view(text).substr(colon + 1);
  double weight = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), weight);
  if (error != std::errc() || end != number.data() + number.size()) return {text, 1};
  return {text.substr(0, colon), weight};
}

bool isFile(const NamedMember& member) {
  return std::filesystem::is_regular_file(member.what);
}

// What a member says of the validation and of the test photos; either may be missing.
struct Sources {
  std::vector<EnsembleMember> valid, test;
  std::vector<std::string> without_valid, without_test;  // names of members
  Json made_from = Json::array();
};

class Reader {
 public:
  explicit Reader(const EnsembleArguments& arguments) : arguments_(arguments) {}

  Sources read() {
    std::vector<NamedMember> members;
    for (const std::string& text : arguments_.members) members.push_back(parseMember(text));
    if (!arguments_.labels.empty()) readLabels();
    // Runs first: they tell which photos of a file validate.
    std::vector<Both> all(members.size());
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (!isFile(members[m])) all[m] = readRun(members[m]);
    }
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (isFile(members[m])) all[m] = readFile(members[m]);
    }
    for (std::size_t m = 0; m < members.size(); ++m) add(members[m], std::move(all[m]));
    return std::move(sources_);
  }

 private:
  struct Both {
    std::string name;
    Predictions valid, test;
    Json made_from;
  };

  void readLabels() {
    const CsvTable table = readCsv(arguments_.labels);
    const std::size_t id = table.requireColumn("image_id"), label = table.requireColumn("label");
    for (const auto& row : table.rows) labels_.emplace(row[id], row[label]);
  }

  Both readRun(const NamedMember& member) {
    const RunStore& store = workspace();
    Both both{.name = "run " + member.what, .valid = {}, .test = {}, .made_from = {}};
    for (const PhotoSet set : {PhotoSet::Valid, PhotoSet::Test}) {
      KeptArgument kept;
      kept.which.run = member.what;
      kept.which.set = set;
      kept.target = arguments_.target;
      kept.which.tta = !arguments_.noTta && hasTta(store, kept);
      const PredictionPlace place = placeOf(store, kept.which);
      if (!hasPredictions(place.folder, place.stem)) continue;
      (set == PhotoSet::Valid ? both.valid : both.test) = requireClasses(store, kept);
      both.made_from = describePredictions(store, kept.which);
    }
    if (both.valid.size() + both.test.size() == 0) throw Error(both.name + " has kept no predictions");
    for (std::size_t i = 0; i < both.valid.size(); ++i) {
      if (both.valid.targets[i] >= 0) labels_.emplace(both.valid.ids[i], both.valid.vocab[static_cast<std::size_t>(both.valid.targets[i])]);
    }
    return both;
  }

  // Photos with a known label validate, the others are test photos.
  Both readFile(const NamedMember& member) {
    const Predictions all = readPredictionTable(member.what);
    std::unordered_map<std::string, int> places;
    for (std::size_t c = 0; c < all.vocab.size(); ++c) places.emplace(all.vocab[c], static_cast<int>(c));
    Both both{.name = std::filesystem::path(member.what).filename().string(), .valid = {.vocab = all.vocab}, .test = {.vocab = all.vocab}, .made_from = describeTable(member.what)};
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto label = labels_.find(all.ids[i]);
      const auto place = label == labels_.end() ? places.end() : places.find(label->second);
      Predictions& part = label == labels_.end() ? both.test : both.valid;
      const int target = place == places.end() ? -1 : place->second;
      const auto row = all.row(i);
      part.ids.push_back(all.ids[i]);
      part.paths.push_back(all.ids[i]);
      part.probabilities.insert(part.probabilities.end(), row.begin(), row.end());
      part.targets.push_back(target);
      part.losses.push_back(target < 0 ? 0.0f : -std::log(row[static_cast<std::size_t>(target)]));
    }
    return both;
  }

  void add(const NamedMember& member, Both both) {
    const auto addTo = [&](std::vector<EnsembleMember>& list, std::vector<std::string>& without, Predictions predictions) {
      if (predictions.size() == 0) without.push_back(both.name);
      list.push_back({both.name, member.weight, std::move(predictions)});
    };
    addTo(sources_.valid, sources_.without_valid, std::move(both.valid));
    addTo(sources_.test, sources_.without_test, std::move(both.test));
    both.made_from["weight"] = member.weight;
    sources_.made_from.push_back(std::move(both.made_from));
  }

  const RunStore& workspace() {
    if (!store_) store_.reset(new RunStore(openWorkspace(arguments_.workspace)));  // which cannot be moved into make_unique()
    return *store_;
  }

  const EnsembleArguments& arguments_;
  std::unique_ptr<RunStore> store_;
  std::unordered_map<std::string, std::string> labels_;  // by id
  Sources sources_;
};

std::string namesOf(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// What is known from the photos that validated all members.
struct Judged {
  std::optional<Ensemble> ensemble;
  std::vector<MemberWorth> worths;
  std::vector<double> disagreement;
  std::optional<GreedySelection> greedy;
  std::string problem;  // why there is nothing
};

Judged judge(Sources& sources, const EnsembleArguments& arguments, const std::stop_token& stop) {
  Judged judged;
  if (!sources.without_valid.empty()) {
    judged.problem = namesOf(sources.without_valid) + " have no predictions of validation photos";
  } else {
    alignClasses(sources.valid);
    if (sharedImages(sources.valid).ids.empty()) judged.problem = "no photo validated all members: they have different splits";
  }
  if (!judged.problem.empty()) {
    if (arguments.greedy) throw Error("members cannot be selected: " + judged.problem + "; give the weights by hand");
    return judged;
  }
  if (arguments.greedy) {
    judged.greedy = selectGreedily(sources.valid, arguments.options, stop);
    for (std::size_t m = 0; m < sources.valid.size(); ++m) sources.valid[m].weight = sources.test[m].weight = judged.greedy->counts[m];
  }
  judged.ensemble = combine(sources.valid);
  judged.worths = memberWorths(sources.valid);
  judged.disagreement = disagreement(sources.valid);
  return judged;
}

Json greedyJson(const GreedySelection& greedy, const std::vector<EnsembleMember>& members) {
  Json steps = Json::array();
  for (const GreedyStep& step : greedy.steps) steps.push_back({{"member", members[step.member].name}, {"error_rate", step.error}, {"loss", step.loss}});
  return {{"counts", greedy.counts},
          {"rounds", greedy.rounds},
          {"images", greedy.images},
          {"error_rate", greedy.error},
          {"error_range", {greedy.error_range.low, greedy.error_range.high}},
          {"best_member", members[greedy.best_member].name},
          {"best_member_error", greedy.best_member_error},
          {"equal_error", greedy.equal_error},
          {"gain_range", {greedy.gain_range.low, greedy.gain_range.high}},
          {"held_out_error", greedy.held_out_error},
          {"warning", greedy.warning},
          {"steps", steps}};
}

Json answerJson(const EnsembleArguments& arguments, const std::string& split, const Ensemble& ensemble, const Sources& sources, const Judged& judged) {
  const auto& members = sources.valid;
  Json list = Json::array();
  Json matrix = Json::array();
  for (std::size_t m = 0; m < members.size(); ++m) {
    const bool known = judged.ensemble.has_value();
    list.push_back({{"name", members[m].name},
                    {"weight", members[m].weight},
                    {"share", ensemble.shares[m]},
                    {"left_out", ensemble.left_out[m]},
                    {"error_alone", known ? Json(judged.worths[m].error_alone) : Json(nullptr)},
                    {"error_without", known ? Json(judged.worths[m].error_without) : Json(nullptr)},
                    {"worth", known ? Json(judged.worths[m].worth) : Json(nullptr)}});
    Json row = Json::array();
    for (std::size_t other = 0; known && other < members.size(); ++other) row.push_back(judged.disagreement[m * members.size() + other]);
    matrix.push_back(row);
  }
  return {{"out", arguments.out},
          {"split", split},
          {"images", ensemble.predictions.size()},
          {"vocab", ensemble.predictions.vocab},
          {"members", list},
          {"validation_images", judged.ensemble ? judged.ensemble->predictions.size() : 0},
          {"error_rate", judged.ensemble ? Json(judged.ensemble->predictions.errorRate()) : Json(nullptr)},
          {"disagreement", judged.ensemble ? matrix : Json(nullptr)},
          {"greedy", judged.greedy ? greedyJson(*judged.greedy, members) : Json(nullptr)},
          {"problem", judged.problem}};
}

void print(const EnsembleArguments& arguments, const std::string& split, const Ensemble& ensemble, const Sources& sources, const Judged& judged) {
  const auto& members = sources.valid;
  TextTable table({"member", "weight", "error alone", "error without", "worth", split + " photos left out"});
  for (std::size_t m = 0; m < members.size(); ++m) {
    const bool known = judged.ensemble.has_value();
    const auto number = [&](double value) { return known && !std::isnan(value) ? fmt::format("{:.4f}", value) : std::string(); };
    table.add({members[m].name, fmt::format("{:g}", members[m].weight), known ? number(judged.worths[m].error_alone) : "",
               known ? number(judged.worths[m].error_without) : "", known ? number(judged.worths[m].worth) : "", grouped(ensemble.left_out[m])});
  }
  table.print();
  if (judged.ensemble) {
    fmt::print("\nerror rate {:.4f} on the {} validation photos of all members\n", judged.ensemble->predictions.errorRate(), grouped(judged.ensemble->predictions.size()));
    std::vector<std::string> header{"different classes (%)"};
    for (const auto& member : members) header.push_back(member.name);
    TextTable different(header);
    for (std::size_t a = 0; a < members.size(); ++a) {
      std::vector<std::string> row{members[a].name};
      for (std::size_t b = 0; b < members.size(); ++b) row.push_back(fmt::format("{:.2f}", 100 * judged.disagreement[a * members.size() + b]));
      different.add(row);
    }
    fmt::print("\n");
    different.print();
  } else {
    fmt::print("\nnot judged: {}\n", judged.problem);
  }
  if (judged.greedy) fmt::print("\nwarning: {}\n", judged.greedy->warning);
  if (!arguments.out.empty()) fmt::print("\n{}: {} {} photos\n", arguments.out, grouped(ensemble.predictions.size()), split);
}

void ensemble(const EnsembleArguments& arguments) {
  std::stop_source source;
  const InterruptWatch watch("stopping; nothing is written", [source]() mutable { source.request_stop(); });
  Sources sources = Reader(arguments).read();
  const std::string split = arguments.split.value_or(sources.without_test.empty() ? "test" : "valid");
  const auto& without = split == "test" ? sources.without_test : sources.without_valid;
  if (!without.empty()) throw Error(namesOf(without) + (without.size() == 1 ? " has" : " have") + " no predictions of " + split + " photos");
  const Judged judged = judge(sources, arguments, source.get_token());
  const Ensemble made = combine(split == "test" ? sources.test : sources.valid);
  if (made.contradicted > 0) spdlog::warn("{} photos have different labels in different members; they count as unlabelled", made.contradicted);
  if (!arguments.out.empty()) {
    writePredictionTable(arguments.out, made.predictions);
    for (std::size_t m = 0; m < made.shares.size(); ++m) sources.made_from[m]["weight"] = sources.valid[m].weight;
    writeProvenance(arguments.out, {{"made_from", {{"kind", "ensemble"}, {"split", split}, {"greedy", judged.greedy.has_value()}, {"members", sources.made_from}}}});
  }
  if (arguments.json) {
    printJson(answerJson(arguments, split, made, sources, judged));
  } else {
    print(arguments, split, made, sources, judged);
  }
}

}  // namespace

void addEnsembleCommand(CLI::App& program) {
  auto arguments = std::make_shared<EnsembleArguments>();
  auto* command = program.add_subcommand("ensemble", "The mean of what several runs, or other programs, predict; and what each of them is worth in it");
  command->add_option("MEMBER", arguments->members,
                      "RUN or RUN:WEIGHT, or a CSV with image_id and one column for each class: FILE.csv or FILE.csv:WEIGHT. A weight of 2 counts twice")
      ->required();
  command->add_option("--out", arguments->out, "The CSV to write: image_id, then one probability column for each class")->type_name("FILE.csv");
  command->add_option("--split", arguments->split, "Of which photos: test, or valid; without it test where all members have it")->check(CLI::IsMember({"test", "valid"}));
  command->add_flag("--no-tta", arguments->noTta, "Of runs the plain predictions, also where they have them with test-time augmentation");
  command->add_option("--target", arguments->target, "Of runs a further label column that they have learnt; without it the label");
  command->add_option("--labels", arguments->labels, "A CSV with image_id and label, for files whose photos no run has validated with")->check(CLI::ExistingFile);
  command->add_flag("--greedy", arguments->greedy, "Pick the members, each as often as it helps, on the validation photos that all of them have; weights that are given do not count");
  command->add_option("--rounds", arguments->options.rounds, "Of --greedy: how many are taken")->check(CLI::Range(1, 1000))->capture_default_str();
  addWorkspace(*command, arguments->workspace);
  addJson(*command, arguments->json);
  command->callback([arguments] { ensemble(*arguments); });
}

}  // namespace panicle::cli
