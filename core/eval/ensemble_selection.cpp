// Members picked by what they add to each other on the validation set.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <spdlog/fmt/fmt.h>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/eval/ensemble.h"

namespace panicle {
namespace {

// Sums of probabilities beyond which splitting in halves would take minutes.
constexpr double kMostWork = 4e9;
constexpr float kLeast = 1e-12f;  // of a probability whose logarithm is taken

struct Score {
  std::size_t wrong = 0;
  double loss = 0;  // sum over the images

  bool betterThan(const Score& other) const { return wrong != other.wrong ? wrong < other.wrong : loss < other.loss; }
};

// The members' probabilities on the labelled images that all have.
struct Library {
  std::size_t classes = 0;
  std::vector<int> targets;
  std::vector<std::vector<float>> members;  // images x classes

  std::size_t images() const { return targets.size(); }
};

Library libraryOf(std::span<const EnsembleMember> members) {
  const SharedImages shared = sharedImages(members);
  Library library;
  if (members.empty()) return library;
  library.classes = members.front().predictions.vocab.size();
  library.members.resize(members.size());
  for (std::size_t i = 0; i < shared.ids.size(); ++i) {
    if (shared.targets[i] < 0) continue;
    library.targets.push_back(shared.targets[i]);
    for (std::size_t m = 0; m < members.size(); ++m) {
      const auto row = members[m].predictions.row(shared.rows[m][i]);
      library.members[m].insert(library.members[m].end(), row.begin(), row.end());
    }
  }
  return library;
}

// `sum` of what was taken so far and `more`, over so many images' probabilities.
Score scoreOf(const Library& library, const std::vector<float>& sum, const std::vector<float>* more, int taken,
              std::span<const std::uint32_t> images, std::vector<bool>* wrong = nullptr) {
  Score score;
  for (const std::uint32_t image : images) {
    const std::size_t first = image * library.classes;
    const auto target = static_cast<std::size_t>(library.targets[image]);
    std::size_t best = 0;
    float highest = -1, own = 0;
    for (std::size_t c = 0; c < library.classes; ++c) {
      const float value = sum[first + c] + (more ? (*more)[first + c] : 0.0f);
      if (value > highest) {
        highest = value;
        best = c;
      }
      if (c == target) own = value;
    }
    const bool isWrong = best != target;
    score.wrong += isWrong;
    score.loss -= std::log(std::max(own / static_cast<float>(taken), kLeast));
    if (wrong) wrong->push_back(isWrong);
  }
  return score;
}

struct Fit {
  std::vector<std::size_t> taken;  // members, in order
  std::vector<Score> scores;       // after each
  std::size_t best = 0;            // of `scores`

  std::vector<int> counts(std::size_t members) const {
    std::vector<int> result(members);
    for (std::size_t k = 0; k <= best; ++k) ++result[taken[k]];
    return result;
  }
};

Fit fit(const Library& library, std::span<const std::uint32_t> images, int rounds, const std::stop_token& stop) {
  Fit result;
  std::vector<float> sum(library.targets.size() * library.classes);
  for (int round = 0; round < rounds; ++round) {
    std::size_t chosen = 0;
    Score best;
    for (std::size_t m = 0; m < library.members.size(); ++m) {
      if (stop.stop_requested()) throw Cancelled();
      const Score score = scoreOf(library, sum, &library.members[m], round + 1, images);
      if (m > 0 && !score.betterThan(best)) continue;
      chosen = m;
      best = score;
    }
    std::transform(sum.begin(), sum.end(), library.members[chosen].begin(), sum.begin(), std::plus<>());
    result.taken.push_back(chosen);
    result.scores.push_back(best);
    if (best.betterThan(result.scores[result.best])) result.best = result.scores.size() - 1;
  }
  return result;
}

std::vector<float> summed(const Library& library, const std::vector<int>& counts) {
  std::vector<float> sum(library.targets.size() * library.classes);
  for (std::size_t m = 0; m < counts.size(); ++m) {
    for (std::size_t i = 0; counts[m] > 0 && i < sum.size(); ++i) sum[i] += static_cast<float>(counts[m]) * library.members[m][i];
  }
  return sum;
}

std::vector<bool> wrongImages(const Library& library, const std::vector<int>& counts, std::span<const std::uint32_t> images) {
  std::vector<bool> wrong;
  scoreOf(library, summed(library, counts), nullptr, std::max(1, std::accumulate(counts.begin(), counts.end(), 0)), images, &wrong);
  return wrong;
}

double share(const std::vector<bool>& list) {
  return static_cast<double>(std::count(list.begin(), list.end(), true)) / static_cast<double>(list.size());
}

// Percentiles of what whole images drawn again with replacement give.
Interval percentiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double q) { return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)]; };
  return {at(0.025), at(0.975)};
}

void bootstrap(GreedySelection& selection, const std::vector<bool>& wrong, const std::vector<bool>& wrongAlone, const GreedyOptions& options,
               const std::stop_token& stop) {
  std::vector<double> errors, gains;
  const auto images = static_cast<double>(wrong.size());
  for (int draw = 0; draw < std::max(1, options.draws); ++draw) {
    if (stop.stop_requested()) throw Cancelled();
    RandomStream stream(options.seed, "bootstrap", static_cast<std::uint64_t>(draw));
    int errs = 0, gain = 0;
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      const auto image = static_cast<std::size_t>(stream.below(wrong.size()));
      errs += wrong[image];
      gain += static_cast<int>(wrongAlone[image]) - static_cast<int>(wrong[image]);
    }
    errors.push_back(errs / images);
    gains.push_back(gain / images);
  }
  selection.error_range = percentiles(std::move(errors));
  selection.gain_range = percentiles(std::move(gains));
}

double heldOutError(const Library& library, const GreedyOptions& options, const std::stop_token& stop) {
  const double work = static_cast<double>(library.members.size()) * static_cast<double>(library.images() * library.classes) * options.rounds * options.halves;
  if (options.halves < 1 || library.images() < 4 || work > kMostWork) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (int half = 0; half < options.halves; ++half) {
    const std::vector<std::uint32_t> order = permutation(library.images(), RandomStream(options.seed, "halves", static_cast<std::uint64_t>(half)));
    const std::span all(order);
    const std::size_t middle = all.size() / 2;
    for (const auto& [fitted, kept] : {std::pair(all.first(middle), all.subspan(middle)), std::pair(all.subspan(middle), all.first(middle))}) {
      const std::vector<int> counts = fit(library, fitted, options.rounds, stop).counts(library.members.size());
      sum += share(wrongImages(library, counts, kept));
    }
  }
  return sum / (2 * options.halves);
}

std::string warningOf(const GreedySelection& selection) {
  std::string text = fmt::format("The weights were fitted to the {} validation images that they are judged by, so {:.2f} % error is too good a figure",
                                 selection.images, 100 * selection.error);
  if (!std::isnan(selection.held_out_error)) {
    text += fmt::format(": weights fitted to one half of them err {:.2f} % on the other", 100 * selection.held_out_error);
  }
  text += fmt::format(". Against the best member alone ({:.2f} %) the gain lies between {:+.2f} and {:+.2f} points (95 % bootstrap)",
                      100 * selection.best_member_error, 100 * selection.gain_range.low, 100 * selection.gain_range.high);
  if (selection.gain_range.low <= 0) text += ": chance alone could make it";
  return text + ". Equal weights err " + fmt::format("{:.2f} %.", 100 * selection.equal_error);
}

}  // namespace

GreedySelection selectGreedily(std::span<const EnsembleMember> members, const GreedyOptions& options, std::stop_token stop) {
  const Library library = libraryOf(members);
  if (library.images() == 0)
    throw Error("members can only be selected on labelled images that all of them have predicted, and there are none; give the weights by hand");
  std::vector<std::uint32_t> images(library.images());
  std::iota(images.begin(), images.end(), 0u);
  const Fit whole = fit(library, images, std::max(1, options.rounds), stop);
  const auto count = static_cast<double>(images.size());

  GreedySelection selection{.counts = whole.counts(members.size()), .rounds = whole.best + 1, .images = images.size()};
  for (std::size_t k = 0; k < whole.taken.size(); ++k) {
    selection.steps.push_back({whole.taken[k], static_cast<double>(whole.scores[k].wrong) / count, whole.scores[k].loss / count});
  }
  selection.error = selection.steps[whole.best].error;
  selection.best_member = whole.taken.front();
  selection.best_member_error = selection.steps.front().error;
  selection.equal_error = share(wrongImages(library, std::vector<int>(members.size(), 1), images));
  std::vector<int> alone(members.size());
  alone[selection.best_member] = 1;
  bootstrap(selection, wrongImages(library, selection.counts, images), wrongImages(library, alone, images), options, stop);
  selection.held_out_error = heldOutError(library, options, stop);
  selection.warning = warningOf(selection);
  return selection;
}

}  // namespace panicle
