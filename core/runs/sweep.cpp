#include "core/runs/sweep.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/runs/compare_runs.h"

namespace panicle {
namespace {

using Settings = std::vector<std::pair<std::string, Json>>;

// Parts of `text` between separators that stand outside brackets and quotes.
std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts{""};
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '[' || c == '{')) ++depth;
    if (!quoted && (c == ']' || c == '}')) --depth;
    if (c == separator && depth == 0 && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

bool readNumber(std::string_view text, double& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() && std::isfinite(number);
}

// LOW..HIGH, LOW..HIGH:COUNT, log:LOW..HIGH:COUNT; nullopt for what is none.
std::optional<SweepRange> parseRange(std::string_view text, const std::string& axis) {
  const std::string_view whole = text;
  SweepRange range;
  range.logarithmic = text.starts_with("log:");
  if (range.logarithmic) text.remove_prefix(4);
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const std::size_t colon = text.find(':', dots);
  double count = 0;
  if (!readNumber(text.substr(0, dots), range.low) ||
      !readNumber(text.substr(dots + 2, colon == std::string_view::npos ? colon : colon - dots - 2), range.high)) {
    return std::nullopt;
  }
  if (colon != std::string_view::npos && (!readNumber(text.substr(colon + 1), count) || count < 2 || count != std::trunc(count) || count > 10'000)) {
    throw Error("'" + axis + "': the count after " + std::string(whole.substr(0, whole.rfind(':'))) + " must be a whole number from 2 to 10000");
  }
  range.count = static_cast<int>(count);
  if (range.low >= range.high) throw Error("'" + axis + "': a range goes from a smaller number to a larger one");
  if (range.logarithmic && range.low <= 0) throw Error("'" + axis + "': a logarithmic range begins above 0");
  return range;
}

Json valueOf(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json(text) : json;
}

double numberAt(const SweepRange& range, double share) {
  if (!range.logarithmic) return range.low + share * (range.high - range.low);
  return range.low * std::pow(range.high / range.low, share);
}

// Four digits are enough of a rate, and can be read.
double readable(double number) {
  return std::stod(fmt::format("{:.4g}", number));
}

// What of the base says how values are taken.
class Axes {
 public:
  Axes(const RunSpec& base, const std::vector<SweepAxis>& axes) : axes_(axes) {
    if (axes.empty()) throw Error("a sweep varies at least one setting: KEY=V1,V2");
    const auto fields = describe(base);
    std::set<std::string> keys;
    for (const SweepAxis& axis : axes) {
      for (const std::string& key : axis.keys) {
        if (!keys.insert(key).second) throw Error("'" + key + "' is varied twice");
      }
      const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& each) { return each.path == axis.keys.front(); });
      whole_.push_back(field != fields.end() && field->kind == FieldKind::Integer);
    }
  }

  std::size_t count() const { return axes_.size(); }

  // Values of an axis in a grid.
  std::size_t size(std::size_t axis) const {
    const SweepAxis& chosen = axes_[axis];
    return chosen.range ? static_cast<std::size_t>(chosen.range->count) : chosen.values.size();
  }

  // 0 where an axis has no end of values, or there are too many.
  std::size_t gridSize() const {
    std::size_t product = 1;
    for (std::size_t axis = 0; axis < count(); ++axis) {
      if (size(axis) == 0 || product > kMostSweepMembers) return 0;
      product *= size(axis);
    }
    return product;
  }

  Settings gridMember(std::size_t index) const {
    Settings settings;
    for (std::size_t axis = count(); axis-- > 0;) {
      const Settings part = valueAt(axis, index % size(axis));
      settings.insert(settings.begin(), part.begin(), part.end());
      index /= size(axis);
    }
    return settings;
  }

  Settings drawn(RandomStream& stream) const {
    Settings settings;
    for (std::size_t axis = 0; axis < count(); ++axis) {
      const SweepAxis& chosen = axes_[axis];
      if (chosen.range && chosen.range->count == 0) {
        settings.emplace_back(chosen.keys.front(), number(axis, numberAt(*chosen.range, stream.uniform())));
        continue;
      }
      const Settings part = valueAt(axis, stream.below(size(axis)));
      settings.insert(settings.end(), part.begin(), part.end());
    }
    return settings;
  }

 private:
  Json number(std::size_t axis, double value) const {
    if (whole_[axis]) return static_cast<std::int64_t>(std::llround(value));
    return readable(value);
  }

  Settings valueAt(std::size_t axis, std::size_t index) const {
    const SweepAxis& chosen = axes_[axis];
    if (chosen.range) {
      const double share = chosen.range->count < 2 ? 0 : static_cast<double>(index) / (chosen.range->count - 1);
      return {{chosen.keys.front(), number(axis, numberAt(*chosen.range, share))}};
    }
    Settings settings;
    for (std::size_t i = 0; i < chosen.keys.size(); ++i) settings.emplace_back(chosen.keys[i], chosen.values[index][i]);
    return settings;
  }

  const std::vector<SweepAxis>& axes_;
  std::vector<bool> whole_;  // an axis of whole numbers
};

std::vector<Settings> randomMembers(const Axes& axes, std::size_t count, std::uint64_t seed) {
  const std::size_t grid = axes.gridSize();
  std::vector<Settings> members;
  if (grid != 0) {
    const auto order = permutation(grid, RandomStream(seed, "sweep"));
    for (std::size_t i = 0; i < std::min(count, grid); ++i) members.push_back(axes.gridMember(order[i]));
    return members;
  }
  RandomStream stream(seed, "sweep");
  std::set<std::string> known;
  // Few whole numbers may not give as many draws that are all different.
  for (std::size_t tries = 0; members.size() < count && tries < 100 * count; ++tries) {
    Settings settings = axes.drawn(stream);
    if (known.insert(Json(settings).dump()).second) members.push_back(std::move(settings));
  }
  return members;
}

std::vector<Settings> gridMembers(const Axes& axes, const std::vector<SweepAxis>& given) {
  for (const SweepAxis& axis : given) {
    if (axis.range && axis.range->count == 0) {
      throw Error("the range of '" + axis.keys.front() + "' needs a count in a grid: LOW..HIGH:COUNT; or take a random sample");
    }
  }
  const std::size_t grid = axes.gridSize();
  if (grid == 0 || grid > kMostSweepMembers) {
    throw Error("the grid has more than " + std::to_string(kMostSweepMembers) + " members; take a random sample of it, or fewer values");
  }
  std::vector<Settings> members;
  for (std::size_t i = 0; i < grid; ++i) members.push_back(axes.gridMember(i));
  return members;
}

// "base_lr"; with its parent where two settings end alike.
std::string shortKey(const std::string& key, const Settings& settings) {
  const auto tail = [](const std::string& path, int parts) {
    std::size_t begin = path.size();
    for (int i = 0; i < parts && begin != std::string::npos; ++i) begin = begin == 0 ? std::string::npos : path.rfind('.', begin - 1);
    return begin == std::string::npos ? path : path.substr(begin + 1);
  };
  for (int parts = 1; parts < 4; ++parts) {
    const auto alike = [&](const auto& setting) { return tail(setting.first, parts) == tail(key, parts); };
    if (std::count_if(settings.begin(), settings.end(), alike) == 1) return tail(key, parts);
  }
  return key;
}

std::string memberName(const std::string& base, const Settings& settings) {
  std::string name = base;
  for (const auto& [key, value] : settings) {
    name += (name.empty() ? "" : ", ") + shortKey(key, settings) + " " + settingText(value);
  }
  return name;
}

SweepMember makeMember(const RunSpec& base, Settings settings) {
  SweepMember member{base, std::move(settings), {}};
  for (const auto& [key, value] : member.settings) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    setByPath(member.spec, key, std::string_view(text));
  }
  member.spec.name = memberName(base.name, member.settings);
  member.problems = check(member.spec);
  return member;
}

}  // namespace

SweepAxis parseSweepAxis(std::string_view text) {
  const std::string whole(text);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    throw Error("'" + whole + "' is not KEY=V1,V2,... or KEY=LOW..HIGH:COUNT");
  }
  SweepAxis axis;
  axis.keys = split(text.substr(0, equals), '+');
  const std::string values(text.substr(equals + 1));
  if (axis.keys.size() == 1) axis.range = parseRange(values, whole);
  if (axis.range) return axis;
  for (const std::string& value : split(values, ',')) {
    const std::vector<std::string> parts = axis.keys.size() == 1 ? std::vector{value} : split(value, '+');
    if (parts.size() != axis.keys.size()) {
      throw Error(fmt::format("'{}': the value '{}' must hold {} parts with + between them, one for each key", whole, value, axis.keys.size()));
    }
    std::vector<Json>& row = axis.values.emplace_back();
    for (const std::string& part : parts) {
      if (part.empty()) throw Error("'" + whole + "': a value is empty");
      row.push_back(valueOf(part));
    }
  }
  return axis;
}

std::vector<SweepMember> planSweep(const RunSpec& base, const SweepOptions& options) {
  const Axes axes(base, options.axes);
  if (options.random && *options.random < 1) throw Error("a random sample has at least one member");
  if (options.repeat < 1) throw Error("each member runs at least once");
  const std::vector<Settings> all =
      options.random ? randomMembers(axes, static_cast<std::size_t>(*options.random), options.seed) : gridMembers(axes, options.axes);
  if (all.size() * static_cast<std::size_t>(options.repeat) > kMostSweepMembers) {
    throw Error("a sweep has at most " + std::to_string(kMostSweepMembers) + " members");
  }
  std::vector<SweepMember> members;
  for (const Settings& settings : all) {
    const SweepMember member = makeMember(base, settings);
    for (RunSpec& spec : withSeeds(member.spec, options.repeat)) members.push_back({std::move(spec), member.settings, member.problems});
  }
  return members;
}

std::vector<RunSpec> withSeeds(const RunSpec& spec, int count) {
  std::vector<RunSpec> runs;
  for (int i = 0; i < count; ++i) {
    RunSpec& run = runs.emplace_back(spec);
    run.seed += static_cast<std::uint64_t>(i);
    if (count > 1) run.name += (run.name.empty() ? "seed " : ", seed ") + std::to_string(run.seed);
  }
  return runs;
}

}  // namespace panicle
