#include "app/cli/kept_predictions.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/base/fields.h"

namespace panicle::cli {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

void requireLearnt(const KeptArgument& argument, const DataOptions& data) {
  if (contains(data.label_columns, argument.target)) return;
  const std::string near = nearestName(argument.target, data.label_columns);
  throw Error("run " + argument.which.run + " has not learnt '" + argument.target + "'" +
              (near.empty() ? std::string("; its label column is ") + data.label_columns.front() : "; did you mean '" + near + "'?"));
}

template <typename E>
void addChoice(CLI::App& command, const std::string& name, E& value, const std::string& help) {
  std::map<std::string, E> choices;
  for (std::size_t i = 0; i < EnumNames<E>::names.size(); ++i) choices.emplace(EnumNames<E>::names[i], static_cast<E>(i));
  command.add_option(name, value, help)->transform(CLI::CheckedTransformer(choices).description(""))->default_str(enumName(value));
}

}  // namespace

void addKept(CLI::App& command, KeptArgument& argument) {
  command.add_option("RUN", argument.which.run, "The run's number")->required();
  command.add_option("--target", argument.target, "A further label column that the run has learnt; without it the label");
  command.add_flag("--tta", argument.which.tta, "The predictions of test-time augmentation");
  addChoice(command, "--split", argument.which.set, "Of which photos: train, valid or test");
  addChoice(command, "--model", argument.which.model, "Of which of its networks: kept, or last (of a run that has not finished: its newest checkpoint)");
}

FoundPredictions requirePredictions(const RunStore& store, const KeptArgument& argument) {
  const WhichPredictions& which = argument.which;
  const RunRecord record = store.get(which.run);
  const DataOptions& data = record.spec.data;
  FoundPredictions found{.place = placeOf(store, which)};
  if (!argument.target.empty() && argument.target != data.label_columns.front()) {
    requireLearnt(argument, data);
    found.place.stem = targetStem(found.place.stem, argument.target);
    found.number = contains(data.regression_columns, argument.target);
  }
  if (hasPredictions(found.place.folder, found.place.stem)) return found;
  throw Error(fmt::format("run {} ({}) has no predictions on its {} images{}; make them with: panicle-cli predict --run {} --split {}{}{}", which.run,
                          toString(record.status), enumName(which.set), which.tta ? " with test-time augmentation" : "", which.run,
                          enumName(which.set), which.tta ? fmt::format(" --tta {}", record.spec.tta.value_or(TtaOptions{}).n) : "",
                          which.model == RunModel::Kept ? "" : " --model last"));
}

Predictions requireClasses(const RunStore& store, const KeptArgument& argument) {
  const FoundPredictions found = requirePredictions(store, argument);
  if (found.number) {
    throw Error("'" + argument.target + "' is a number; a submission holds classes, and so does an ensemble. Its predictions are in " +
                (found.place.folder / (found.place.stem + "_preds.csv")).string());
  }
  return readPredictions(found.place.folder, found.place.stem);
}

bool hasTta(const RunStore& store, const KeptArgument& argument) {
  store.get(argument.which.run);  // says that there is no such run
  WhichPredictions which = argument.which;
  which.tta = true;
  const PredictionPlace place = placeOf(store, which);
  return hasPredictions(place.folder, place.stem);
}

}  // namespace panicle::cli
