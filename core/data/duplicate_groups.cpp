#include "core/data/duplicate_groups.h"

#include <algorithm>
#include <utility>

#include "core/base/file.h"
#include "core/data/csv.h"

namespace panicle {
namespace {

Correction about(const Dataset& dataset, std::uint32_t photo, LabelVerdict verdict, std::string note) {
  const Item& item = dataset.items[photo];
  return {.image_id = item.id,
          .path = item.path,
          .old_label = dataset.vocab[static_cast<std::size_t>(item.target)],
          .verdict = verdict,
          .note = std::move(note)};
}

bool isLabelled(const Dataset& dataset, std::uint32_t photo) {
  return photo < dataset.items.size();
}

}  // namespace

std::vector<DataPart> partsOf(const Dataset& dataset, const Split& split) {
  std::vector<DataPart> parts(dataset.items.size() + dataset.test.size(), DataPart::Train);
  for (const std::uint32_t i : split.valid) parts[i] = DataPart::Valid;
  std::fill(parts.begin() + static_cast<std::ptrdiff_t>(dataset.items.size()), parts.end(), DataPart::Test);
  return parts;
}

GroupFacts factsOf(const Dataset& dataset, std::span<const DataPart> parts, const PhotoGroup& group) {
  GroupFacts facts;
  for (const std::uint32_t photo : group) {
    ++facts.photos[static_cast<std::size_t>(parts[photo])];
    if (isLabelled(dataset, photo)) facts.labels.push_back(dataset.items[photo].target);
  }
  std::sort(facts.labels.begin(), facts.labels.end());
  facts.labels.erase(std::unique(facts.labels.begin(), facts.labels.end()), facts.labels.end());
  return facts;
}

std::vector<std::string> leakedIds(const Dataset& dataset, const Split& split, std::span<const PhotoGroup> groups) {
  const std::vector<DataPart> parts = partsOf(dataset, split);
  std::vector<std::string> ids;
  for (const PhotoGroup& group : groups) {
    if (!factsOf(dataset, parts, group).leaks()) continue;
    for (const std::uint32_t photo : group) {
      if (parts[photo] == DataPart::Valid) ids.push_back(dataset.items[photo].id);
    }
  }
  return ids;
}

std::vector<Correction> excludeCopies(const Dataset& dataset, const PhotoGroup& group) {
  std::vector<Correction> corrections;
  const Item* kept = nullptr;
  for (const std::uint32_t photo : group) {
    if (!isLabelled(dataset, photo)) continue;
    if (kept) corrections.push_back(about(dataset, photo, LabelVerdict::Exclude, "a copy of " + kept->id));
    if (!kept) kept = &dataset.items[photo];
  }
  return corrections;
}

std::vector<Correction> moveToSide(const Dataset& dataset, const PhotoGroup& group, Side side) {
  std::vector<Correction> corrections;
  if (side == Side::Drawn) return corrections;
  const LabelVerdict verdict = side == Side::Train ? LabelVerdict::Train : LabelVerdict::Valid;
  for (const std::uint32_t photo : group) {
    if (isLabelled(dataset, photo)) corrections.push_back(about(dataset, photo, verdict, "kept together with like photos"));
  }
  return corrections;
}

void writeGroups(const std::filesystem::path& path, const Dataset& dataset, std::span<const PhotoGroup> groups) {
  std::string text = csvLine({"image_id", "path", "group"});
  for (std::size_t group = 0; group < groups.size(); ++group) {
    for (const std::uint32_t photo : groups[group]) {
      if (isLabelled(dataset, photo)) text += csvLine({dataset.items[photo].id, dataset.items[photo].path, std::to_string(group + 1)});
    }
  }
  writeAtomically(path, text);
}

std::vector<std::uint32_t> groupNumbers(const Dataset& dataset, std::span<const PhotoGroup> groups) {
  constexpr std::uint32_t kAlone = UINT32_MAX;
  std::vector<std::uint32_t> group(dataset.items.size(), kAlone);
  for (std::uint32_t g = 0; g < groups.size(); ++g) {
    for (const std::uint32_t photo : groups[g]) {
      if (isLabelled(dataset, photo)) group[photo] = g;
    }
  }
  std::vector<std::uint32_t> number(groups.size(), kAlone), numbers(group.size());
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group[i] == kAlone) {
      numbers[i] = next++;
      continue;
    }
    if (number[group[i]] == kAlone) number[group[i]] = next++;
    numbers[i] = number[group[i]];
  }
  return numbers;
}

}  // namespace panicle
