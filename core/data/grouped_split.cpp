#include "core/data/grouped_split.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/fields.h"
#include "core/base/random.h"
#include "core/data/csv.h"
#include "core/data/item_finder.h"

namespace panicle {
namespace {

// Dense numbers for the values of a column, in the order of their first items.
std::vector<std::uint32_t> numbered(const std::vector<std::string>& values) {
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  std::vector<std::uint32_t> groups(values.size());
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) {
      groups[i] = next++;
      continue;
    }
    const auto [place, isNew] = numbers.emplace(values[i], next);
    if (isNew) ++next;
    groups[i] = place->second;
  }
  return groups;
}

std::vector<std::string> ownColumn(const Dataset& dataset, const std::string& name) {
  if (const auto column = dataset.column(name)) return dataset.columns[*column];
  const std::string near = nearestName(name, dataset.column_names);
  throw Error(dataset.root.string() + ": there is no column '" + name + "' to group by" +
              (near.empty() ? std::string("; name a table that has it with data.split.groups (panicle-cli split --grouped --write makes one of the near duplicates)")
                            : "; did you mean '" + near + "'?"));
}

std::vector<std::string> tableColumn(const Dataset& dataset, const std::filesystem::path& path, const std::string& name) {
  const CsvTable table = readCsv(path);
  const std::size_t ids = table.requireColumn("image_id");
  const std::size_t groups = table.requireColumn(name);
  const auto paths = table.column("path");
  const ItemFinder finder(dataset.items);
  std::vector<std::string> values(dataset.items.size());
  std::size_t found = 0;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const auto& fields = table.rows[row];
    const auto item = finder.find(fields[ids], paths ? std::string_view(fields[*paths]) : std::string_view());
    if (!item) continue;  // of another part of the data: a test image, or a class that the subset leaves out
    std::string& value = values[*item];
    if (!value.empty() && value != fields[groups]) {
      throw fileError(path, table.lines[row],
                      "puts '" + fields[ids] + "' into group '" + fields[groups] + "', but an earlier row into '" + value + "'; remove one of them");
    }
    value = fields[groups];
    ++found;
  }
  if (found == 0) {
    throw fileError(path, "none of its " + std::to_string(table.rows.size()) + " rows names a labelled photo of " + dataset.root.string() +
                              "; its column image_id must hold their ids or paths");
  }
  return values;
}

// A group's photos by class; few classes each.
using Counts = std::map<int, double>;

// By how much the sum of squared differences from the wanted counts changes when the group is added.
double change(const Counts& group, const std::vector<double>& have, const std::vector<double>& want) {
  double sum = 0;
  for (const auto& [c, count] : group) {
    const double gap = have[static_cast<std::size_t>(c)] - want[static_cast<std::size_t>(c)];
    sum += count * (2 * gap + count);
  }
  return sum;
}

std::vector<Side> sidesOfGroups(std::span<const std::uint32_t> groups, std::span<const Side> sides, std::size_t count) {
  std::vector<Side> result(count, Side::Drawn);
  for (std::size_t i = 0; i < sides.size(); ++i) {
    if (sides[i] == Side::Drawn) continue;
    Side& side = result[groups[i]];
    if (side != Side::Drawn && side != sides[i]) {
      throw Error("the corrections put photos of one group on both sides of a grouped split; let them name one side for all of the group");
    }
    side = sides[i];
  }
  return result;
}

// Which groups validate.
class Draw {
 public:
  Draw(std::span<const std::uint32_t> groups, std::span<const int> classes, double valid_pct) {
    const auto count = groups.empty() ? 0 : *std::max_element(groups.begin(), groups.end()) + std::size_t{1};
    const int last = classes.empty() ? -1 : *std::max_element(classes.begin(), classes.end());
    counts_.resize(count);
    valid_.resize(count);
    have_.assign(static_cast<std::size_t>(last + 1), 0);
    want_ = have_;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      ++counts_[groups[i]][classes[i]];
      want_[static_cast<std::size_t>(classes[i])] += valid_pct;
    }
  }

  std::size_t groups() const { return counts_.size(); }
  bool validates(std::uint32_t group) const { return valid_[group]; }

  void add(std::uint32_t group) {
    valid_[group] = true;
    for (const auto& [c, count] : counts_[group]) have_[static_cast<std::size_t>(c)] += count;
  }

  void draw(const std::vector<Side>& sides, std::uint64_t seed) {
    for (std::uint32_t group = 0; group < groups(); ++group) {
      if (sides[group] == Side::Valid) add(group);
    }
    const std::vector<std::uint32_t> order = permutation(groups(), RandomStream(seed, "grouped split"));
    for (const std::uint32_t group : order) {
      if (sides[group] == Side::Drawn && change(counts_[group], have_, want_) < 0) add(group);
    }
    if (std::find(valid_.begin(), valid_.end(), true) == valid_.end()) addSmallest(sides, order);
  }

 private:
  // Where every group is more than the share twice over: better a small validation set too large than none.
  void addSmallest(const std::vector<Side>& sides, const std::vector<std::uint32_t>& order) {
    const auto size = [&](std::uint32_t group) {
      return std::accumulate(counts_[group].begin(), counts_[group].end(), 0.0, [](double sum, const auto& of) { return sum + of.second; });
    };
    auto best = order.end();
    for (auto each = order.begin(); each != order.end(); ++each) {
      if (sides[*each] == Side::Drawn && (best == order.end() || size(*each) < size(*best))) best = each;
    }
    if (best != order.end()) add(*best);
  }

  std::vector<Counts> counts_;
  std::vector<bool> valid_;
  std::vector<double> have_, want_;  // by class, of the validation side
};

}  // namespace

std::vector<std::uint32_t> itemGroups(const Dataset& dataset, const SplitOptions& options) {
  return numbered(options.groups && !options.groups->empty() ? tableColumn(dataset, dataset.root / *options.groups, options.group_column)
                                                            : ownColumn(dataset, options.group_column));
}

Split groupedSplit(std::span<const std::uint32_t> groups, std::span<const int> classes, double valid_pct, std::uint64_t seed,
                   std::span<const Side> sides) {
  if (!(valid_pct >= 0.0 && valid_pct <= 1.0)) throw Error("valid_pct must lie between 0 and 1");
  Draw draw(groups, classes, valid_pct);
  if (valid_pct > 0) draw.draw(sidesOfGroups(groups, sides, draw.groups()), seed);
  Split split;
  for (std::uint32_t i = 0; i < groups.size(); ++i) (draw.validates(groups[i]) ? split.valid : split.train).push_back(i);
  if (!groups.empty() && split.train.empty()) {
    throw Error("a grouped split needs at least two groups, and all " + std::to_string(groups.size()) +
                " photos are in one; group by another column, or choose a random split");
  }
  return split;
}

}  // namespace panicle
