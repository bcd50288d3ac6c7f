#include "core/eval/ensemble.h"

#include <cmath>
#include <limits>
#include <unordered_map>

#include "core/base/error.h"
#include "core/eval/vocab_match.h"

namespace panicle {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

void reorder(Predictions& predictions, const Vocab& vocab) {
  if (predictions.vocab == vocab) return;
  const std::vector<std::size_t> columns = columnsInOrder(predictions.vocab, vocab);
  std::vector<float> moved(predictions.probabilities.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto row = predictions.row(i);
    for (std::size_t c = 0; c < columns.size(); ++c) moved[i * columns.size() + c] = row[columns[c]];
  }
  std::unordered_map<int, int> places{{-1, -1}};
  for (std::size_t c = 0; c < columns.size(); ++c) places.emplace(static_cast<int>(columns[c]), static_cast<int>(c));
  for (int& target : predictions.targets) target = places.at(target);
  predictions.probabilities = std::move(moved);
  predictions.vocab = vocab;
}

using RowOf = std::unordered_map<std::string, std::uint32_t>;

RowOf rowsById(const EnsembleMember& member) {
  RowOf rows;
  rows.reserve(member.predictions.size());
  for (std::uint32_t i = 0; i < member.predictions.size(); ++i) {
    if (!rows.emplace(member.predictions.ids[i], i).second)
      throw Error(member.name + " has '" + member.predictions.ids[i] + "' more than once; each image must be predicted once");
  }
  return rows;
}

// The label that members agree on, and what is known of the path.
void describeImage(SharedImages& shared, std::span<const EnsembleMember> members, const std::vector<std::uint32_t>& rows) {
  const Predictions& first = members.front().predictions;
  std::string path = first.paths[rows.front()];
  int target = -1;
  bool contradicted = false;
  for (std::size_t m = 0; m < members.size(); ++m) {
    const Predictions& own = members[m].predictions;
    if (path == first.ids[rows.front()]) path = own.paths[rows[m]];
    const int label = own.targets[rows[m]];
    if (label < 0) continue;
    contradicted |= target >= 0 && label != target;
    if (target < 0) target = label;
  }
  shared.contradicted += contradicted;
  shared.ids.push_back(first.ids[rows.front()]);
  shared.paths.push_back(std::move(path));
  shared.targets.push_back(contradicted ? -1 : target);
}

double sumOfWeights(std::span<const EnsembleMember> members) {
  double sum = 0;
  for (const EnsembleMember& member : members) {
    if (!(member.weight >= 0) || !std::isfinite(member.weight)) throw Error("the weight of " + member.name + " must be 0 or more");
    sum += member.weight;
  }
  if (!(sum > 0)) throw Error("the members' weights add up to 0; one at least must count");
  return sum;
}

// The members' mean on shared images. Members of weight 0 take no part.
Predictions mean(std::span<const EnsembleMember> members, const SharedImages& shared, double sum) {
  const Vocab& vocab = members.front().predictions.vocab;
  Predictions result{.vocab = vocab, .ids = shared.ids, .paths = shared.paths, .probabilities = {}, .targets = shared.targets, .losses = {}};
  result.probabilities.reserve(shared.ids.size() * vocab.size());
  std::vector<double> row(vocab.size());
  for (std::size_t i = 0; i < shared.ids.size(); ++i) {
    std::fill(row.begin(), row.end(), 0.0);
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (members[m].weight == 0) continue;
      const auto own = members[m].predictions.row(shared.rows[m][i]);
      for (std::size_t c = 0; c < row.size(); ++c) row[c] += members[m].weight * own[c];
    }
    for (const double value : row) result.probabilities.push_back(static_cast<float>(value / sum));
    const int target = shared.targets[i];
    result.losses.push_back(target < 0 ? 0.0f : static_cast<float>(-std::log(row[static_cast<std::size_t>(target)] / sum)));
  }
  return result;
}

double errorOf(std::span<const EnsembleMember> members, const SharedImages& shared) {
  double sum = 0;
  for (const EnsembleMember& member : members) sum += member.weight;
  return sum > 0 ? mean(members, shared, sum).errorRate() : kNone;
}

}  // namespace

void alignClasses(std::vector<EnsembleMember>& members) {
  if (members.empty()) return;
  const EnsembleMember& first = members.front();
  std::string problems;
  for (std::size_t m = 0; m < members.size(); ++m) {
    const std::string differs = vocabDifference(first.name, first.predictions.vocab, members[m].name, members[m].predictions.vocab);
    if (!differs.empty()) problems += (problems.empty() ? "" : "\n") + differs;
  }
  if (!problems.empty()) throw Error(problems + "; an ensemble needs members of the same classes");
  for (EnsembleMember& member : members) reorder(member.predictions, first.predictions.vocab);
}

SharedImages sharedImages(std::span<const EnsembleMember> members) {
  SharedImages shared;
  if (members.empty()) return shared;
  std::vector<RowOf> rows;
  for (const EnsembleMember& member : members) rows.push_back(rowsById(member));
  shared.rows.resize(members.size());
  std::vector<std::uint32_t> found(members.size());
  for (const std::string& id : members.front().predictions.ids) {
    bool everywhere = true;
    for (std::size_t m = 0; m < members.size() && everywhere; ++m) {
      const auto row = rows[m].find(id);
      everywhere = row != rows[m].end();
      if (everywhere) found[m] = row->second;
    }
    if (!everywhere) continue;
    for (std::size_t m = 0; m < members.size(); ++m) shared.rows[m].push_back(found[m]);
    describeImage(shared, members, found);
  }
  for (const EnsembleMember& member : members) shared.left_out.push_back(member.predictions.size() - shared.ids.size());
  return shared;
}

SharedPair onSharedImages(Predictions a, Predictions b, const std::string& nameA, const std::string& nameB) {
  std::vector<EnsembleMember> members{{nameA, 1, std::move(a)}, {nameB, 1, std::move(b)}};
  alignClasses(members);
  const SharedImages shared = sharedImages(members);
  const auto only = [&](std::size_t m) {
    const EnsembleMember alone{members[m].name, 1, std::move(members[m].predictions)};
    SharedImages own{.ids = shared.ids, .paths = shared.paths, .targets = shared.targets, .rows = {shared.rows[m]}};
    return mean(std::span(&alone, 1), own, 1);
  };
  SharedPair pair;
  pair.a = only(0);
  pair.b = only(1);
  return pair;
}

Ensemble combine(std::vector<EnsembleMember> members) {
  if (members.empty()) throw Error("an ensemble needs at least one member");
  const double sum = sumOfWeights(members);
  alignClasses(members);
  SharedImages shared = sharedImages(members);
  if (shared.ids.empty()) {
    std::string names;
    for (const EnsembleMember& member : members) names += (names.empty() ? "" : ", ") + member.name;
    throw Error("there is no image that all of " + names + " have predicted");
  }
  Ensemble ensemble{.predictions = mean(members, shared, sum), .left_out = shared.left_out, .contradicted = shared.contradicted};
  for (const EnsembleMember& member : members) ensemble.shares.push_back(member.weight / sum);
  return ensemble;
}

std::vector<double> disagreement(std::span<const EnsembleMember> members) {
  const SharedImages shared = sharedImages(members);
  const std::size_t count = members.size(), images = shared.ids.size();
  std::vector<std::vector<int>> predicted(count);
  for (std::size_t m = 0; m < count; ++m) {
    for (const std::uint32_t row : shared.rows[m]) predicted[m].push_back(members[m].predictions.predicted(row));
  }
  std::vector<double> result(count * count);
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) {
      std::size_t different = 0;
      for (std::size_t i = 0; i < images; ++i) different += predicted[a][i] != predicted[b][i];
      result[a * count + b] = images == 0 ? kNone : static_cast<double>(different) / static_cast<double>(images);
    }
  }
  return result;
}

std::vector<MemberWorth> memberWorths(std::span<const EnsembleMember> members) {
  const SharedImages shared = sharedImages(members);
  std::vector<EnsembleMember> own(members.begin(), members.end());
  const double whole = errorOf(own, shared);
  std::vector<MemberWorth> worths;
  for (std::size_t m = 0; m < own.size(); ++m) {
    MemberWorth worth;
    const double weight = own[m].weight;
    own[m].weight = 0;
    worth.error_without = errorOf(own, shared);
    worth.worth = worth.error_without - whole;
    for (std::size_t other = 0; other < own.size(); ++other) own[other].weight = other == m ? 1 : 0;
    worth.error_alone = errorOf(own, shared);
    for (std::size_t other = 0; other < own.size(); ++other) own[other].weight = members[other].weight;
    own[m].weight = weight;
    worths.push_back(worth);
  }
  return worths;
}

}  // namespace panicle
