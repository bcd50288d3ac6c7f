// Several networks' predictions taken together. Members are joined by image id and by the names of the classes, never by position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/eval/interval.h"
#include "core/eval/predictions.h"

namespace panicle {

struct EnsembleMember {
  std::string name;   // "run 3", "vit.csv": for messages and tables
  double weight = 1;  // 2 counts as the same member twice, as the notebooks' doubled vit
  Predictions predictions;
};

// Brings the columns of all members into the order of the first. Throws Error that shows the difference where one has other classes.
void alignClasses(std::vector<EnsembleMember>& members);

// The images that all of several predictions have.
struct SharedImages {
  std::vector<std::string> ids;    // in the order of the first
  std::vector<std::string> paths;  // as the first that knows more than the id has them
  std::vector<int> targets;        // of the first that has a label; -1 where none has, or where they contradict each other
  std::vector<std::vector<std::uint32_t>> rows;  // by member: the row of each image
  std::vector<std::size_t> left_out;             // by member: its images that another has not
  std::size_t contradicted = 0;                  // images with different labels
};
// The classes must be aligned. Throws Error naming an id that one has twice.
SharedImages sharedImages(std::span<const EnsembleMember> members);
// Two predictions on the images that both have, classes in the order of `a`: for a comparison of their matrices.
struct SharedPair {
  Predictions a;
  Predictions b;
};
SharedPair onSharedImages(Predictions a, Predictions b, const std::string& nameA, const std::string& nameB);

// The weighted mean of the members' probabilities on the images that all of them have, with its cross-entropy; the arithmetic is that of the notebooks'
// torch.stack(...).mean(0), in double precision. Throws Error without a member, without a shared image, for a negative weight and for weights
// that add up to 0, and as alignClasses() and sharedImages().
struct Ensemble {
  Predictions predictions;
  std::vector<double> shares;         // by member: its part of the mean; they add up to 1
  std::vector<std::size_t> left_out;  // as SharedImages'
  std::size_t contradicted = 0;
};
Ensemble combine(std::vector<EnsembleMember> members);

// The three below are of members whose classes are aligned, on the images that all have.

// By pairs, row-major: the share of images of which two members predict different classes. NaN without a shared image.
std::vector<double> disagreement(std::span<const EnsembleMember> members);

struct MemberWorth {
  double error_alone = 0;    // of the member
  double error_without = 0;  // of the ensemble of the others, with their weights; NaN for a single member
  double worth = 0;          // error_without - that of the whole ensemble: above 0 it helps
};
// On labelled images; all NaN without any.
std::vector<MemberWorth> memberWorths(std::span<const EnsembleMember> members);

struct GreedyOptions {
  int rounds = 20;         // members that are taken, one after the other and each as often as it helps
  int draws = 2000;        // of the bootstrap
  int halves = 10;         // how often the images are split in two to see what the fit is worth; left out for very many images
  std::uint64_t seed = 0;  // of both
};

struct GreedyStep {
  std::size_t member = 0;  // that was taken
  double error = 0;        // of the ensemble so far
  double loss = 0;         // its cross-entropy
};

struct GreedySelection {
  std::vector<int> counts;         // by member: how often it was taken; the weights
  std::vector<GreedyStep> steps;   // all rounds; the selection is that of the best one
  std::size_t rounds = 0;          // up to which the selection goes
  std::size_t images = 0;          // labelled ones that it was fitted to
  double error = 0;                // of the selection on these images
  Interval error_range;            // 95 %, bootstrap over images
  std::size_t best_member = 0;     // that errs least alone
  double best_member_error = 0;
  double equal_error = 0;          // of all members with equal weights
  Interval gain_range;             // 95 %, bootstrap, of best_member_error - error
  // Mean error on one half of the images of members that were selected on the other; NaN where that was left out.
  double held_out_error = 0;
  std::string warning;             // what fitting weights to the validation set means here, in figures
};

// Forward selection with replacement (Caruana, Niculescu-Mizil, Crew and Ksikes 2004, "Ensemble selection from libraries of models"): in each
// round the member is taken with which the ensemble errs least, among equals the one with the lower cross-entropy, among these the first. Weights
// of the members are not looked at. Throws Error without a labelled image that all members have; Cancelled.
GreedySelection selectGreedily(std::span<const EnsembleMember> members, const GreedyOptions& options = {}, std::stop_token stop = {});

}  // namespace panicle
