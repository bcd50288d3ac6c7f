// What a run's data set is: the `data` section of a RunSpec.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/fields.h"

namespace panicle {

enum class SplitKind { Random, Column, Grouped, None };
enum class ExifPolicy { Ignore, Apply };
enum class BadImagePolicy { Skip, Refuse };

template <>
struct EnumNames<SplitKind> {
  static constexpr std::array names{"random", "column", "grouped", "none"};
};
template <>
struct EnumNames<ExifPolicy> {
  static constexpr std::array names{"ignore", "apply"};
};
template <>
struct EnumNames<BadImagePolicy> {
  static constexpr std::array names{"skip", "refuse"};
};

struct SplitOptions {
  SplitKind kind = SplitKind::Random;
  double valid_pct = 0.2;         // of random and grouped: the share that is validation
  std::uint64_t seed = 42;        // of random: fastai's RandomSplitter(valid_pct, seed); of grouped: draws the groups
  std::string column = "is_val";  // of column: rows whose value is true, 1 or yes are validation
  std::string group_column = "group";  // of grouped: photos with the same value stay on one side
  std::optional<std::string> groups;   // of grouped: the CSV with that column, relative to root; null: the data set's own table
};

struct SubsetOptions {
  std::vector<std::string> classes;  // keep only these labels; empty keeps all
  double fraction = 1.0;             // keep this share of each class, drawn with the run's split seed
};

struct DataOptions {
  std::string root;                // the data set's folder
  std::optional<std::string> csv;  // relative to root or absolute; null: found by layout, else class folders
  std::string image_column = "image_id";  // of the CSV
  std::vector<std::string> label_columns{
      "label"};  // the first is the label; a network learns the others beside it
  std::vector<std::string> regression_columns;  // those of them that are numbers; never the first
  std::optional<std::string> images;  // image root of the CSV, relative to root; null: found by layout
  std::optional<std::string> test;    // folder of unlabelled images; null: found by layout
  ExifPolicy exif = ExifPolicy::Ignore;
  BadImagePolicy bad_images = BadImagePolicy::Skip;
  std::optional<std::string> corrections;  // CSV of decisions about photos, relative to root or absolute: core/data/corrections.h
  SplitOptions split;
  SubsetOptions subset;
};

std::span<const Field<SplitOptions>> fieldTable(const SplitOptions*);
std::span<const Field<SubsetOptions>> fieldTable(const SubsetOptions*);
std::span<const Field<DataOptions>> fieldTable(const DataOptions*);

// What no single field shows, each beginning with the field's name.
std::vector<std::string> check(const DataOptions& options);
// Those of the label columns alone, which the files cannot be read without.
std::vector<std::string> labelProblems(const DataOptions& options);

}  // namespace panicle
