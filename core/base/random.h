// Random numbers from named streams. Every draw of a run comes from a stream that is a pure function of
// (run seed, name, epoch, item), never from a global generator or from thread timing; so a run is repeatable with any
// number of threads, a preview shows what training will see, and a resumed run continues where it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace panicle {

// Mixes a value into a hash (splitmix64's finaliser, Steele et al. 2014).
std::uint64_t mix64(std::uint64_t value);

// A seed for the stream called `name`: distinct names, epochs and items give unrelated streams.
std::uint64_t streamSeed(std::uint64_t seed, std::string_view name, std::uint64_t epoch = 0, std::uint64_t item = 0);

// splitmix64. Cheap to make (one per image and transform) and the same on every platform.
class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed) : state_(seed) {}
  RandomStream(std::uint64_t seed, std::string_view name, std::uint64_t epoch = 0, std::uint64_t item = 0)
      : state_(streamSeed(seed, name, epoch, item)) {}

  std::uint64_t next();
  double uniform();                                 // [0, 1), 53 bits
  double uniform(double low, double high);          // [low, high)
  bool bernoulli(double probability);
  std::uint64_t below(std::uint64_t bound);         // [0, bound), unbiased; bound > 0
  double normal();                                  // mean 0, standard deviation 1 (Box-Muller)

 private:
  std::uint64_t state_;
};

// The indices 0..count-1 in a random order drawn from `stream` (Fisher-Yates).
std::vector<std::uint32_t> permutation(std::size_t count, RandomStream stream);

}  // namespace panicle
