#include "ui/shared/data_reading.h"

#include <QCoreApplication>
#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/fields.h"
#include "core/data/csv.h"
#include "core/runs/run_spec.h"

namespace panicle::ui {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNamed = 12;

QString tr(const char* text) { return QCoreApplication::translate("DataReading", text); }

struct Header {
  QString table;
  std::vector<std::string> columns;
};

bool isThere(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool has(const std::vector<std::string>& columns, const std::string& name) {
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

std::optional<Header> headerOf(const fs::path& path) {
  try {
    return Header{QString::fromStdString(path.filename().string()), readCsvHeader(path)};
  } catch (const Error&) {
    return {};  // whoever reads the whole table says what is wrong with it
  }
}

// The first table in the folder that marks its validation photos, which makes it a table of labels.
std::optional<Header> markedTable(const fs::path& root) {
  std::vector<fs::path> tables;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(root, unreadable)) {
    if (entry.path().extension() == ".csv" && isThere(entry.path())) tables.push_back(entry.path());
  }
  std::sort(tables.begin(), tables.end());
  for (const fs::path& table : tables) {
    const auto header = headerOf(table);
    if (header && has(header->columns, SplitOptions{}.column)) return header;
  }
  return {};
}

bool namesTable(const DataOptions& options) { return options.csv || isThere(options.root); }

std::optional<Header> tableOf(const DataOptions& options) {
  const fs::path root = options.root;
  if (isThere(root)) return headerOf(root);
  if (options.csv) return isThere(root / *options.csv) ? headerOf(root / *options.csv) : std::nullopt;
  if (isThere(root / "train.csv")) return headerOf(root / "train.csv");
  return markedTable(root);
}

QString listed(const std::vector<std::string>& names) {
  QStringList words;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxNamed); ++i) words << QString::fromStdString(names[i]);
  if (names.size() > kMaxNamed) return tr("%1 and %2 more").arg(words.join(QStringLiteral(", "))).arg(names.size() - kMaxNamed);
  if (words.size() < 2) return words.join(QString());
  const QString last = words.takeLast();
  return tr("%1 and %2").arg(words.join(QStringLiteral(", ")), last);
}

// Columns that are as by default are not missed where the data was read: without a table the labels are the folders' names.
QStringList missingColumns(const DataOptions& options, bool read) {
  const auto header = tableOf(options);
  if (!header) return {};
  const DataOptions standard;
  const bool all = !read || namesTable(options);
  QStringList problems;
  const auto look = [&](const char* field, const std::string& name, bool byDefault) {
    if (name.empty() || has(header->columns, name) || (byDefault && !all)) return;
    problems << QStringLiteral("%1: %2").arg(QLatin1String(field), noSuchColumn(name, header->table, header->columns));
  };
  look("data.image_column", options.image_column, options.image_column == standard.image_column);
  for (const std::string& name : options.label_columns) look("data.label_columns", name, has(standard.label_columns, name));
  return problems;
}

// A failure as a problem of the field that it speaks of.
QString asProblem(const QString& failure) {
  for (const FieldDescription& field : describe(RunSpec{})) {
    const QString path = QString::fromStdString(field.path);
    if (!field.path.starts_with("data.") || !failure.contains(path)) continue;
    return failure.startsWith(path) ? failure : path + QStringLiteral(": ") + failure;
  }
  return QStringLiteral("data.root: ") + failure;
}

}  // namespace

QStringList ReadData::problems() const {
  if (!missing.isEmpty() || failure.isEmpty()) return missing;
  return {asProblem(failure)};
}

ReadData readData(const DataOptions& options, std::stop_token stop, const Progress& progress) {
  ReadData read;
  try {
    read.dataset = std::make_shared<const Dataset>(loadDataset(options, stop, progress));
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    read.failure = QString::fromUtf8(error.what());
  }
  read.missing = missingColumns(options, read.dataset != nullptr);
  return read;
}

QString noSuchColumn(const std::string& name, const QString& table, const std::vector<std::string>& columns) {
  const QString asked = QString::fromStdString(name);
  if (columns.empty()) return tr("\"%1\" is no column of %2, which has none.").arg(asked, table);
  const QString text = tr("\"%1\" is no column of %2, which has %3.").arg(asked, table, listed(columns));
  const std::string near = nearestName(name, columns);
  return near.empty() ? text : text + tr(" Did you mean \"%1\"?").arg(QString::fromStdString(near));
}

}  // namespace panicle::ui
