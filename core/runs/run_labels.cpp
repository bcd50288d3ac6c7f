// RunStore: what a person says of runs, and the list of them all.
#include <SQLiteCpp/VariadicBind.h>

#include <ctime>

#include "core/runs/run_store_impl.h"
#include "core/runs/summary_tables.h"

namespace panicle {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string isoText(std::filesystem::file_time_type time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(std::chrono::file_clock::to_sys(time)));
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

std::vector<RunSummary> RunStore::summaries(Shown shown) const {
  return impl_->guarded([&] {
    impl_->markInterrupted();
    return loadSummaries(impl_->db->connection(), shown);
  });
}

std::uint64_t RunStore::changes() const {
  return impl_->guarded([&] {
    impl_->markInterrupted();
    SQLite::Database& db = impl_->db->connection();
    // The first counts what others commit, the second what this connection does.
    const auto others = static_cast<std::uint64_t>(db.execAndGet("PRAGMA data_version").getInt64());
    return (others << 40) + static_cast<std::uint64_t>(db.getTotalChanges());
  });
}

std::string RunStore::signOfLife(const std::string& run) const {
  return impl_->guarded([&] {
    const auto time = RunLock::signOfLife(impl_->folder(impl_->requireId(run)) / "running.lock");
    return time ? isoText(*time) : std::string();
  });
}

void RunStore::rename(const std::string& run, const std::string& name) {
  impl_->change(run, [&](SQLite::Database& db, std::int64_t id) {
    SQLite::Statement row(db, "UPDATE runs SET name = ? WHERE id = ?");
    SQLite::bind(row, name, id);
    row.exec();
  });
}

void RunStore::setStarred(const std::string& run, bool starred) {
  impl_->change(run, [&](SQLite::Database& db, std::int64_t id) { panicle::setStarred(db, id, starred); });
}

void RunStore::setNote(const std::string& run, const std::string& note) {
  impl_->change(run, [&](SQLite::Database& db, std::int64_t id) { panicle::setNote(db, id, note); });
}

void RunStore::addTag(const std::string& run, const std::string& tag) {
  const std::string clean = trimmed(tag);
  if (clean.empty()) throw Error("a tag needs at least one letter");
  impl_->change(run, [&](SQLite::Database& db, std::int64_t id) { panicle::addTag(db, id, clean); });
}

void RunStore::removeTag(const std::string& run, const std::string& tag) {
  impl_->change(run, [&](SQLite::Database& db, std::int64_t id) { panicle::removeTag(db, id, trimmed(tag)); });
}

void RunStore::keepAsIs(const std::string& run) {
  impl_->guarded([&] { impl_->markInterrupted(); });
  impl_->change(run, [&](SQLite::Database& db, std::int64_t id) {
    SQLite::Statement row(db, "UPDATE runs SET status = 'stopped' WHERE id = ? AND status = 'interrupted'");
    SQLite::bind(row, id);
    if (row.exec() == 0) throw Error("run " + run + " is not interrupted; there is nothing to decide about it");
  });
}

}  // namespace panicle
