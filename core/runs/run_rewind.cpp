// A stored run that goes on.
#include <SQLiteCpp/VariadicBind.h>

#include "core/runs/run_store_impl.h"

namespace panicle {
namespace {

void requireResumable(const RunRecord& record) {
  const std::string run = "run " + record.id;
  if (!record.trashed.empty()) throw Error(run + " is in the trash; take it out to resume it");
  switch (record.status) {
    case RunStatus::Running: throw Error(run + " is running, here or in another program; stop it there first");
    case RunStatus::Finished: throw Error(run + " has finished: there is nothing left to resume. Duplicate it to train on with other settings");
    case RunStatus::Queued: throw Error(run + " is waiting in the queue; it has not begun");
    case RunStatus::Stopped:
    case RunStatus::Failed:
    case RunStatus::Interrupted: return;
  }
}

template <typename... Values>
void exec(SQLite::Database& db, const char* sql, const Values&... values) {
  SQLite::Statement statement(db, sql);
  SQLite::bind(statement, values...);
  statement.exec();
}

}  // namespace

RunRecord RunStore::reopen(const std::string& run) {
  return impl_->guarded([&] {
    impl_->markInterrupted();
    const std::int64_t id = impl_->requireId(run);
    requireResumable(impl_->db->load(id).front());
    ActiveRun active(folder(run));
    // Another program may have had it between the look and the lock.
    RunRecord record = impl_->db->load(id).front();
    requireResumable(record);
    SQLite::Transaction transaction = impl_->db->begin();
    exec(impl_->db->connection(), "UPDATE runs SET status = ?, finished = '', message = '' WHERE id = ?",
         std::string(toString(RunStatus::Running)), id);
    impl_->db->refreshSummary(id);
    transaction.commit();
    active.buffer.seconds = record.seconds;
    active.buffer.peak_tensor_bytes = record.peak_tensor_bytes;
    impl_->active.emplace(run, std::move(active));
    return record;
  });
}

void RunStore::rewind(const std::string& run, std::uint64_t step, int epochs, double seconds) {
  impl_->guarded([&] {
    ActiveRun& active = impl_->requireActive(run);
    SQLite::Transaction transaction = impl_->db->begin();
    const std::int64_t id = impl_->requireId(run);
    SQLite::Database& db = impl_->db->connection();
    const auto last = static_cast<std::int64_t>(step);
    exec(db, "DELETE FROM steps WHERE run = ? AND step > ?", id, last);
    exec(db, "DELETE FROM changes WHERE run = ? AND step > ?", id, last);
    exec(db, "DELETE FROM splits WHERE run = ? AND step > ?", id, last);
    exec(db, "DELETE FROM memory WHERE run = ? AND step > ?", id, last);
    exec(db, "DELETE FROM epochs WHERE run = ? AND epoch >= ?", id, epochs);
    exec(db, "DELETE FROM metrics WHERE run = ? AND epoch >= ?", id, epochs);
    exec(db, "DELETE FROM results WHERE run = ?", id);
    exec(db, "DELETE FROM remedies WHERE run = ?", id);
    exec(db, "UPDATE runs SET seconds = ? WHERE id = ?", seconds, id);
    impl_->db->refreshSummary(id);
    const std::vector<MemoryRow> kept = impl_->db->memory(id);
    transaction.commit();
    active.buffer.seconds = seconds;
    active.buffer.memory = {};
    for (const MemoryRow& sample : kept) active.buffer.memory.add(sample);
  });
}

void RunStore::describe(const std::string& run, const Json& entries) {
  impl_->guarded([&] {
    SQLite::Transaction transaction = impl_->db->begin();
    const std::int64_t id = impl_->requireId(run);
    SQLite::Statement row(impl_->db->connection(), "SELECT environment FROM runs WHERE id = ?");
    row.bind(1, id);
    Json environment = Json::object();
    if (row.executeStep()) environment = Json::parse(row.getColumn(0).getString(), nullptr, false);
    if (!environment.is_object()) environment = Json::object();
    environment.update(entries);
    row.reset();
    exec(impl_->db->connection(), "UPDATE runs SET environment = ? WHERE id = ?", jsonText(environment), id);
    transaction.commit();
  });
}

}  // namespace panicle
