// Options structs from a word of the command line: "size=288,224,engine=fused". Their field tables say what
// there is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/fields.h"
#include "core/transforms/aug_options.h"
#include "core/transforms/resize.h"

namespace panicle::cli {

// KEY=VALUE settings with commas between them. A piece without "KEY=" goes on with the value before it, so
// that sizes need no quotes. A value is JSON or a bare word; KEY may be a dotted path ("erase.p"). What is no
// setting is a problem.
Json parseSettings(std::string_view text, std::vector<std::string>& problems);

// Reads the settings into `options`, and holds them to their fields' ranges and check(). Returns all
// problems.
template <HasFields T>
std::vector<std::string> readSettings(std::string_view text, T& options) {
  std::vector<std::string> problems;
  const Json settings = parseSettings(text, problems);
  if (problems.empty()) fromJson(options, settings, "", problems);
  if (problems.empty()) problems = check(options);
  return problems;
}

// One a line, as CLI11 shows what is wrong with an option; "" without any.
std::string problemLines(const std::vector<std::string>& problems);

// METHOD:SIZE, and after a comma any other field of ResizeOptions; the fields of AugOptions. Both return what is wrong, or "".
std::string readResize(const std::string& text, ResizeOptions& options);
std::string readAugment(const std::string& text, AugOptions& options);

}  // namespace panicle::cli
