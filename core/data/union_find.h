// Which of many things hang together.
#pragma once

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace panicle {

// Disjoint sets of 0..count-1; the root of a set is its lowest member.
class UnionFind {
 public:
  explicit UnionFind(std::size_t count) : parents_(count) { std::iota(parents_.begin(), parents_.end(), 0u); }

  // Does not change the object, so that many threads may ask.
  std::uint32_t root(std::uint32_t i) const {
    while (parents_[i] != i) i = parents_[i];
    return i;
  }

  // False when they were in one set already.
  bool join(std::uint32_t a, std::uint32_t b) {
    a = shorten(a);
    b = shorten(b);
    if (a == b) return false;
    if (a > b) std::swap(a, b);
    parents_[b] = a;
    return true;
  }

 private:
  std::uint32_t shorten(std::uint32_t i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }

  std::vector<std::uint32_t> parents_;
};

}  // namespace panicle
