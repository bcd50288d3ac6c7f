// What is on disk, read once: a Dataset is an immutable list of labelled images (and of unlabelled test images).
// Thread-safe after construction, like any const object; share it as std::shared_ptr<const Dataset>.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/progress.h"
#include "core/data/data_options.h"
#include "core/data/target.h"

namespace panicle {

struct Item {
  std::string id;    // the CSV's image column, or the path below the image folder; unique in its list
  std::string path;  // relative to Dataset::root, '/' between parts
  int target = -1;   // index into the vocab; -1: unlabelled
};

// Where the split puts a photo, unless a correction says where.
enum class Side : std::uint8_t { Drawn, Train, Valid };

// What data.corrections did to the data set.
struct AppliedCorrections {
  std::filesystem::path path;
  std::string checksum;  // of the file
  std::size_t rows = 0;
  std::size_t relabelled = 0;  // photos, as the three below
  std::size_t excluded = 0;
  std::size_t moved = 0;  // to a side
};

struct Dataset {
  std::filesystem::path root;
  std::string layout;          // in words, e.g. "class folders", "Paddy Doctor (train.csv, train_images/)"
  std::string label_name = "label";  // of the label column; "label" of class folders
  Vocab vocab;                       // of the label
  std::vector<Item> items;     // labelled, sorted by path, part by part (as Python's sorted(Path))
  std::vector<Item> test;      // unlabelled, sorted likewise
  // What else a run learns: the label columns after the first, in the order of the options. Values as of `items`.
  std::vector<Target> further_targets;
  // Further CSV columns (variety, age, is_val ...): name, and one value per item ("" where the row has none).
  std::vector<std::string> column_names;
  std::vector<std::vector<std::string>> columns;
  std::vector<Side> sides;  // one per item; empty: the split alone decides
  std::optional<AppliedCorrections> corrections;
  std::string groups_checksum;  // of the file that a grouped split reads (data.split.groups); "": none
  std::optional<std::filesystem::path> sample_submission;  // absolute, when the layout has one
  std::vector<std::string> warnings;  // what was passed over and why: duplicate rows, rows without a file, ...

  std::filesystem::path file(const Item& item) const { return root / std::filesystem::path(item.path); }
  // The label and the further targets, in the order of the network's outputs.
  std::vector<Target> targets() const;
  // Index of a column in `columns`, or nullopt.
  std::optional<std::size_t> column(const std::string& name) const;
};

// Reads the data set that `options` name (root, csv, columns, test; then the subset). Layouts found by themselves: Paddy
// Doctor's (train.csv, train_images/, test_images/, sample_submission.csv), Cassava's (a CSV with is_val), class folders under
// train_images/ or under the root itself. If `options.root` is a CSV file, it is the CSV and its folder the root.
// Progress: images found so far, with a total of 0 until it is known.
// Throws Error naming file and line (missing column, two labels for one image, no image found, ...); Cancelled.
Dataset loadDataset(const DataOptions& options, std::stop_token stop = {}, const Progress& progress = {});

// Items of each class, in vocab order.
std::vector<std::size_t> classCounts(const Dataset& dataset);

// True for the file extensions that are taken for images (.jpg .jpeg .png .webp .bmp .tif .tiff; any case).
bool isImagePath(const std::filesystem::path& path);

}  // namespace panicle
