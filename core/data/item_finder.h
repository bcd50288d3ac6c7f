// Finds the photo that a row of a table beside the data set means: a decision, a group.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/data/dataset.h"

namespace panicle {

// Over a list of photos, which must outlive it.
class ItemFinder {
 public:
  explicit ItemFinder(const std::vector<Item>& items);

  // By its id, else by its path, else by its bare file name where only one photo has it.
  std::optional<std::uint32_t> find(std::string_view id, std::string_view path = {}) const;

 private:
  static constexpr std::uint32_t kSeveral = UINT32_MAX;

  std::unordered_map<std::string_view, std::uint32_t> ids_;
  std::unordered_map<std::string_view, std::uint32_t> paths_;
  std::unordered_map<std::string_view, std::uint32_t> names_;
};

}  // namespace panicle
