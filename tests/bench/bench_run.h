// What the benches of training share: a folder of their own, and the run that their arguments ask for.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/sample_data.h"
#include "core/models/kernels.h"
#include "core/runs/run_spec.h"

namespace panicle::bench {

// Gone with the object.
class WorkFolder {
 public:
  WorkFolder() : path_(std::filesystem::temp_directory_path() / ("panicle-bench-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~WorkFolder() { std::filesystem::remove_all(path_); }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// The network, the transforms (squish 480, aug_transforms 128) and the batch of the baseline recipes, from scratch, with `settings` as
// KEY=VALUE: stages.0.augment=null. Without data.root on 1280 sample photos, which are made in `folder`.
inline RunSpec benchSpec(const std::vector<std::string>& settings, int epochs, const WorkFolder& folder) {
  RunSpec spec;
  spec.model.arch = "resnet26d";
  spec.model.weights = "none";
  spec.stages[0].resize.size = {480, 480};
  spec.stages[0].augment = AugOptions{.size = Size{128, 128}, .min_scale = 0.75};
  spec.stages[0].schedule.epochs = epochs;
  for (const std::string& setting : settings) {
    const std::string_view text = setting;
    const std::size_t equals = std::min(text.find('='), text.size());
    setByPath(spec, text.substr(0, equals), text.substr(std::min(equals + 1, text.size())));
  }
  if (spec.data.root.empty()) {
    spec.data.root = (folder / "data").string();
    writeSampleData(spec.data.root, {.per_class = 128});
  }
  return spec;
}

// What `main` of such a bench does: `measure` gets the arguments and returns the exit status.
inline int mainOf(int argc, char** argv, int (*measure)(const std::vector<std::string>& settings)) {
  useBestKernels(argv);
  try {
    return measure({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}

}  // namespace panicle::bench
