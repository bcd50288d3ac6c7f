#include "core/runs/queue.h"

#include <SQLiteCpp/VariadicBind.h>

#include <algorithm>
#include <array>

#include "core/runs/queue_impl.h"
#include "core/runs/run_database.h"
#include "core/runs/run_lock.h"

namespace panicle {
namespace {

constexpr int kBusyTimeoutMs = 20'000;
constexpr std::array kStateNames{"waiting", "held", "running", "finished", "stopped", "failed", "cancelled", "interrupted"};
constexpr const char* kEnded = "state IN ('finished', 'stopped', 'failed', 'cancelled', 'interrupted')";

QueueState stateFromText(const std::string& text) {
  const auto found = std::find(kStateNames.begin(), kStateNames.end(), text);
  return found == kStateNames.end() ? QueueState::Interrupted : static_cast<QueueState>(found - kStateNames.begin());
}

// A spec of another version of Panicle must not hide its entry.
RunSpec storedSpec(const std::string& text) {
  RunSpec spec;
  std::vector<std::string> problems;
  fromJson(spec, Json::parse(text, nullptr, false), "", problems);
  return spec;
}

QueueState stateOf(RunStatus status) {
  switch (status) {
    case RunStatus::Finished: return QueueState::Finished;
    case RunStatus::Stopped: return QueueState::Stopped;
    case RunStatus::Failed: return QueueState::Failed;
    default: return QueueState::Interrupted;
  }
}

[[noreturn]] void refuse(const QueueEntry& entry, const std::string& what) {
  throw Error("entry " + std::to_string(entry.id) + " of the queue is " + toString(entry.state) + "; " + what);
}

bool pending(const QueueEntry& entry) {
  return entry.state == QueueState::Waiting || entry.state == QueueState::Held;
}

}  // namespace

const char* toString(QueueState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

std::filesystem::path laneLock(const std::filesystem::path& workspace, const std::string& lane, const std::string& machine) {
  std::string name = lane + "@" + machine + ".lock";
  std::replace(name.begin(), name.end(), ':', '-');
  return workspace / "queue" / name;
}

RunQueue::Impl::Impl(const RunStore& store)
    : store(store), file(store.workspace() / "panicle.db"), db(file.string(), SQLite::OPEN_READWRITE, kBusyTimeoutMs) {}

std::vector<QueueEntry> RunQueue::Impl::select(const std::string& where, const std::string& value) {
  SQLite::Statement row(db, "SELECT id, state, lane, label, made, message, added, started, ended, stop_asked, halving, spec FROM queue " + where);
  if (!value.empty()) row.bind(1, value);
  std::vector<QueueEntry> entries;
  while (row.executeStep()) {
    QueueEntry& entry = entries.emplace_back();
    entry.id = row.getColumn(0).getInt64();
    entry.state = stateFromText(row.getColumn(1).getString());
    entry.lane = row.getColumn(2).getString();
    entry.group = row.getColumn(3).getString();
    entry.run = row.getColumn(4).getString();
    entry.message = row.getColumn(5).getString();
    entry.added = row.getColumn(6).getString();
    entry.started = row.getColumn(7).getString();
    entry.ended = row.getColumn(8).getString();
    entry.stop_asked = row.getColumn(9).getInt() != 0;
    entry.rung = rungOf(row.getColumn(10).getString());
    auto known = specs.find(entry.id);
    if (known == specs.end()) known = specs.emplace(entry.id, storedSpec(row.getColumn(11).getString())).first;
    entry.spec = known->second;
  }
  return entries;
}

QueueEntry RunQueue::Impl::require(std::int64_t id) {
  const auto found = select("WHERE id = ?", std::to_string(id));
  if (found.empty()) throw Error("there is no entry " + std::to_string(id) + " in the queue; 'panicle-cli queue list' shows them");
  return found.front();
}

std::vector<std::pair<std::int64_t, std::string>> RunQueue::Impl::dead() {
  SQLite::Statement row(db, "SELECT id, lane, machine, made FROM queue WHERE state = 'running'");
  std::vector<std::pair<std::int64_t, std::string>> dead;
  while (row.executeStep()) {
    if (RunLock::isHeld(laneLock(store.workspace(), row.getColumn(1).getString(), row.getColumn(2).getString()))) continue;
    dead.emplace_back(row.getColumn(0).getInt64(), row.getColumn(3).getString());
  }
  return dead;
}

void RunQueue::Impl::settleDeadIfAny() {
  if (!reading([&] { return dead(); }).empty()) guarded([&] { settleDead(); });
}

void RunQueue::Impl::settleDead() {
  for (const auto& [id, run] : dead()) {
    // Its run may have come to an end that the queue was not told of any more.
    SQLite::Statement status(db, "SELECT status FROM runs WHERE id = ?");
    status.bind(1, run);
    const RunStatus known = status.executeStep() ? statusFromText(status.getColumn(0).getString()) : RunStatus::Interrupted;
    SQLite::Statement update(db, "UPDATE queue SET state = ?, ended = ? WHERE id = ?");
    SQLite::bind(update, toString(stateOf(known)), utcNow(), id);
    update.exec();
  }
}

void RunQueue::Impl::setState(std::int64_t id, QueueState state) {
  SQLite::Statement row(db, "UPDATE queue SET state = ? WHERE id = ?");
  SQLite::bind(row, toString(state), id);
  row.exec();
}

std::int64_t RunQueue::Impl::lastPosition() {
  return db.execAndGet("SELECT CAST(COALESCE(MAX(position), 0) AS INTEGER) FROM queue").getInt64();
}

void RunQueue::Impl::insert(const std::vector<RunSpec>& added, const std::vector<std::string>& lanes, const std::string& group, QueueState state,
                            const std::string& halving, std::vector<std::int64_t>& ids) {
  std::int64_t position = lastPosition();
  SQLite::Statement row(db, "INSERT INTO queue (position, state, lane, label, added, halving, spec) VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (std::size_t i = 0; i < added.size(); ++i) {
    SQLite::bind(row, ++position, toString(state), lanes[i], group, utcNow(), halving,
                 specToJson(added[i]).dump(-1, ' ', false, Json::error_handler_t::replace));
    row.exec();
    row.reset();
    ids.push_back(db.getLastInsertRowid());
  }
}

OnFailure RunQueue::Impl::onFailure() {
  SQLite::Statement row(db, "SELECT value FROM choices WHERE name = 'queue_on_failure'");
  return row.executeStep() && row.getColumn(0).getString() == "hold" ? OnFailure::Hold : OnFailure::Continue;
}

RunQueue::RunQueue(const RunStore& store) {
  try {
    std::filesystem::create_directories(store.workspace() / "queue");
    impl_ = std::make_unique<Impl>(store);
  } catch (const SQLite::Exception& error) {
    throw fileError(store.workspace() / "panicle.db", std::string("the queue cannot be opened: ") + error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    throw fileError(error.path1(), "cannot be made: " + error.code().message());
  }
}

RunQueue::~RunQueue() = default;

std::vector<std::int64_t> RunQueue::add(const std::vector<RunSpec>& specs, const QueueOptions& options) {
  std::vector<std::string> lanes;
  for (const RunSpec& spec : specs) {
    throwProblems(spec.name.empty() ? "the run cannot start:" : "the run '" + spec.name + "' cannot start:", check(spec));
    lanes.push_back(laneOf(spec.device));
  }
  if (options.halving) checkHalving(*options.halving);
  return impl_->guarded([&] {
    std::vector<std::int64_t> ids;
    std::vector<RunSpec> first = specs;
    std::string halving;
    if (options.halving) {
      const std::int64_t key = impl_->db.execAndGet("SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'queue'").getInt64();
      halving = halvingText(*options.halving, 0, key);
      for (RunSpec& spec : first) spec = withEpochs(std::move(spec), options.halving->epochs.front());
    }
    impl_->insert(first, lanes, options.group, options.held ? QueueState::Held : QueueState::Waiting, halving, ids);
    return ids;
  });
}

std::vector<QueueEntry> RunQueue::list() const {
  impl_->settleDeadIfAny();
  return impl_->reading([&] {
    return impl_->select(std::string("ORDER BY ") + kEnded + ", state <> 'running', CASE WHEN " + kEnded +
                         " THEN 0 ELSE position END, ended DESC, CAST(made AS INTEGER) DESC, id DESC");
  });
}

QueueEntry RunQueue::get(std::int64_t id) const {
  impl_->settleDeadIfAny();
  return impl_->reading([&] {
    return impl_->require(id);
  });
}

std::uint64_t RunQueue::changes() const {
  impl_->settleDeadIfAny();
  return impl_->reading([&] {
    const auto others = static_cast<std::uint64_t>(impl_->db.execAndGet("PRAGMA data_version").getInt64());
    return (others << 40) + static_cast<std::uint64_t>(impl_->db.getTotalChanges());
  });
}

void RunQueue::hold(std::int64_t id) {
  impl_->guarded([&] {
    const QueueEntry entry = impl_->require(id);
    if (entry.state != QueueState::Waiting) refuse(entry, "only what waits can be held");
    impl_->setState(id, QueueState::Held);
  });
}

void RunQueue::release(std::int64_t id) {
  impl_->guarded([&] {
    const QueueEntry entry = impl_->require(id);
    if (entry.state != QueueState::Held) refuse(entry, "only what is held can be released");
    impl_->setState(id, QueueState::Waiting);
  });
}

void RunQueue::cancel(std::int64_t id) {
  impl_->guarded([&] {
    impl_->settleDead();
    const QueueEntry entry = impl_->require(id);
    if (!pending(entry) && entry.state != QueueState::Running) refuse(entry, "it has ended already");
    SQLite::Statement row(impl_->db, entry.state == QueueState::Running ? "UPDATE queue SET stop_asked = 1 WHERE id = ?"
                                                                        : "UPDATE queue SET state = 'cancelled', ended = ? WHERE id = ?");
    if (entry.state == QueueState::Running) {
      SQLite::bind(row, id);
    } else {
      SQLite::bind(row, utcNow(), id);
    }
    row.exec();
    if (entry.state != QueueState::Running) impl_->promote(impl_->halvingOf(id));
  });
}

void RunQueue::retry(std::int64_t id) {
  impl_->guarded([&] {
    impl_->settleDead();
    const QueueEntry entry = impl_->require(id);
    if (pending(entry) || entry.state == QueueState::Running) refuse(entry, "it still has its turn");
    if (entry.state == QueueState::Finished) refuse(entry, "add its spec again for another run");
    SQLite::Statement row(impl_->db,
                          "UPDATE queue SET state = 'waiting', position = ?, message = '', started = '', ended = '', stop_asked = 0 WHERE id = ?");
    SQLite::bind(row, impl_->lastPosition() + 1, id);
    row.exec();
  });
}

void RunQueue::moveBefore(std::int64_t id, std::optional<std::int64_t> other) {
  impl_->guarded([&] {
    for (const std::int64_t each : {id, other.value_or(id)}) {
      if (const QueueEntry entry = impl_->require(each); !pending(entry)) refuse(entry, "only what waits or is held has a place in the order");
    }
    std::vector<std::int64_t> order;
    SQLite::Statement row(impl_->db, "SELECT id FROM queue WHERE state IN ('waiting', 'held') AND id <> ? ORDER BY position");
    row.bind(1, id);
    while (row.executeStep()) order.push_back(row.getColumn(0).getInt64());
    order.insert(other && *other != id ? std::find(order.begin(), order.end(), *other) : order.end(), id);
    SQLite::Statement place(impl_->db, "UPDATE queue SET position = ? WHERE id = ?");
    for (std::size_t i = 0; i < order.size(); ++i) {
      SQLite::bind(place, static_cast<std::int64_t>(i + 1), order[i]);
      place.exec();
      place.reset();
    }
  });
}

void RunQueue::remove(std::int64_t id) {
  impl_->guarded([&] {
    impl_->settleDead();
    const QueueEntry entry = impl_->require(id);
    if (entry.state == QueueState::Running) refuse(entry, "cancel it first");
    const std::string halving = impl_->halvingOf(id);
    SQLite::Statement row(impl_->db, "DELETE FROM queue WHERE id = ?");
    row.bind(1, id);
    row.exec();
    impl_->promote(halving);
  });
}

std::size_t RunQueue::removeEnded() {
  return impl_->guarded([&] {
    impl_->settleDead();
    return static_cast<std::size_t>(impl_->db.exec(std::string("DELETE FROM queue WHERE ") + kEnded));
  });
}

OnFailure RunQueue::onFailure() const {
  return impl_->reading([&] { return impl_->onFailure(); });
}

void RunQueue::setOnFailure(OnFailure policy) {
  impl_->guarded([&] {
    SQLite::Statement row(impl_->db, "INSERT OR REPLACE INTO choices (name, value) VALUES ('queue_on_failure', ?)");
    row.bind(1, policy == OnFailure::Hold ? "hold" : "continue");
    row.exec();
  });
}

}  // namespace panicle
