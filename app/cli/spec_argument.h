// The run that a command is given: a file or standard input, changed by --set.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "core/runs/run_spec.h"

namespace panicle::cli {

struct SpecArgument {
  std::string file;  // - for standard input
  std::vector<std::string> settings;
};

// SPEC and --set.
void addSpecArgument(CLI::App& command, SpecArgument& argument);

// The data folder comes out absolute: a run must find its photos again from any folder. Throws Error listing
// all problems, those of check() too.
RunSpec readSpecArgument(const SpecArgument& argument);
// The same for a spec that did not come from a file.
RunSpec settledSpec(RunSpec spec, const std::vector<std::string>& settings);

}  // namespace panicle::cli
