// What was decided about single photos, kept beside the data set and never in it: a CSV that is laid over the labels when the data set is
// read (data.corrections of a RunSpec). No file of the data set is ever changed.
//
// The columns are image_id, path, old_label, new_label, verdict, when and note, in any order; only image_id and verdict must be there. One row a
// decision, in the order in which they were taken; the last one about a photo counts.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/fields.h"
#include "core/data/dataset.h"

namespace panicle {

// keep: the label was looked at and is right. relabel: new_label is. unsure: looked at, and nothing is changed. exclude: the photo neither
// trains nor validates. train, valid: the photo is put on that side, whatever the split says; these leave the label as it is.
enum class LabelVerdict { Keep, Relabel, Unsure, Exclude, Train, Valid };

template <>
struct EnumNames<LabelVerdict> {
  static constexpr std::array names{"keep", "relabel", "unsure", "exclude", "train", "valid"};
};

struct Correction {
  std::string image_id;   // as Item::id
  std::string path;       // as Item::path; finds the photo where the id does not
  std::string old_label;  // when it was looked at; "": not told
  std::string new_label;  // of relabel
  LabelVerdict verdict = LabelVerdict::Keep;
  std::string when;  // "2026-11-22T20:45:00Z"
  std::string note;
  std::size_t line = 0;  // in the file, from 1; 0: in none
};

// Throws Error naming file and line: a column is missing, an unknown verdict, no image, relabel without a new label.
std::vector<Correction> readCorrections(const std::filesystem::path& path);

// Adds a row; a file that is not there is begun. Other columns that the file has are left empty in it. Written atomically.
// `when` is set to the time now if it is empty. Throws Error as readCorrections() does, and when it cannot be written.
void addCorrection(const std::filesystem::path& path, Correction correction);
void addCorrections(const std::filesystem::path& path, std::vector<Correction> corrections);

// Takes the last row off and returns it; nullopt when there is none.
std::optional<Correction> undoCorrection(const std::filesystem::path& path);

// Of each photo its decision about the label and its side, as far as `corrections` tell: the last row counts. In the order of these rows.
std::vector<Correction> standingCorrections(const std::vector<Correction>& corrections);

// Lays the corrections over a data set that has just been read: labels, Dataset::sides, photos left out, Dataset::corrections, and warnings of
// rows that name no photo or another label than the photo has now. Throws Error naming file and line for a label that is not in the vocab.
void applyCorrections(Dataset& dataset, const std::filesystem::path& path);

}  // namespace panicle
