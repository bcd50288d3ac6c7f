// Successive halving on the queue.
#include <SQLiteCpp/VariadicBind.h>

#include <algorithm>
#include <functional>

#include "core/runs/queue_impl.h"
#include "core/train/metrics.h"

namespace panicle {
namespace {

struct Contender {
  QueueEntry entry;
  double score = 0;  // smaller is better
};

std::string textAt(SQLite::Database& db, const char* query, const std::string& value) {
  SQLite::Statement row(db, query);
  row.bind(1, value);
  return row.executeStep() ? row.getColumn(0).getString() : "";
}

// The finished entries of a rung, the best first; those without a number at the end.
std::vector<Contender> ranked(SQLite::Database& db, const std::vector<QueueEntry>& rung) {
  std::vector<Contender> contenders;
  for (const QueueEntry& entry : rung) {
    if (entry.state != QueueState::Finished) continue;
    SQLite::Statement row(db, "SELECT monitor, best FROM summaries WHERE run = ? AND best IS NOT NULL");
    row.bind(1, entry.run);
    if (!row.executeStep()) continue;
    const double best = row.getColumn(1).getDouble();
    contenders.push_back({entry, smallerIsBetter(row.getColumn(0).getString()) ? best : -best});
  }
  std::stable_sort(contenders.begin(), contenders.end(), [](const Contender& a, const Contender& b) { return a.score < b.score; });
  return contenders;
}

// Of a rung with so many entries.
std::size_t kept(std::size_t entries, const Halving& halving) {
  return std::min(entries, std::max<std::size_t>(1, entries / static_cast<std::size_t>(halving.eta)));
}

}  // namespace

std::string halvingText(const Halving& halving, std::size_t rung, std::int64_t key) {
  return Json{{"key", key}, {"eta", halving.eta}, {"epochs", halving.epochs}, {"rung", rung}}.dump();
}

int rungOf(const std::string& halving) {
  const Json json = Json::parse(halving, nullptr, false);
  return json.is_object() ? json.value("rung", -1) : -1;
}

void checkHalving(const Halving& halving) {
  if (halving.eta < 2) throw Error("a halving keeps one of at least two: eta must be 2 or more");
  const auto& epochs = halving.epochs;
  if (epochs.empty() || epochs.front() < 1 || std::adjacent_find(epochs.begin(), epochs.end(), std::greater_equal<>()) != epochs.end()) {
    throw Error("the epochs of a halving must grow from rung to rung, such as 3,9,27");
  }
}

std::vector<std::size_t> rungSizes(const Halving& halving, std::size_t entries) {
  std::vector<std::size_t> sizes;
  for (std::size_t rung = 0; rung < halving.epochs.size(); ++rung) {
    sizes.push_back(rung == 0 ? entries : kept(sizes.back(), halving));
  }
  return sizes;
}

RunSpec withEpochs(RunSpec spec, int epochs) {
  spec.stages.back().schedule.epochs = epochs;
  return spec;
}

std::string RunQueue::Impl::halvingOf(std::int64_t id) {
  return textAt(db, "SELECT halving FROM queue WHERE id = ?", std::to_string(id));
}

void RunQueue::Impl::promote(const std::string& halving) {
  if (halving.empty()) return;
  const Json plan = Json::parse(halving);
  const Halving asked{.epochs = plan.at("epochs").get<std::vector<int>>(), .eta = plan.at("eta").get<int>()};
  const auto next = plan.at("rung").get<std::size_t>() + 1;
  const std::string above = halvingText(asked, next, plan.at("key").get<std::int64_t>());
  // A retried entry that ends late changes nothing any more.
  if (next >= asked.epochs.size() || !textAt(db, "SELECT id FROM queue WHERE halving = ?", above).empty()) return;
  const std::vector<QueueEntry> rung = select("WHERE halving = ?", halving);
  if (rung.empty()) return;
  const bool over = std::none_of(rung.begin(), rung.end(), [](const QueueEntry& entry) {
    return entry.state == QueueState::Waiting || entry.state == QueueState::Held || entry.state == QueueState::Running ||
           entry.state == QueueState::Interrupted;  // to be tried again, or removed
  });
  if (!over) return;
  const std::vector<Contender> best = ranked(db, rung);
  const std::size_t promotions = std::min(best.size(), kept(rung.size(), asked));
  std::vector<RunSpec> promoted;
  std::vector<std::string> lanes;
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < promotions; ++i) {
    promoted.push_back(withEpochs(best[i].entry.spec, asked.epochs[next]));
    lanes.push_back(best[i].entry.lane);
  }
  insert(promoted, lanes, rung.front().group, QueueState::Waiting, above, ids);
}

}  // namespace panicle
