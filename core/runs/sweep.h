// One run for each of many settings: a grid, or a random sample, over any fields of a RunSpec.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/runs/run_spec.h"

namespace panicle {

// Numbers from `low` to `high`, both included.
struct SweepRange {
  double low = 0;
  double high = 0;
  bool logarithmic = false;
  int count = 0;  // of a grid, evenly apart
};

// What is varied. Several keys go together: each value then holds one for each of them, as an architecture with its size.
struct SweepAxis {
  std::vector<std::string> keys;          // dotted paths: "model.arch"
  std::vector<std::vector<Json>> values;  // one list a value, as long as `keys`; or
  std::optional<SweepRange> range;        // numbers, of one key
};

// KEY=V1,V2,...; KEY=LOW..HIGH:COUNT; KEY=log:LOW..HIGH:COUNT; KEY1+KEY2=V1+W1,V2+W2. A value is JSON or a bare word; a comma within
// brackets or quotes belongs to the value ("stages.0.resize.size=480,[640,480]"). COUNT may be left out for a random sample, and a range
// of whole numbers gives whole numbers. Throws Error naming what is wrong.
SweepAxis parseSweepAxis(std::string_view text);

struct SweepOptions {
  std::vector<SweepAxis> axes;
  std::optional<int> random;  // that many draws, all different, in place of the grid
  std::uint64_t seed = 0;     // of the draws
  int repeat = 1;             // each with that many seeds: the base's and those after it
};

struct SweepMember {
  RunSpec spec;  // with a name that says its settings: "baseline, arch vit_small_patch16_224, base_lr 0.003"
  std::vector<std::pair<std::string, Json>> settings;  // what it changes
  std::vector<std::string> problems;  // why it cannot run (a size that the architecture does not take); empty for one that can
};

constexpr std::size_t kMostSweepMembers = 10'000;

// All members, in the order of the axes, the last one fastest. Throws Error for a key that is not known or a value that does not fit,
// and for more than kMostSweepMembers.
std::vector<SweepMember> planSweep(const RunSpec& base, const SweepOptions& options);

// `spec` with `count` seeds: its own and those after it, named so ("baseline, seed 43").
std::vector<RunSpec> withSeeds(const RunSpec& spec, int count);

}  // namespace panicle
