// The language of the filter box over runs, matched in memory.
//
//   convnext 480            runs in whose name, number, architecture, transforms, schedule, tags, note, status or device both words occur
//   "pad 640"               these words side by side
//   arch:swin note:"try 2"  the word in that field; status:failed, tag:baseline
//   error<0.05 epochs>=12   numbers: < <= > >= = !=; error<5% is the same as error<0.05
//   created>2026-11         times by their beginning, also created<2026-11-22T10
//   starred  tagged  noted  runs that have a star, a tag, a note
//   -status:failed -vit     without these
//   arch:vit|swin           either
//
// Terms stand apart by blanks and all must hold; letters may be small or large.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/runs/run_summary.h"

namespace panicle {

// What is wrong in a query, and where: `length` bytes from `position` on.
class QueryError : public Error {
 public:
  QueryError(const std::string& message, std::size_t position, std::size_t length)
      : Error(message), position_(position), length_(length) {}
  std::size_t position() const { return position_; }
  std::size_t length() const { return length_; }

 private:
  std::size_t position_;
  std::size_t length_;
};

class RunQuery {
 public:
  RunQuery();  // matches every run
  // Throws QueryError: an unknown field names the nearest one, a number that is none, a quote that is not closed.
  explicit RunQuery(std::string_view text);
  ~RunQuery();
  RunQuery(RunQuery&&) noexcept;
  RunQuery& operator=(RunQuery&&) noexcept;

  bool matches(const RunSummary& run) const;
  // Indices of those that match, in their order.
  std::vector<std::size_t> filter(const std::vector<RunSummary>& runs) const;

 private:
  struct Term;
  std::vector<Term> terms_;
};

// The fields of the language, for help and completion.
struct QueryField {
  const char* name;     // "arch"
  const char* help;     // "architecture", "best error rate"
  const char* example;  // "arch:convnext"
};
std::span<const QueryField> queryFields();

}  // namespace panicle
