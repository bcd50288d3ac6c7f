// RunStore: a run's rows as a document, and back.
#include <SQLiteCpp/VariadicBind.h>

#include <set>

#include "core/base/file.h"
#include "core/runs/run_store_impl.h"
#include "core/runs/summary_tables.h"

namespace panicle {
namespace {

Json valueAt(const SQLite::Column& column) {
  if (column.isInteger()) return column.getInt64();
  if (column.isFloat()) return column.getDouble();
  if (column.isText()) return column.getString();
  return nullptr;
}

// {"columns": [...], "rows": [[...], ...]}, without the columns that number runs and rows.
Json tableJson(SQLite::Database& db, const std::string& table, const std::string& key, std::int64_t run) {
  SQLite::Statement row(db, "SELECT * FROM " + table + " WHERE " + key + " = ?");
  row.bind(1, run);
  Json columns = Json::array();
  std::vector<int> taken;
  for (int i = 0; i < row.getColumnCount(); ++i) {
    const std::string name = row.getColumnName(i);
    if (name == "run" || name == "id") continue;
    columns.push_back(name);
    taken.push_back(i);
  }
  Json rows = Json::array();
  while (row.executeStep()) {
    Json values = Json::array();
    for (const int i : taken) values.push_back(valueAt(row.getColumn(i)));
    rows.push_back(std::move(values));
  }
  return {{"columns", columns}, {"rows", rows}};
}

std::set<std::string> columnsOf(SQLite::Database& db, const std::string& table) {
  SQLite::Statement row(db, "SELECT name FROM pragma_table_info(?)");
  row.bind(1, table);
  std::set<std::string> columns;
  while (row.executeStep()) columns.insert(row.getColumn(0).getString());
  return columns;
}

void bindValue(SQLite::Statement& row, int index, const Json& value) {
  if (value.is_null()) return row.bind(index);
  if (value.is_number_integer()) return row.bind(index, value.get<std::int64_t>());
  if (value.is_number()) return row.bind(index, value.get<double>());
  row.bind(index, value.get<std::string>());
}

// Columns that this schema does not have are left out; names of columns are only ever taken from it.
void insertRows(SQLite::Database& db, const std::string& table, const std::string& key, std::int64_t run, const Json& dump) {
  const std::set<std::string> known = columnsOf(db, table);
  std::string names = key;
  std::string marks = "?";
  std::vector<std::size_t> taken;
  const Json& columns = dump.at("columns");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string name = columns[i].get<std::string>();
    if (name == "run" || name == "id" || !known.contains(name)) continue;
    names += ", \"" + name + "\"";
    marks += ", ?";
    taken.push_back(i);
  }
  SQLite::Statement row(db, "INSERT INTO " + table + " (" + names + ") VALUES (" + marks + ")");
  for (const Json& values : dump.at("rows")) {
    row.bind(1, run);
    for (std::size_t i = 0; i < taken.size(); ++i) bindValue(row, static_cast<int>(i) + 2, values.at(taken[i]));
    row.exec();
    row.reset();
  }
}

void checkRun(SQLite::Database& db, std::int64_t run) {
  SQLite::Statement row(db, "SELECT status, spec FROM runs WHERE id = ?");
  row.bind(1, run);
  if (!row.executeStep()) throw Error("the document holds no run");
  const std::string status = row.getColumn(0).getString();
  if (status == "running" || status == "queued" || status != toString(statusFromText(status))) {
    throw Error("the document's run has the status '" + status + "', which one that was given away has not");
  }
  std::vector<std::string> problems;
  RunSpec spec;
  fromJson(spec, Json::parse(row.getColumn(1).getString(), nullptr, false), "spec", problems);
  throwProblems("the document's spec is not one that this Panicle can read:", problems);
}

}  // namespace

Json RunStore::dump(const std::string& run) const {
  return impl_->guarded([&] {
    impl_->markInterrupted();
    SQLite::Database& db = impl_->db->connection();
    SQLite::Transaction snapshot(db);
    const std::int64_t id = impl_->requireId(run);
    SQLite::Statement status(db, "SELECT status FROM runs WHERE id = ?");
    status.bind(1, id);
    if (status.executeStep() && status.getColumn(0).getString() == "running") throw Error("run " + run + " is running; export it when it has ended");
    Json tables{{"runs", tableJson(db, "runs", "id", id)}};
    for (const std::string& table : tablesOfRuns(db)) tables[table] = tableJson(db, table, "run", id);
    return tables;
  });
}

std::string RunStore::adopt(const Json& dump, const std::filesystem::path& folder) {
  return impl_->guarded([&] {
    SQLite::Database& db = impl_->db->connection();
    std::filesystem::path made;
    try {
      SQLite::Transaction transaction = impl_->db->begin();
      const std::int64_t id = impl_->makeFolder();
      made = impl_->folder(id);
      insertRows(db, "runs", "id", id, dump.at("runs"));
      for (const std::string& table : tablesOfRuns(db)) {
        if (dump.contains(table)) insertRows(db, table, "run", id, dump.at(table));
      }
      checkRun(db, id);
      setTrashed(db, id, "");
      impl_->db->refreshSummary(id);
      std::filesystem::rename(folder, made);  // over the empty one
      try {
        transaction.commit();
      } catch (...) {
        std::filesystem::rename(made, folder);
        throw;
      }
      return std::to_string(id);
    } catch (const std::exception& error) {
      std::error_code ignored;
      if (!made.empty()) std::filesystem::remove(made, ignored);
      if (dynamic_cast<const Json::exception*>(&error)) throw Error(std::string("the document is not one of a run: ") + error.what());
      throw;
    }
  });
}

}  // namespace panicle
