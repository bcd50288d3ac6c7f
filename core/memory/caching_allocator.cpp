#include "core/memory/caching_allocator.h"

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace panicle {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kBlockRounding = 512;
constexpr std::uint64_t kLargestSmall = kMiB;  // blocks up to here come from segments of their own
constexpr std::uint64_t kSmallSegment = 2 * kMiB;
constexpr std::uint64_t kCommonSegment = 20 * kMiB;    // for blocks up to kLeastOwnSegment
constexpr std::uint64_t kLeastOwnSegment = 10 * kMiB;  // from here on a segment is as large as its block
constexpr std::uint64_t kSegmentRounding = 2 * kMiB;

std::uint64_t roundedUp(std::uint64_t bytes, std::uint64_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

std::uint64_t segmentSize(std::uint64_t block) {
  if (block <= kLargestSmall) return kSmallSegment;
  return block < kLeastOwnSegment ? kCommonSegment : roundedUp(block, kSegmentRounding);
}

// Blocks are known by their addresses. Segments lie apart, so that blocks are neighbours only within one.
class CachingAllocator {
 public:
  std::uint64_t allocate(std::uint64_t bytes);
  void release(std::uint64_t address);
  std::uint64_t size(std::uint64_t address) const { return blocks_.at(address).size; }
  std::uint64_t reserved() const { return reserved_; }

 private:
  struct Block {
    std::uint64_t size = 0;
    bool small = false;
    bool free = false;
  };
  using Blocks = std::map<std::uint64_t, Block>;
  using Pool = std::set<std::pair<std::uint64_t, std::uint64_t>>;  // free blocks: size, address

  Pool& poolOf(const Block& block) { return block.small ? smallPool_ : largePool_; }
  Blocks::iterator found(std::uint64_t size, bool small);
  void split(Blocks::iterator block, std::uint64_t size);
  bool joins(Blocks::iterator block, Blocks::iterator next) const;

  Blocks blocks_;
  Pool smallPool_, largePool_;
  std::uint64_t nextSegment_ = 0;
  std::uint64_t reserved_ = 0;
};

// The smallest free block that is large enough, of equal ones the first; else a new segment.
CachingAllocator::Blocks::iterator CachingAllocator::found(std::uint64_t size, bool small) {
  Pool& pool = small ? smallPool_ : largePool_;
  const auto free = pool.lower_bound({size, 0});
  if (free != pool.end()) {
    const auto block = blocks_.find(free->second);
    pool.erase(free);
    block->second.free = false;
    return block;
  }
  const std::uint64_t segment = segmentSize(size);
  const auto block = blocks_.insert({nextSegment_, {segment, small, false}}).first;
  nextSegment_ += segment + kSegmentRounding;
  reserved_ += segment;
  return block;
}

// What lies behind the first `size` bytes goes to the pool, if it is worth it.
void CachingAllocator::split(Blocks::iterator block, std::uint64_t size) {
  Block& front = block->second;
  const std::uint64_t rest = front.size - size;
  if (front.small ? rest < kBlockRounding : rest <= kLargestSmall) return;
  front.size = size;
  const std::uint64_t address = block->first + size;
  blocks_.insert({address, {rest, front.small, true}});
  poolOf(front).insert({rest, address});
}

std::uint64_t CachingAllocator::allocate(std::uint64_t bytes) {
  const std::uint64_t size = roundedUp(bytes, kBlockRounding);
  const auto block = found(size, size <= kLargestSmall);
  split(block, size);
  return block->first;
}

bool CachingAllocator::joins(Blocks::iterator block, Blocks::iterator next) const {
  return next != blocks_.end() && block->second.free && next->second.free &&
         block->first + block->second.size == next->first;
}

void CachingAllocator::release(std::uint64_t address) {
  auto block = blocks_.find(address);
  block->second.free = true;
  Pool& pool = poolOf(block->second);
  if (const auto next = std::next(block); joins(block, next)) {
    pool.erase({next->second.size, next->first});
    block->second.size += next->second.size;
    blocks_.erase(next);
  }
  if (block != blocks_.begin()) {
    if (const auto before = std::prev(block); joins(before, block)) {
      pool.erase({before->second.size, before->first});
      before->second.size += block->second.size;
      blocks_.erase(block);
      block = before;
    }
  }
  pool.insert({block->second.size, block->first});
}

}  // namespace

AllocatorPeak simulateCachingAllocator(const AllocationLog& log) {
  CachingAllocator allocator;
  struct Live {
    std::uint64_t address = 0;
    Purpose purpose = Purpose::Workspace;
  };
  std::unordered_map<std::uint32_t, Live> live;
  AllocatorPeak now, peak;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const AllocationEvent& event = log[i];
    if (event.freed) {
      const auto block = live.find(event.block);
      if (block == live.end()) continue;
      const std::uint64_t size = allocator.size(block->second.address);
      now.allocated -= size;
      now.allocated_for[static_cast<std::size_t>(block->second.purpose)] -= size;
      allocator.release(block->second.address);
      live.erase(block);
    } else if (event.bytes > 0) {
      const std::uint64_t address = allocator.allocate(event.bytes);
      live[event.block] = {address, event.purpose};
      now.allocated += allocator.size(address);
      now.allocated_for[static_cast<std::size_t>(event.purpose)] += allocator.size(address);
      now.event = i;
      if (now.allocated > peak.allocated) peak = now;
    }
  }
  peak.reserved = allocator.reserved();
  return peak;
}

}  // namespace panicle
