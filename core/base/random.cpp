#include "core/base/random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace panicle {

std::uint64_t mix64(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

std::uint64_t streamSeed(std::uint64_t seed, std::string_view name, std::uint64_t epoch, std::uint64_t item) {
  std::uint64_t hash = 14695981039346656037ull;  // FNV-1a of the name
  for (const unsigned char c : name) hash = (hash ^ c) * 1099511628211ull;
  for (const std::uint64_t part : {seed, epoch, item}) hash = mix64(hash + 0x9E3779B97F4A7C15ull + mix64(part));
  return hash;
}

std::uint64_t RandomStream::next() {
  state_ += 0x9E3779B97F4A7C15ull;
  return mix64(state_);
}

double RandomStream::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

double RandomStream::uniform(double low, double high) { return low + (high - low) * uniform(); }

bool RandomStream::bernoulli(double probability) { return uniform() < probability; }

std::uint64_t RandomStream::below(std::uint64_t bound) {
  // Rejects the few values that would make the low residues likelier than the others.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::vector<std::uint32_t> permutation(std::size_t count, RandomStream stream) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[stream.below(i)]);
  return order;
}

}  // namespace panicle
