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

void ProblemLog::add(Problem::Kind kind, const QString& message) {
  const QString text = sentence(message);
  const auto same = [&](const Problem& problem) { return problem.text == text; };
  problems_.erase(std::remove_if(problems_.begin(), problems_.end(), same), problems_.end());
  problems_.push_back({kind, text});
  if (problems_.size() > kMax) problems_.removeFirst();
  Q_EMIT changed();
  Q_EMIT added(problems_.back());
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
