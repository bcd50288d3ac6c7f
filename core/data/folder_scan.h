// Lists the image files below a folder: names only, no file is opened.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/progress.h"

namespace panicle {

struct FolderScan {
  std::vector<std::string> files;  // relative to the folder, sorted by pathLess
  std::map<std::string, std::size_t>
      others;                         // extensions of the files passed over (".txt"; "" for none) -> files
  std::vector<std::string> warnings;  // folders that could not be read
};

// Hidden files and folders are skipped, links are followed (but not into a folder that they lie in),
// extensions compare in any case, and a link that leads nowhere counts as a file, so that it is reported when
// it is read. `excluded` is a folder below `folder` that is left out, relative to it; "" leaves out none.
// Progress: files found, total unknown (0). Throws Error when the folder itself cannot be read; Cancelled.
FolderScan scanFolder(const std::filesystem::path& folder, const std::string& excluded, std::stop_token stop,
                      const Progress& progress);

// Order of two '/'-separated paths, part by part and each part by its bytes: Python's sorted(Path).
bool pathLess(std::string_view a, std::string_view b);

}  // namespace panicle
