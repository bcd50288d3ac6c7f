#include "core/data/item_finder.h"

namespace panicle {
namespace {

std::string_view fileName(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

ItemFinder::ItemFinder(const std::vector<Item>& items) {
  ids_.reserve(items.size());
  paths_.reserve(items.size());
  names_.reserve(items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    ids_.emplace(items[i].id, i);
    paths_.emplace(items[i].path, i);
    const auto [place, isNew] = names_.emplace(fileName(items[i].path), i);
    if (!isNew) place->second = kSeveral;
  }
}

std::optional<std::uint32_t> ItemFinder::find(std::string_view id, std::string_view path) const {
  if (const auto found = ids_.find(id); found != ids_.end()) return found->second;
  for (const std::string_view each : {path, id}) {
    if (const auto found = paths_.find(each); found != paths_.end()) return found->second;
  }
  const bool bare = id.find('/') == std::string_view::npos;
  if (const auto found = names_.find(id); bare && found != names_.end() && found->second != kSeveral) return found->second;
  return std::nullopt;
}

}  // namespace panicle
