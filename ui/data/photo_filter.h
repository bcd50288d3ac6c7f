// Which photos of a data set show, by facets and by name, and how many each value of a facet would show. No
// widgets.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/data/dataset.h"

namespace panicle::ui {

enum class Part : std::uint8_t { Train, Valid, Test };
constexpr int kParts = 3;

// What a file's header says.
struct FileFacts {
  std::int32_t width = 0;  // as stored; 0 when the header cannot be read
  std::int32_t height = 0;
  std::int32_t orientation = 1;  // EXIF, 1..8
};

using PhotoSize = std::pair<int, int>;  // width, height

// A data set as the filter sees it. Photos are numbered through: the labelled items, then the test images.
struct PhotoIndex {
  std::shared_ptr<const Dataset> dataset;
  std::vector<Part> parts;       // of the labelled items
  std::vector<bool> bad;         // of all photos; empty until a census was taken
  std::vector<FileFacts> facts;  // of all photos; empty until they were read

  std::uint32_t labelled() const { return static_cast<std::uint32_t>(dataset->items.size()); }
  std::uint32_t all() const { return labelled() + static_cast<std::uint32_t>(dataset->test.size()); }
  const Item& item(std::uint32_t photo) const;
  Part part(std::uint32_t photo) const { return photo < labelled() ? parts[photo] : Part::Test; }
};

// Within a facet the chosen values add up; the facets narrow each other. Nothing chosen lets everything
// through, except that test images show only when they are asked for.
struct PhotoFilter {
  std::set<int> classes;
  std::set<Part> parts;
  std::set<PhotoSize> sizes;   // need facts
  std::set<int> orientations;  // need facts
  std::set<bool> bad;          // need a census
  std::string words;           // each must occur in the path; letter case is ignored for ASCII

  bool operator==(const PhotoFilter&) const = default;
  bool empty() const { return *this == PhotoFilter{}; }
  bool needsFacts() const { return !sizes.empty() || !orientations.empty(); }
};

// For each value: the photos that pass all the other facets.
struct FacetCounts {
  std::vector<std::uint32_t> classes;  // in vocab order
  std::array<std::uint32_t, kParts> parts{};
  std::map<PhotoSize, std::uint32_t> sizes;
  std::map<int, std::uint32_t> orientations;
  std::array<std::uint32_t, 2> bad{};  // [1]: cannot be read
};

struct FilterResult {
  std::vector<std::uint32_t> photos;  // ascending
  FacetCounts counts;
};

FilterResult applyFilter(const PhotoIndex& index, const PhotoFilter& filter);

}  // namespace panicle::ui
