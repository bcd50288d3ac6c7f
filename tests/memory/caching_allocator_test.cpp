#include "core/memory/caching_allocator.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <random>

namespace panicle {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// A log, written as one reads it.
struct Script {
  AllocationLog log;

  Script& take(std::uint32_t block, std::uint64_t bytes, Purpose purpose = Purpose::Workspace) {
    log.push_back({block, false, purpose, bytes});
    return *this;
  }
  Script& give(std::uint32_t block) {
    log.push_back({block, true, Purpose::Workspace, 0});
    return *this;
  }
  AllocatorPeak peak() const { return simulateCachingAllocator(log); }
};

TEST(CachingAllocator, NothingTakesNothing) {
  EXPECT_EQ(Script().peak().reserved, 0u);
  EXPECT_EQ(Script().take(0, 0).give(0).peak().reserved, 0u);
}

TEST(CachingAllocator, SmallBlocksAreOf512BytesInSegmentsOfTwoMebibytes) {
  const AllocatorPeak one = Script().take(0, 1).peak();
  EXPECT_EQ(one.allocated, 512u);
  EXPECT_EQ(one.reserved, 2 * kMiB);
  EXPECT_EQ(Script().take(0, 513).peak().allocated, 1024u);

  Script full;
  for (std::uint32_t i = 0; i < 4096; ++i) full.take(i, 512);
  EXPECT_EQ(full.peak().reserved, 2 * kMiB);
  EXPECT_EQ(full.take(4096, 1).peak().reserved, 4 * kMiB);
}

TEST(CachingAllocator, SegmentsByTheSizeOfTheirFirstBlock) {
  EXPECT_EQ(Script().take(0, kMiB).peak().reserved, 2 * kMiB);
  EXPECT_EQ(Script().take(0, kMiB + 1).peak().reserved, 20 * kMiB);
  EXPECT_EQ(Script().take(0, 10 * kMiB - 1024).peak().reserved, 20 * kMiB);
  EXPECT_EQ(Script().take(0, 10 * kMiB).peak().reserved, 10 * kMiB);
  EXPECT_EQ(Script().take(0, 10 * kMiB + 1).peak().reserved, 12 * kMiB);
  EXPECT_EQ(Script().take(0, 101 * kMiB).peak().reserved, 102 * kMiB);
}

// What is left of a large block is worth a block of its own only above 1 MiB.
TEST(CachingAllocator, LargeBlocksKeepARestUpToOneMebibyte) {
  EXPECT_EQ(Script().take(0, 11 * kMiB).peak().allocated, 12 * kMiB);
  EXPECT_EQ(Script().take(0, 11 * kMiB - 512).peak().allocated, 11 * kMiB - 512);
  EXPECT_EQ(Script().take(0, 11 * kMiB - 512).take(1, kMiB + 512).peak().reserved, 12 * kMiB);
}

TEST(CachingAllocator, SmallBlocksNeverComeFromLargeSegments) {
  EXPECT_EQ(Script().take(0, 2 * kMiB).take(1, kMiB).peak().reserved, 22 * kMiB);
}

TEST(CachingAllocator, WhatIsFreedIsTakenAgainAndNeverGivenBack) {
  Script again;
  again.take(0, 30 * kMiB).give(0).take(1, 30 * kMiB);
  EXPECT_EQ(again.peak().reserved, 30 * kMiB);
  // A smaller block splits it; what remains is too small for the next.
  again.give(1).take(2, 16 * kMiB).take(3, 15 * kMiB);
  EXPECT_EQ(again.peak().reserved, 46 * kMiB);
}

TEST(CachingAllocator, TheSmallestBlockThatFitsIsTaken) {
  Script best;
  best.take(0, 40 * kMiB).take(1, 20 * kMiB).give(0).give(1);
  EXPECT_EQ(best.take(2, 20 * kMiB).take(3, 40 * kMiB).peak().reserved, 60 * kMiB);
}

TEST(CachingAllocator, NeighboursJoinButOnlyWithinASegment) {
  Script within;
  within.take(0, 6 * kMiB).take(1, 6 * kMiB).take(2, 6 * kMiB).give(0).give(2).give(1);
  EXPECT_EQ(within.take(3, 20 * kMiB).peak().reserved, 20 * kMiB);

  Script across;
  across.take(0, 20 * kMiB).take(1, 20 * kMiB).give(0).give(1);
  EXPECT_EQ(across.take(2, 40 * kMiB).peak().reserved, 80 * kMiB);
}

TEST(CachingAllocator, TellsThePeaksPlaceAndWhatItWasFor) {
  Script script;
  script.take(0, 12 * kMiB, Purpose::Weights).take(1, 30 * kMiB, Purpose::Activations).give(1);
  script.take(2, 10 * kMiB, Purpose::Gradients).take(3, 32 * kMiB - 2048, Purpose::Gradients);
  const AllocatorPeak peak = script.peak();
  EXPECT_EQ(peak.event, 4u);
  EXPECT_EQ(peak.reserved, 74 * kMiB);  // the last block finds no room where the second was
  EXPECT_EQ(peak.allocated, 54 * kMiB);
  EXPECT_EQ(peak.allocated_for[static_cast<std::size_t>(Purpose::Weights)], 12 * kMiB);
  EXPECT_EQ(peak.allocated_for[static_cast<std::size_t>(Purpose::Activations)], 0u);
  EXPECT_EQ(peak.allocated_for[static_cast<std::size_t>(Purpose::Gradients)], 42 * kMiB);
}

TEST(CachingAllocator, PassesOverReleasesOfUnknownBlocks) {
  EXPECT_EQ(Script().give(7).take(0, 1).give(0).give(0).peak().reserved, 2 * kMiB);
}

// The same rules in the plainest way: segments as lists of pieces, searched from end to end.
class PlainAllocator {
 public:
  void take(std::uint32_t block, std::uint64_t bytes) {
    const std::uint64_t size = (bytes + 511) / 512 * 512;
    const bool small = size <= kMiB;
    Segment* best = nullptr;
    std::size_t place = 0;
    for (Segment& segment : segments_) {
      if (segment.small != small) continue;
      for (std::size_t i = 0; i < segment.pieces.size(); ++i) {
        const Piece& piece = segment.pieces[i];
        if (piece.owner >= 0 || piece.size < size) continue;
        if (!best || piece.size < best->pieces[place].size) {
          best = &segment;
          place = i;
        }
      }
    }
    if (!best) {
      const std::uint64_t rounded = size >= 10 * kMiB ? (size + 2 * kMiB - 1) / (2 * kMiB) * 2 * kMiB : 20 * kMiB;
      segments_.push_back({small, {{small ? 2 * kMiB : rounded, -1}}});
      best = &segments_.back();
      place = 0;
    }
    const std::uint64_t rest = best->pieces[place].size - size;
    best->pieces[place].owner = block;
    if (small ? rest == 0 : rest <= kMiB) return;
    best->pieces[place].size = size;
    best->pieces.insert(best->pieces.begin() + static_cast<std::ptrdiff_t>(place) + 1, Piece{rest, -1});
  }

  void give(std::uint32_t block) {
    for (Segment& segment : segments_) {
      std::vector<Piece> joined;
      for (Piece piece : segment.pieces) {
        if (piece.owner == block) piece.owner = -1;
        if (piece.owner < 0 && !joined.empty() && joined.back().owner < 0) {
          joined.back().size += piece.size;
        } else {
          joined.push_back(piece);
        }
      }
      segment.pieces = std::move(joined);
    }
  }

  std::uint64_t reserved() const {
    std::uint64_t sum = 0;
    for (const Segment& segment : segments_) {
      for (const Piece& piece : segment.pieces) sum += piece.size;
    }
    return sum;
  }

 private:
  struct Piece {
    std::uint64_t size;
    std::int64_t owner;  // -1: free
  };
  struct Segment {
    bool small;
    std::vector<Piece> pieces;
  };
  std::vector<Segment> segments_;
};

TEST(CachingAllocator, AgreesWithAPlainImplementationOnRandomLogs) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    Script script;
    PlainAllocator plain;
    std::vector<std::uint32_t> live;
    for (std::uint32_t i = 0; i < 400; ++i) {
      if (!live.empty() && random() % 5 < 2) {
        const std::size_t at = random() % live.size();
        script.give(live[at]);
        plain.give(live[at]);
        live.erase(live.begin() + static_cast<std::ptrdiff_t>(at));
      } else {
        const std::uint64_t bytes = 1 + random() % (std::uint64_t{1} << (8 + random() % 19));
        script.take(i, bytes);
        plain.take(i, bytes);
        live.push_back(i);
      }
    }
    const AllocatorPeak peak = script.peak();
    EXPECT_EQ(peak.reserved, plain.reserved()) << "seed " << seed;
    EXPECT_GE(peak.reserved, peak.allocated);
    const std::uint64_t sum =
        std::accumulate(peak.allocated_for.begin(), peak.allocated_for.end(), std::uint64_t{0});
    EXPECT_EQ(sum, peak.allocated);
  }
}

}  // namespace
}  // namespace panicle
