// What 2 to 12 runs have apart: their settings, how far repetitions with other seeds scatter, and on which validation photos they differ.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/eval/predictions.h"
#include "core/runs/paired_test.h"
#include "core/runs/run_spec.h"
#include "core/runs/run_store.h"

namespace panicle {

// A setting that is not the same in all runs.
struct SettingDifference {
  std::string path;          // "stages.0.schedule.epochs"
  std::string label;         // "Epochs"; the path where the form does not show it
  std::vector<Json> values;  // one a run; null where it is off, discarded where the run has no such setting (a second stage ...)
};

// In document order; the name is left out. An option that is off in one run and on in another is one difference, of the option itself.
std::vector<SettingDifference> differingSettings(std::span<const RunSpec> specs);
// "0.01", "squish", "[480,360]", "off" and "-" for a value of a difference.
std::string settingText(const Json& value);

// The text that RunSummary::settings holds.
std::string settingsKey(const RunSpec& spec);
// Indices of runs that are repetitions of each other (the same settings but for the seed), each group in the runs' order.
std::vector<std::vector<std::size_t>> groupRepetitions(std::span<const RunSpec> specs);

// How values scatter; those that are not finite are left out.
struct Spread {
  std::size_t count = 0;
  double mean = 0;       // NaN without values
  double deviation = 0;  // the standard deviation of a sample (n - 1); NaN below two values
  double low = 0;
  double high = 0;
};
Spread spreadOf(std::span<const double> values);

// An image that A and B disagree on, one of them rightly.
struct Flip {
  std::string id;
  std::string path;         // relative to the data set's root
  std::string actual;
  std::string predicted_a;
  std::string predicted_b;
  float probability_a = 0;  // of what each predicts
  float probability_b = 0;
};

// Two runs on the images that both have predicted, matched by id.
struct PairedComparison {
  PairedCounts counts;
  std::size_t only_in_a = 0;  // labelled images that the other has not: another split, or one that could not be read
  std::size_t only_in_b = 0;
  std::size_t relabelled = 0;  // images whose label is not the same in both; they are left out
  double error_a = 0;          // on the shared images; NaN without any
  double error_b = 0;
  Interval difference;         // 95 %, of error_b - error_a
  McNemarTest test;
  std::vector<Flip> right_to_wrong;  // A right, B wrong; where B is surest first
  std::vector<Flip> wrong_to_right;
};
PairedComparison comparePredictions(const Predictions& a, const Predictions& b);

// What is said of such a comparison in one sentence: "B errs less: 2.1 % and not 3.4 % of 2,081 photos (difference -1.3 %, 95 % interval
// -2.0 to -0.6 %; McNemar p = 0.0004)", "no difference to be seen: ...".
std::string comparisonInWords(const PairedComparison& comparison, const std::string& a, const std::string& b);

struct RunComparison {
  std::vector<RunRecord> runs;
  std::vector<SettingDifference> settings;
  std::vector<std::vector<std::size_t>> repetitions;  // indices into `runs`
  // One for each run but the first, which they are compared with; where there are no predictions to compare `problem` says why.
  struct Paired {
    std::size_t run = 0;  // index into `runs`
    std::string problem;
    PairedComparison result;
  };
  std::vector<Paired> paired;
};
// `stem` of the predictions: "valid", or "valid_tta". Throws Error for a run that is not there, and below two runs.
RunComparison compareRuns(const RunStore& store, const std::vector<std::string>& runs, const std::string& stem = "valid");

}  // namespace panicle
