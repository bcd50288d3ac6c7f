// What groups of like photos mean for a data set, and what can be done about them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/data/corrections.h"
#include "core/data/duplicates.h"
#include "core/data/split.h"

namespace panicle {

enum class DataPart : std::uint8_t { Train, Valid, Test };

template <>
struct EnumNames<DataPart> {
  static constexpr std::array names{"train", "valid", "test"};
};

// By photo number. What neither trains nor validates (there is no such photo in a split of Panicle) counts as Train.
std::vector<DataPart> partsOf(const Dataset& dataset, const Split& split);

struct GroupFacts {
  std::array<std::size_t, 3> photos{};  // of each part
  std::vector<int> labels;              // that its labelled photos have, ascending

  bool crosses() const { return (photos[0] > 0) + (photos[1] > 0) + (photos[2] > 0) > 1; }  // parts of the data
  bool leaks() const { return photos[0] > 0 && photos[1] > 0; }                              // into validation
  bool disagrees() const { return labels.size() > 1; }                                       // in label
};

GroupFacts factsOf(const Dataset& dataset, std::span<const DataPart> parts, const PhotoGroup& group);

// Ids of the validation images that have a like photo among the training images.
std::vector<std::string> leakedIds(const Dataset& dataset, const Split& split, std::span<const PhotoGroup> groups);

// Decisions for a corrections file. Test images cannot be decided about and are passed over.
// Leaves out all labelled photos of the group but the first, so that one of each scene is left.
std::vector<Correction> excludeCopies(const Dataset& dataset, const PhotoGroup& group);
// Puts all labelled photos of the group on one side (Drawn: no decisions).
std::vector<Correction> moveToSide(const Dataset& dataset, const PhotoGroup& group, Side side);

// The CSV that a grouped split reads: image_id, path and group for every labelled photo of a group, numbered from 1. Photos of no group are not in
// it: each is one of its own. Written atomically.
void writeGroups(const std::filesystem::path& path, const Dataset& dataset, std::span<const PhotoGroup> groups);
// Of every labelled photo the number of its group, as itemGroups() would read the written file.
std::vector<std::uint32_t> groupNumbers(const Dataset& dataset, std::span<const PhotoGroup> groups);

}  // namespace panicle
