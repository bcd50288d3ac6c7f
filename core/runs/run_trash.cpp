// RunStore: the trash.
#include <SQLiteCpp/VariadicBind.h>

#include "core/runs/run_store_impl.h"
#include "core/runs/summary_tables.h"

namespace panicle {
namespace {

// A folder that is about to be removed has this name, so that what a crash leaves is seen for what it is.
constexpr const char* kDoomed = ".purged";

std::string textAt(SQLite::Database& db, const char* query, std::int64_t run) {
  SQLite::Statement row(db, query);
  row.bind(1, run);
  return row.executeStep() ? row.getColumn(0).getString() : "";
}

bool isTrashed(SQLite::Database& db, std::int64_t run) {
  return !textAt(db, "SELECT trashed FROM labels WHERE run = ?", run).empty();
}

void deleteRows(SQLite::Database& db, std::int64_t run) {
  std::vector<std::string> tables = tablesOfRuns(db);
  tables.emplace_back("summaries");
  for (const std::string& table : tables) {
    SQLite::Statement rows(db, "DELETE FROM " + table + " WHERE run = ?");
    rows.bind(1, run);
    rows.exec();
  }
  SQLite::Statement row(db, "DELETE FROM runs WHERE id = ?");
  row.bind(1, run);
  row.exec();
}

std::uint64_t sizeOf(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code skipped;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, skipped)) {
    if (entry.is_regular_file(skipped)) bytes += entry.file_size(skipped);
  }
  return bytes;
}

// Also what an earlier time did not come to remove.
void removeDoomed(const std::filesystem::path& runs) {
  for (const auto& entry : std::filesystem::directory_iterator(runs)) {
    if (entry.path().extension() == kDoomed) std::filesystem::remove_all(entry.path());
  }
}

}  // namespace

std::vector<std::int64_t> RunStore::Impl::requireIds(const std::vector<std::string>& runs) {
  std::vector<std::int64_t> ids;
  for (const std::string& run : runs) ids.push_back(requireId(run));
  return ids;
}

void RunStore::moveToTrash(const std::vector<std::string>& runs) {
  impl_->guarded([&] {
    impl_->markInterrupted();
    SQLite::Transaction transaction = impl_->db->begin();
    SQLite::Database& db = impl_->db->connection();
    for (const std::int64_t run : impl_->requireIds(runs)) {
      if (textAt(db, "SELECT status FROM runs WHERE id = ?", run) == "running") {
        throw Error("run " + std::to_string(run) + " is running; stop it before it goes to the trash");
      }
      if (!isTrashed(db, run)) setTrashed(db, run, utcNow());
    }
    transaction.commit();
  });
}

void RunStore::restore(const std::vector<std::string>& runs) {
  impl_->guarded([&] {
    SQLite::Transaction transaction = impl_->db->begin();
    for (const std::int64_t run : impl_->requireIds(runs)) setTrashed(impl_->db->connection(), run, "");
    transaction.commit();
  });
}

// The folders are put aside before the rows go: what a crash leaves in between is a run in the trash without files, which can be purged
// again, never files of a run that nobody knows.
std::uint64_t RunStore::purge(const std::vector<std::string>& runs) {
  return impl_->guarded([&] {
    std::uint64_t bytes = 0;
    SQLite::Transaction transaction = impl_->db->begin();
    SQLite::Database& db = impl_->db->connection();
    const std::vector<std::int64_t> ids = impl_->requireIds(runs);
    for (const std::int64_t run : ids) {
      if (!isTrashed(db, run)) throw Error("run " + std::to_string(run) + " is not in the trash; only what is there is removed for ever");
    }
    for (const std::int64_t run : ids) {
      const std::filesystem::path folder = impl_->folder(run);
      bytes += sizeOf(folder);
      if (std::filesystem::exists(folder)) std::filesystem::rename(folder, folder.string() + kDoomed);
      deleteRows(db, run);
    }
    transaction.commit();
    removeDoomed(impl_->workspace / "runs");
    return bytes;
  });
}

}  // namespace panicle
