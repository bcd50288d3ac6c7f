// Photos that show the same, over the labelled and the test images of a data set together.
//
// Exact: the same bytes, or the same pixels in another file. Near: one picture is the other turned or mirrored, stored again, resized, lighter or
// darker, cropped a little, or taken a moment later. A 64-bit perceptual hash over the eight orientations names candidates; small pictures laid
// over each other decide (core/data/near_search.h).
//
// A photo's number counts the labelled items first and goes on with the test images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/progress.h"
#include "core/data/census.h"
#include "core/data/dataset.h"
#include "core/data/near_search.h"

namespace panicle {

enum class Likeness : std::uint8_t { SameFile, SamePixels, Near };

template <>
struct EnumNames<Likeness> {
  static constexpr std::array names{"same file", "same pixels", "near"};
};

struct Twins {
  std::uint32_t first = 0;  // the lower number
  std::uint32_t second = 0;
  Likeness likeness = Likeness::Near;
  float similarity = 1;         // of near ones: the share of the small pictures' gradient signs that agree, at least NearOptions::similarity; else 1
  std::uint8_t orientation = 0; // in which `second` lies over `first`: core/data/photo_sketch.h
};

using PhotoGroup = std::vector<std::uint32_t>;  // ascending, at least two

struct Duplicates {
  std::size_t photos = 0;
  std::vector<Twins> twins;        // pairs enough to hold every group together, not all pairs; sorted
  std::vector<PhotoGroup> exact;   // the same pixels; sorted by their first photos, as below
  std::vector<PhotoGroup> groups;  // of like photos, exact or near: what hangs together by twins
  std::vector<BadFile> bad;        // could not be read and are in no group; sorted by path
};

struct DuplicateOptions {
  DecodeOptions decode;
  NearOptions near;
};

// Blocks until done, on `threads` threads (0: all cores). The same with any number of them. Throws Cancelled when stopped.
Duplicates findDuplicates(const Dataset& dataset, const DuplicateOptions& options = {}, int threads = 0, std::stop_token stop = {},
                          const Progress& progress = {});

// What hangs together by pairs, among `photos` photos; those that are alone are left out.
std::vector<PhotoGroup> connected(std::size_t photos, std::span<const Twins> twins);

// `duplicates` without the near twins whose features point in different directions: rows of length `width`, one per photo, such as the penultimate
// activations of a network that was trained on other photos. Twins of less than `cosine` are dropped, and the groups are made anew. A row of zeros
// stands for a photo without features, whose twins stay. Throws Error when the numbers of rows differ.
Duplicates refineByFeatures(Duplicates duplicates, std::span<const float> features, std::size_t width, double cosine = 0.9);

// The photo of a number.
inline const Item& photoAt(const Dataset& dataset, std::uint32_t photo) {
  const std::size_t labelled = dataset.items.size();
  return photo < labelled ? dataset.items[photo] : dataset.test[photo - labelled];
}

}  // namespace panicle
