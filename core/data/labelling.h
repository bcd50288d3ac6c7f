// From image files to labelled items: by the folders that they lie in, or by the rows of a table.
#pragma once

#include <string>
#include <vector>

#include "core/data/csv.h"
#include "core/data/data_options.h"
#include "core/data/dataset.h"

namespace panicle {

// Both fill the dataset's vocab, items and warnings (and columns). `files` are relative to the image folder
// and sorted; `folder` is that image folder as Layout::images has it.

// The label is the name of the folder that holds the image (fastai's parent_label).
void labelByFolders(Dataset& dataset, std::vector<std::string> files, const std::string& folder);

void labelByTable(Dataset& dataset, CsvTable table, const std::vector<std::string>& files,
                  const std::string& folder, const DataOptions& options);

// Keeps the items that `keep` marks, with their columns, targets and sides; every vocab stays.
void keepItems(Dataset& dataset, const std::vector<bool>& keep);

// Keeps the classes and the share of each class that the options ask for, and of the further targets the
// classes that are left.
void takeSubset(Dataset& dataset, const SubsetOptions& options, std::uint64_t seed);

// Throws Error for a further target of which no photo has a value.
void requireValues(const Dataset& dataset);

}  // namespace panicle
