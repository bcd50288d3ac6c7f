// Runs panicle-cli and keeps what it said.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace panicle::testing {

struct Answer {
  int status = -1;  // exit status; -1 when a signal ended it
  std::string out;
  std::string err;

  Json json() const { return parseJson(out, "standard output"); }
  std::vector<Json> jsonLines() const;
};

// A started program; its output goes to files in `folder`.
class Program {
 public:
  Program(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
          const std::string& input = "");
  void signal(int number) const;
  // Blocks until its standard output, or error, holds `text`; false when it ended without.
  bool waitForOutput(const std::string& text) { return waitFor(out_, text); }
  bool waitForError(const std::string& text) { return waitFor(err_, text); }
  Answer wait();

 private:
  bool waitFor(const std::filesystem::path& file, const std::string& text);

  std::filesystem::path out_;
  std::filesystem::path err_;
  pid_t process_ = -1;
  int status_ = 0;  // of waitpid, once it has ended
  bool ended_ = false;
};

Answer run(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
           const std::string& input = "");

}  // namespace panicle::testing
