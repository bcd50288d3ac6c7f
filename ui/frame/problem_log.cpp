#include "ui/frame/problem_log.h"

#include <algorithm>

#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr std::size_t kMaxWarnings = 50;  // of one data set

QString badFiles(const Census& census) {
  const BadFile& first = census.bad.front();
  const QString example = QString::fromStdString(first.path) + QStringLiteral(": ") + QString::fromStdString(first.reason);
  if (census.bad.size() == 1) return ProblemLog::tr("One photo cannot be read. %1").arg(example);
  return ProblemLog::tr("%1 photos cannot be read; the Data page lists them. The first: %2")
      .arg(formatCount(census.bad.size()), example);
}

// Core's messages go on after a file's name or a key; on their own they are sentences. What is no word
// (a file, a name with a colon) stays.
QString sentence(QString text) {
  qsizetype end = 0;
  while (end < text.size() && text[end].isLower()) ++end;
  if (end > 0 && end < text.size() && text[end] == QLatin1Char(' ')) text[0] = text[0].toUpper();
  return text;
}

}  // namespace

ProblemLog::ProblemLog(Session& session, QObject* parent) : QObject(parent) {
  connect(&session, &Session::problemReported, this, [this](const QString& text) { add(Problem::Kind::Error, text); });
  connect(&session, &Session::told, this, [this](const QString& cause, const QString& text, Session::Weight weight) {
    if (text.isEmpty()) return end(cause);
    add(weight == Session::Weight::Error ? Problem::Kind::Error : Problem::Kind::Notice, text, cause);
  });
  connect(&session, &Session::datasetChanged, this, [this, &session] {
    dropWarnings();
    const std::vector<std::string>& warnings = session.dataset()->warnings;
    const std::size_t shown = std::min(warnings.size(), kMaxWarnings);
    for (std::size_t i = 0; i < shown; ++i) add(Problem::Kind::Warning, QString::fromStdString(warnings[i]));
    if (shown < warnings.size()) {
      add(Problem::Kind::Warning, tr("And %1 more of the data set.").arg(formatCount(warnings.size() - shown)));
    }
  });
  connect(&session, &Session::censusChanged, this, [this, &session] {
    if (session.census() && !session.census()->bad.empty()) add(Problem::Kind::Warning, badFiles(*session.census()));
  });
  connect(&session.runs(), &RunController::events, this, [this](const std::vector<TrainEvent>& events) {
    for (const TrainEvent& event : events) {
      if (const auto* warning = std::get_if<Warning>(&event)) {
        add(Problem::Kind::Warning, QString::fromStdString(warning->message));
      }
    }
  });
}

void ProblemLog::add(Problem::Kind kind, const QString& message, const QString& cause) {
  const QString text = sentence(message);
  const auto same = [&](const Problem& problem) { return problem.text == text || (!cause.isEmpty() && problem.cause == cause); };
  problems_.erase(std::remove_if(problems_.begin(), problems_.end(), same), problems_.end());
  problems_.push_back({kind, text, cause});
  if (problems_.size() > kMax) problems_.removeFirst();
  Q_EMIT changed();
  Q_EMIT added(problems_.back());
}

void ProblemLog::end(const QString& cause) {
  const auto ended = [&](const Problem& problem) { return problem.cause == cause; };
  const auto left = std::remove_if(problems_.begin(), problems_.end(), ended);
  if (left == problems_.end()) return;
  problems_.erase(left, problems_.end());
  Q_EMIT changed();
}

bool ProblemLog::contains(const QString& text) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& problem) { return problem.text == text; });
}

void ProblemLog::dropWarnings() {
  const auto old = [](const Problem& problem) { return problem.kind == Problem::Kind::Warning; };
  problems_.erase(std::remove_if(problems_.begin(), problems_.end(), old), problems_.end());
  Q_EMIT changed();
}

void ProblemLog::clear() {
  problems_.clear();
  Q_EMIT changed();
}

}  // namespace panicle::ui
