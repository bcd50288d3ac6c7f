#include "core/data/csv.h"

#include <csv.h>

#include <algorithm>
#include <fstream>

#include "core/base/error.h"
#include "core/base/fields.h"
#include "core/base/file.h"

namespace panicle {
namespace {

constexpr std::size_t kHeaderBytes = 1 << 16;  // of a file, enough for its line of column names

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The line that starts at `begin`, with its terminator ("\n", "\r\n" or a lone "\r").
std::string_view lineAt(std::string_view text, std::size_t begin) {
  std::size_t end = text.find_first_of("\r\n", begin);
  if (end == std::string_view::npos) return text.substr(begin);
  if (text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n') ++end;
  return text.substr(begin, end + 1 - begin);
}

// libcsv tells fields and ends of rows but no positions, so it is fed line by line.
class Reader {
 public:
  explicit Reader(CsvTable& table) : table_(table) {
    if (csv_init(&parser_, CSV_REPALL_NL) != 0) throw Error("no memory to read " + table.path.string());
  }
  ~Reader() { csv_free(&parser_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void read(std::string_view text, bool headerOnly) {
    std::size_t line = 0;
    for (std::size_t begin = 0; begin < text.size();) {
      if (headerOnly && !table_.header.empty()) return;
      const std::string_view content = lineAt(text, begin);
      begin += content.size();
      ++line;
      if (rowEnded_) rowStart_ = line;
      feed(content);
    }
    if (!rowEnded_) feed("\n");  // a last line without an end
    if (!rowEnded_) throw fileError(table_.path, rowStart_, "a quote that opens here is never closed");
  }

 private:
  void feed(std::string_view content) {
    rowEnded_ = false;
    const auto onField = [](void* text, std::size_t size, void* self) {
      static_cast<Reader*>(self)->fields_.emplace_back(static_cast<const char*>(text), size);
    };
    const auto onRow = [](int, void* self) { static_cast<Reader*>(self)->rowEnded_ = true; };
    if (csv_parse(&parser_, content.data(), content.size(), onField, onRow, this) != content.size()) {
      throw fileError(table_.path, rowStart_, csv_strerror(csv_error(&parser_)));
    }
    if (rowEnded_) takeRow();
  }

  void takeRow() {
    const bool blank =
        std::all_of(fields_.begin(), fields_.end(), [](const std::string& f) { return f.empty(); });
    if (blank) {
      fields_.clear();
    } else if (table_.header.empty()) {
      for (auto& name : fields_) name = trimmed(name);
      table_.header = std::move(fields_);
    } else {
      if (fields_.size() != table_.header.size()) {
        throw fileError(table_.path, rowStart_,
                        "has " + std::to_string(fields_.size()) + " fields, but the header has " +
                            std::to_string(table_.header.size()) +
                            "; put fields that hold a comma in quotes");
      }
      table_.rows.push_back(std::move(fields_));
      table_.lines.push_back(rowStart_);
    }
    fields_ = {};
  }

  CsvTable& table_;
  csv_parser parser_{};
  std::vector<std::string> fields_;
  std::size_t rowStart_ = 1;
  bool rowEnded_ = true;
};

std::string readStart(const std::filesystem::path& path) {
  std::string text(kHeaderBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

CsvTable readTable(const std::filesystem::path& path, bool headerOnly) {
  const std::string text = headerOnly ? readStart(path) : readText(path);
  std::string_view content = text;
  if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF")) {
    throw fileError(path, "is written in UTF-16; save it as UTF-8 (\"CSV UTF-8\" in a spreadsheet)");
  }
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);  // byte order mark
  CsvTable table;
  table.path = path;
  Reader(table).read(content, headerOnly);
  if (table.header.empty()) throw fileError(path, "is empty; a CSV starts with a line of column names");
  return table;
}

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

std::size_t CsvTable::requireColumn(std::string_view name) const {
  if (const auto index = column(name)) return *index;
  std::string message = "has no column '" + std::string(name) + "'; its columns are ";
  for (const auto& each : header) message += (&each == &header.front() ? "" : ", ") + each;
  const std::string near = nearestName(std::string(name), header);
  if (!near.empty()) message += "; did you mean '" + near + "'?";
  if (header.size() == 1 && header[0].find_first_of(";\t") != std::string::npos) {
    message += "; they must be separated by commas";
  }
  throw fileError(path, 1, message);
}

CsvTable readCsv(const std::filesystem::path& path) {
  return readTable(path, false);
}

std::vector<std::string> readCsvHeader(const std::filesystem::path& path) {
  return readTable(path, true).header;
}

std::string csvLine(const std::vector<std::string>& fields) {
  std::string line;
  for (const auto& field : fields) {
    if (&field != &fields.front()) line += ',';
    const bool blankEdge = !field.empty() && (field.front() == ' ' || field.back() == ' ');
    // A lone empty field would read back as a blank line.
    const bool quoted = blankEdge || field.find_first_of(",\"\r\n\t") != std::string::npos ||
                        (field.empty() && fields.size() == 1);
    if (!quoted) {
      line += field;
      continue;
    }
    std::string written(2 * field.size() + 2, '\0');
    written.resize(csv_write(written.data(), written.size(), field.data(), field.size()));
    line += written;
  }
  return line + '\n';
}

}  // namespace panicle
