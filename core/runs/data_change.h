// Whether the photos and labels that a stored run trained on are still what they were.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>

#include "core/base/progress.h"
#include "core/runs/run_store.h"

namespace panicle {

struct DataChange {
  bool known = false;          // the run recorded its data set when it began; else nothing below is known of it
  std::size_t images_before = 0, images = 0;
  bool same_list = false;      // paths, labels and classes
  bool same_files = false;     // and sizes and times of change
  std::string content_before;  // as contentHash() of core/runs/data_fingerprint.h; "": was never asked for
  std::string content;         // now; "": not asked for
  bool recorded = false;       // `content` was kept with the run now

  // Bytes decide where they are known, else sizes and times of change.
  bool changed() const;
  std::string words() const;  // a sentence or two
};

// Reads the run's data set as it is now. With `content` every byte of it; the first such hash is kept with the run, unless sizes or times tell that
// the data set is not the one that it trained on. Throws Error (the data set is gone ...), Cancelled.
DataChange findDataChange(RunStore& store, const std::string& run, bool content, std::stop_token stop = {}, const Progress& progress = {});

}  // namespace panicle
