// What the commands print: JSON, tables and a progress line.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/progress.h"

namespace panicle::cli {

// To standard output, indented. Names that are not UTF-8 come out with replacement characters.
void printJson(const Json& json);
// On one line, written out at once: for streams of events.
void printJsonLine(const Json& json);

enum class Align { Left, Right };

// Columns as wide as their widest cell, two blanks apart. The first row is the header.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header,
                     Align rest = Align::Right);  // the first column is always left-aligned
  void add(std::vector<std::string> row);
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  Align rest_;
};

// "10,407"
std::string grouped(std::uint64_t number);
// fastai's format_time: "01:03", "1:02:03".
std::string formatTime(double seconds);

// A line on standard error that is written over and over, only where that is a terminal. Thread-safe; at most
// 10 times a second.
class ProgressLine {
 public:
  ~ProgressLine() { clear(); }
  void show(const std::string& text);
  void clear();
  // A Progress that shows "what 12 of 100".
  Progress counter(std::string what);

 private:
  std::mutex mutex_;
  std::chrono::steady_clock::time_point shown_{};
  bool visible_ = false;
};

}  // namespace panicle::cli
