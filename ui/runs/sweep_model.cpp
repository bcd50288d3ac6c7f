#include "ui/runs/sweep_model.h"

#include <QBrush>
#include <algorithm>

#include "core/runs/compare_runs.h"
#include "ui/shared/memory_words.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString paragraph(const QString& words) { return QStringLiteral("<p>%1</p>").arg(words.toHtmlEscaped()); }

QString problemsOf(const SweepMember& member) {
  QStringList all;
  for (const std::string& problem : member.problems) all << QString::fromStdString(problem);
  return all.join(QStringLiteral("; "));
}

}  // namespace

void SweepModel::setMembers(std::vector<SweepMember> members) {
  beginResetModel();
  members_ = std::move(members);
  forecasts_.assign(members_.size(), {});
  endResetModel();
}

void SweepModel::setForecast(std::size_t member, const MemberForecast& forecast) {
  if (member >= forecasts_.size()) return;
  forecasts_[member] = forecast;
  const int row = static_cast<int>(member);
  Q_EMIT dataChanged(index(row, settings()), index(row, columnCount() - 1));
}

std::vector<RunSpec> SweepModel::runnable() const {
  std::vector<RunSpec> specs;
  for (const SweepMember& member : members_) {
    if (member.problems.empty()) specs.push_back(member.spec);
  }
  return specs;
}

double SweepModel::seconds() const {
  double sum = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!members_[i].problems.empty()) continue;
    if (forecasts_[i].seconds < 0) return -1;
    sum += forecasts_[i].seconds;
  }
  return sum;
}

std::size_t SweepModel::tooLarge() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    count += members_[i].problems.empty() && forecasts_[i].bytes && forecasts_[i].fit == Fit::No ? 1 : 0;
  }
  return count;
}

int SweepModel::settings() const { return members_.empty() ? 0 : static_cast<int>(members_.front().settings.size()); }

int SweepModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(members_.size()); }

int SweepModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : settings() + 4; }

QString SweepModel::text(std::size_t at, int column) const {
  const SweepMember& member = members_[at];
  const MemberForecast& forecast = forecasts_[at];
  if (column < settings()) return QString::fromStdString(settingText(member.settings[static_cast<std::size_t>(column)].second));
  switch (column - settings()) {
    case 0: return QString::number(member.spec.seed);
    case 1: return forecast.bytes ? mib(*forecast.bytes) : QStringLiteral("–");
    case 2: return forecast.seconds < 0 ? QStringLiteral("–") : formatDuration(forecast.seconds);
    default: return problemsOf(member);
  }
}

QVariant SweepModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const auto at = static_cast<std::size_t>(index.row());
  const bool memory = index.column() == settings() + 1;
  const MemberForecast& forecast = forecasts_[at];
  switch (role) {
    case Qt::DisplayRole: return text(at, index.column());
    case Qt::ToolTipRole: return paragraph(members_[at].problems.empty() ? QString::fromStdString(members_[at].spec.name) : problemsOf(members_[at]));
    case Qt::TextAlignmentRole: return headerData(index.column(), Qt::Horizontal, role);
    case Qt::DecorationRole:
      if (index.column() == settings() + 3 && !members_[at].problems.empty()) return lineIcon(QStringLiteral("error"));
      if (memory && forecast.bytes && forecast.fit != Fit::Fits) return lineIcon(forecast.fit == Fit::No ? QStringLiteral("close") : QStringLiteral("warning"));
      return {};
    case Qt::ForegroundRole:
      if (memory && forecast.bytes && forecast.fit != Fit::Fits) return QBrush(fitColor(forecast.fit));
      return members_[at].problems.empty() ? QVariant() : QBrush(Theme::instance().colors().mutedText);
    default: return {};
  }
}

QVariant SweepModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  const int own = section - settings();
  if (role == Qt::TextAlignmentRole) return QVariant::fromValue((own >= 0 && own < 3 ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  if (own < 0) {
    const QString key = QString::fromStdString(members_.front().settings[static_cast<std::size_t>(section)].first);
    if (role == Qt::DisplayRole) return key.section(QLatin1Char('.'), -2).remove(QStringLiteral("model."));
    return role == Qt::ToolTipRole ? QVariant(paragraph(key)) : QVariant();
  }
  static const QStringList titles{tr("Seed"), tr("MiB"), tr("Time"), tr("What is wrong")};
  static const QStringList helps{tr("The seed of the run."), tr("Predicted: what it takes of the device's memory at its peak."),
                                 tr("From epochs of runs with the same network and transforms that were timed here."),
                                 tr("Why it cannot run. Such runs are left out.")};
  if (role == Qt::DisplayRole) return titles[own];
  return role == Qt::ToolTipRole ? QVariant(paragraph(helps[own])) : QVariant();
}

}  // namespace panicle::ui
