#include "app/cli/output.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace panicle::cli {
namespace {

std::string text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// Code points, so that names with accents line up.
std::size_t width(const std::string& cell) {
  return static_cast<std::size_t>(std::count_if(
      cell.begin(), cell.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool terminal() {
  static const bool is = ::isatty(STDERR_FILENO) == 1;
  return is;
}

}  // namespace

void printJson(const Json& json) {
  fmt::print("{}\n", text(json, 2));
}

void printJsonLine(const Json& json) {
  fmt::print("{}\n", text(json, -1));
  std::fflush(stdout);
}

TextTable::TextTable(std::vector<std::string> header, Align rest) : rows_{std::move(header)}, rest_(rest) {}

void TextTable::add(std::vector<std::string> row) {
  rows_.push_back(std::move(row));
}

void TextTable::print() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width(row[c]));
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string blanks(widths[c] - width(row[c]), ' ');
      if (c > 0) line += "  ";
      line += c > 0 && rest_ == Align::Right ? blanks + row[c] : row[c] + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string formatTime(double seconds) {
  const auto whole = seconds > 0 ? static_cast<std::uint64_t>(seconds) : 0;
  const auto hours = whole / 3600;
  const std::string rest = fmt::format("{:02}:{:02}", whole / 60 % 60, whole % 60);
  return hours == 0 ? rest : fmt::format("{}:{}", hours, rest);
}

void ProgressLine::show(const std::string& text) {
  if (!terminal()) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (visible_ && now - shown_ < std::chrono::milliseconds(100)) return;
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
  shown_ = now;
  visible_ = true;
}

void ProgressLine::clear() {
  const std::lock_guard lock(mutex_);
  if (!visible_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  visible_ = false;
}

Progress ProgressLine::counter(std::string what) {
  return [this, what = std::move(what)](std::uint64_t done, std::uint64_t total) {
    show(fmt::format("{} {} of {}", what, grouped(done), grouped(total)));
  };
}

}  // namespace panicle::cli
