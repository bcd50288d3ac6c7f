#include "app/cli/duplicates_output.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <set>

#include "app/cli/output.h"

namespace panicle::cli {
namespace {

Json pathsOf(const Dataset& dataset, const std::vector<PhotoGroup>& groups) {
  Json all = Json::array();
  for (const PhotoGroup& group : groups) {
    Json paths = Json::array();
    for (const std::uint32_t photo : group) paths.push_back(photoAt(dataset, photo).path);
    all.push_back(std::move(paths));
  }
  return all;
}

std::string labelOf(const Dataset& dataset, const Item& item) {
  return item.target < 0 ? "" : dataset.vocab[static_cast<std::size_t>(item.target)];
}

// Those that hold more than copies of one picture.
std::vector<PhotoGroup> nearGroups(const Duplicates& duplicates) {
  const std::set<PhotoGroup> exact(duplicates.exact.begin(), duplicates.exact.end());
  std::vector<PhotoGroup> near;
  for (const PhotoGroup& group : duplicates.groups) {
    if (!exact.contains(group)) near.push_back(group);
  }
  return near;
}

std::size_t photosIn(const std::vector<PhotoGroup>& groups) {
  std::size_t photos = 0;
  for (const PhotoGroup& group : groups) photos += group.size();
  return photos;
}

}  // namespace

Json duplicatesJson(const Dataset& dataset, const Split& split, const Duplicates& duplicates) {
  const std::vector<DataPart> parts = partsOf(dataset, split);
  Json groups = Json::array();
  for (const PhotoGroup& group : duplicates.groups) {
    const GroupFacts facts = factsOf(dataset, parts, group);
    Json photos = Json::array();
    for (const std::uint32_t photo : group) {
      const Item& item = photoAt(dataset, photo);
      photos.push_back({{"path", item.path}, {"label", item.target < 0 ? Json(nullptr) : Json(labelOf(dataset, item))}, {"part", enumName(parts[photo])}});
    }
    groups.push_back({{"photos", std::move(photos)}, {"crosses", facts.crosses()}, {"leaks", facts.leaks()}, {"disagrees", facts.disagrees()}});
  }
  Json bad = Json::array();
  for (const BadFile& file : duplicates.bad) bad.push_back({{"path", file.path}, {"reason", file.reason}});
  return {{"exact", pathsOf(dataset, duplicates.exact)},
          {"near", pathsOf(dataset, nearGroups(duplicates))},
          {"groups", std::move(groups)},
          {"leaked", leakedIds(dataset, split, duplicates.groups)},
          {"bad", std::move(bad)}};
}

void printDuplicates(const Dataset& dataset, const Split& split, const Duplicates& duplicates) {
  const std::vector<DataPart> parts = partsOf(dataset, split);
  fmt::print("\n{} photos are exact copies in {} groups, {} photos belong to {} groups of like ones\n", grouped(photosIn(duplicates.exact)),
             grouped(duplicates.exact.size()), grouped(photosIn(duplicates.groups)), grouped(duplicates.groups.size()));
  std::size_t leaks = 0, disagreements = 0;
  for (const PhotoGroup& group : duplicates.groups) {
    const GroupFacts facts = factsOf(dataset, parts, group);
    if (!facts.leaks() && !facts.disagrees()) continue;
    if (facts.leaks()) ++leaks;
    if (facts.disagrees()) ++disagreements;
    fmt::print("\n{}{}\n", facts.leaks() ? "trains and validates" : "same side", facts.disagrees() ? ", labels disagree" : "");
    for (const std::uint32_t photo : group) {
      const Item& item = photoAt(dataset, photo);
      fmt::print("  {:5}  {}  {}\n", enumName(parts[photo]), item.path, labelOf(dataset, item));
    }
  }
  fmt::print("\n{} groups lie on both sides of the split, with {} of its {} validation photos; {} disagree in label\n", grouped(leaks),
             grouped(leakedIds(dataset, split, duplicates.groups).size()), grouped(split.valid.size()), grouped(disagreements));
  if (leaks > 0) fmt::print("panicle-cli split --grouped keeps like photos on one side\n");
}

}  // namespace panicle::cli
