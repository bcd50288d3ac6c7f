// CSV tables: quotes, CRLF, BOM, blank lines and blanks around header names are handled (libcsv does the parsing).
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace panicle {

struct CsvTable {
  std::filesystem::path path;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> lines;  // line number of each row in the file, from 1

  std::optional<std::size_t> column(std::string_view name) const;
  // As column(), but throws Error naming the file, the missing column and the columns there are.
  std::size_t requireColumn(std::string_view name) const;
};

// Throws Error with file and line for a row whose number of fields differs from the header's, or an unclosed quote.
CsvTable readCsv(const std::filesystem::path& path);

// Only the column names; the rows are not read.
std::vector<std::string> readCsvHeader(const std::filesystem::path& path);

// One line of CSV with fields quoted where they need it, ending in '\n'.
std::string csvLine(const std::vector<std::string>& fields);

}  // namespace panicle
