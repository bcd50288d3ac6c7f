#include "ui/runs/runs_model.h"

#include <QFont>
#include <QHash>
#include <QIcon>
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "ui/runs/compared_run.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

// Reading an icon costs a file; a table asks for it at every painting of a row.
const QIcon& keptIcon(const QString& name) {
  static QHash<QString, QIcon> icons;
  auto found = icons.find(name);
  if (found == icons.end()) found = icons.insert(name, lineIcon(name));
  return *found;
}

RunColumn columnOf(int section) { return static_cast<RunColumn>(section); }

bool isText(RunColumn column) { return column == RunColumn::Name || column == RunColumn::Tags || column == RunColumn::Note; }

QVariant alignment(RunColumn column) {
  return QVariant::fromValue((columnWords(column).figures ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
}

double best(const std::vector<double>& values) {
  double lowest = RunSummary::kUnknown;
  for (double value : values) {
    if (std::isfinite(value) && !(lowest <= value)) lowest = value;
  }
  return lowest;
}

}  // namespace

RunsModel::RunsModel(QObject* parent) : QAbstractTableModel(parent) {}

std::vector<RunSummary> RunsModel::setRuns(std::vector<RunSummary> runs) {
  arrange(&runs);
  keepCompared();
  return runs;
}

void RunsModel::setQuery(RunQuery query) {
  query_ = std::move(query);
  arrange();
}

void RunsModel::setGrouped(bool grouped) {
  if (grouped == grouped_) return;
  grouped_ = grouped;
  arrange();
}

void RunsModel::setFolded(const QModelIndex& group, bool folded) {
  if (!group.isValid()) return;
  const Row& row = layout_.rows[static_cast<std::size_t>(group.row())];
  if (row.run >= 0 || row.group < 0) return;
  const std::string& name = layout_.groups[static_cast<std::size_t>(row.group)].architecture;
  if (folded ? !folded_.insert(name).second : folded_.erase(name) == 0) return;
  arrange();
}

// What is selected and current follows its run to the new place.
void RunsModel::arrange(std::vector<RunSummary>* fresh) {
  Q_EMIT layoutAboutToBeChanged();
  const QModelIndexList kept = persistentIndexList();
  std::vector<std::string> ids;
  for (const QModelIndex& old : kept) ids.push_back(idAt(static_cast<std::size_t>(old.row())));
  if (fresh) runs_.swap(*fresh);
  layout_ = makeLayout();
  std::unordered_map<std::string, int> places;
  for (const std::string& id : ids) places.emplace(id, -1);
  for (std::size_t i = 0; !places.empty() && i < layout_.rows.size(); ++i) {
    if (const auto found = places.find(idAt(i)); found != places.end()) found->second = static_cast<int>(i);
  }
  for (qsizetype i = 0; i < kept.size(); ++i) {
    const int row = places[ids[static_cast<std::size_t>(i)]];
    changePersistentIndex(kept[i], row < 0 ? QModelIndex() : index(row, kept[i].column()));
  }
  Q_EMIT layoutChanged();
  Q_EMIT arranged();
}

RunsModel::Layout RunsModel::makeLayout() {
  matching_ = query_.filter(runs_);
  // What is not known stands last, whichever way the column goes; equals stay as the store has them, newest first.
  const auto known = std::stable_partition(matching_.begin(), matching_.end(), [&](std::size_t i) { return isKnown(runs_[i], sortColumn_); });
  const bool down = order_ == Qt::DescendingOrder;
  std::stable_sort(matching_.begin(), known, [&](std::size_t a, std::size_t b) {
    return down ? comesBefore(runs_[b], runs_[a], sortColumn_) : comesBefore(runs_[a], runs_[b], sortColumn_);
  });
  Layout made;
  if (!grouped_) {
    made.rows.reserve(matching_.size());
    for (std::size_t i : matching_) made.rows.push_back({-1, static_cast<std::ptrdiff_t>(i)});
    return made;
  }
  // Groups stand in the order of their first runs, so that sorting by a figure brings the best architecture to the top.
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i : matching_) {
    const auto [found, first] = places.emplace(runs_[i].architecture, made.groups.size());
    if (first) made.groups.push_back({runs_[i].architecture, {}});
    made.groups[found->second].runs.push_back(i);
  }
  for (std::size_t g = 0; g < made.groups.size(); ++g) {
    made.rows.push_back({static_cast<int>(g), -1});
    if (folded_.contains(made.groups[g].architecture)) continue;
    for (std::size_t i : made.groups[g].runs) made.rows.push_back({static_cast<int>(g), static_cast<std::ptrdiff_t>(i)});
  }
  return made;
}

// Two rows are the same across a change when this is.
std::string RunsModel::idAt(std::size_t at) const {
  const Row& row = layout_.rows[at];
  if (row.run >= 0) return runs_[static_cast<std::size_t>(row.run)].id;
  return '/' + layout_.groups[static_cast<std::size_t>(row.group)].architecture;
}

void RunsModel::sort(int column, Qt::SortOrder order) {
  if (column < 0 || column >= columnCount()) return;
  sortColumn_ = columnOf(column);
  order_ = order;
  arrange();
}

const RunSummary* RunsModel::run(const QModelIndex& index) const {
  if (!index.isValid() || index.row() >= rowCount()) return nullptr;
  const Row& row = layout_.rows[static_cast<std::size_t>(index.row())];
  return row.run < 0 ? nullptr : &runs_[static_cast<std::size_t>(row.run)];
}

const RunSummary* RunsModel::find(const std::string& id) const {
  const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const RunSummary& run) { return run.id == id; });
  return found == runs_.end() ? nullptr : &*found;
}

QModelIndex RunsModel::indexOf(const std::string& id) const {
  const auto found = std::find_if(layout_.rows.begin(), layout_.rows.end(),
                                  [&](const Row& row) { return row.run >= 0 && runs_[static_cast<std::size_t>(row.run)].id == id; });
  return found == layout_.rows.end() ? QModelIndex() : index(static_cast<int>(found - layout_.rows.begin()), 0);
}

bool RunsModel::isCompared(const std::string& id) const { return std::find(compared_.begin(), compared_.end(), id) != compared_.end(); }

void RunsModel::setCompared(const std::vector<std::string>& ids) {
  std::vector<std::string> next(ids.begin(), ids.begin() + std::min<std::ptrdiff_t>(std::ssize(ids), kMostCompared));
  if (std::ssize(ids) > kMostCompared) Q_EMIT comparedFull();
  if (next == compared_) return;
  compared_ = std::move(next);
  if (!layout_.rows.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1), {Qt::CheckStateRole, kComparedRole});
  Q_EMIT comparedChanged();
}

void RunsModel::keepCompared() {
  std::vector<std::string> next;
  std::copy_if(compared_.begin(), compared_.end(), std::back_inserter(next), [this](const std::string& id) { return find(id) != nullptr; });
  setCompared(next);
}

void RunsModel::patch(const std::string& id, const std::function<void(RunSummary&)>& change) {
  const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const RunSummary& run) { return run.id == id; });
  if (found == runs_.end()) return;
  change(*found);
  const QModelIndex row = indexOf(id);
  if (row.isValid()) Q_EMIT dataChanged(row, row.siblingAtColumn(columnCount() - 1));
}

int RunsModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(layout_.rows.size()); }

int RunsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(RunColumn::Count); }

QVariant RunsModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Row& row = layout_.rows[static_cast<std::size_t>(index.row())];
  const RunColumn column = columnOf(index.column());
  if (role == Qt::TextAlignmentRole) return alignment(column);
  return row.run >= 0 ? runData(runs_[static_cast<std::size_t>(row.run)], column, role)
                      : groupData(layout_.groups[static_cast<std::size_t>(row.group)], column, role);
}

QVariant RunsModel::runData(const RunSummary& run, RunColumn column, int role) const {
  switch (role) {
    case Qt::DisplayRole: return column == RunColumn::Star || column == RunColumn::Curve ? QString() : cellText(run, column);
    case Qt::EditRole: return column == RunColumn::Note ? QString::fromStdString(run.note) : cellText(run, column);
    case Qt::ToolTipRole: return cellTip(run, column);
    case Qt::DecorationRole:
      if (column == RunColumn::Status) return keptIcon(statusIcon(run.status));
      if (column == RunColumn::Star) return keptIcon(run.starred ? QStringLiteral("star-full") : QStringLiteral("star"));
      return {};
    case Qt::CheckStateRole:
      if (column == RunColumn::Run) return isCompared(run.id) ? Qt::Checked : Qt::Unchecked;
      return {};
    case Qt::AccessibleTextRole:
      if (column == RunColumn::Star) return run.starred ? tr("starred") : tr("no star");
      if (column == RunColumn::Curve) return cellText(run, RunColumn::Last);
      return cellText(run, column);
    case kRunRole: return QString::fromStdString(run.id);
    case kCurveRole: return QVariant::fromValue(static_cast<const void*>(&run));
    case kComparedRole: {
      const auto found = std::find(compared_.begin(), compared_.end(), run.id);
      return found == compared_.end() ? -1 : static_cast<int>(found - compared_.begin());
    }
    default: return {};
  }
}

QVariant RunsModel::groupData(const Group& group, RunColumn column, int role) const {
  switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole: return groupText(group, column);
    case Qt::DecorationRole:
      if (column != RunColumn::Architecture) return {};
      return keptIcon(folded_.contains(group.architecture) ? QStringLiteral("chevron-right") : QStringLiteral("chevron-down"));
    case Qt::FontRole: {
      QFont bold;
      bold.setBold(true);
      return bold;
    }
    case Qt::ToolTipRole:
      return QStringLiteral("<p>%1</p>").arg(tr("All runs of %1 that are shown. Figures are the best among them, the time is their mean. Enter, or a click, folds them.")
                                                 .arg(QString::fromStdString(group.architecture).toHtmlEscaped()));
    case kRunRole: return QString();
    case kFoldedRole: return folded_.contains(group.architecture);
    default: return {};
  }
}

QString RunsModel::groupText(const Group& group, RunColumn column) const {
  const auto values = [&](auto value) {
    std::vector<double> all;
    for (std::size_t i : group.runs) all.push_back(value(runs_[i]));
    return all;
  };
  switch (column) {
    case RunColumn::Architecture: return QString::fromStdString(group.architecture);
    case RunColumn::Name: return group.runs.size() == 1 ? tr("1 run") : tr("%1 runs").arg(formatCount(group.runs.size()));
    // Figures of different metrics cannot be told against each other.
    case RunColumn::Best: {
      const double lowest = best(values([](const RunSummary& run) { return run.monitor == "error_rate" ? run.best : RunSummary::kUnknown; }));
      return std::isfinite(lowest) ? formatPercent(lowest) : QString();
    }
    case RunColumn::Tta: {
      const double lowest = best(values([](const RunSummary& run) { return run.tta; }));
      return std::isfinite(lowest) ? formatPercent(lowest) : QString();
    }
    case RunColumn::EpochTime: {
      double sum = 0;
      int count = 0;
      for (double seconds : values([](const RunSummary& run) { return run.seconds_per_epoch; })) {
        if (!std::isfinite(seconds)) continue;
        sum += seconds;
        ++count;
      }
      return count > 0 ? formatDuration(sum / count) : QString();
    }
    default: return {};
  }
}

bool RunsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  const RunSummary* changed = run(index);
  if (!changed) return false;
  const RunColumn column = columnOf(index.column());
  if (role == Qt::CheckStateRole && column == RunColumn::Run) {
    std::vector<std::string> next = compared_;
    if (value.toInt() == Qt::Unchecked) {
      std::erase(next, changed->id);
    } else if (!isCompared(changed->id)) {
      if (std::ssize(next) >= kMostCompared) {
        Q_EMIT comparedFull();
        return false;
      }
      next.push_back(changed->id);
    }
    setCompared(next);
    return true;
  }
  if (role != Qt::EditRole || !isText(column)) return false;
  const QString text = value.toString().trimmed();
  if (text == data(index, Qt::EditRole).toString()) return false;
  Q_EMIT edited(QString::fromStdString(changed->id), column, text);
  return true;
}

Qt::ItemFlags RunsModel::flags(const QModelIndex& index) const {
  if (!index.isValid()) return Qt::NoItemFlags;
  Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
  if (!run(index)) return flags;
  const RunColumn column = columnOf(index.column());
  if (column == RunColumn::Run) flags |= Qt::ItemIsUserCheckable;
  if (isText(column)) flags |= Qt::ItemIsEditable;
  return flags;
}

QVariant RunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  const ColumnWords& words = columnWords(columnOf(section));
  switch (role) {
    case Qt::DisplayRole: return words.title;
    case Qt::ToolTipRole: return QStringLiteral("<p>%1</p>").arg(words.help.toHtmlEscaped());
    case Qt::TextAlignmentRole: return alignment(words.column);
    default: return {};
  }
}

}  // namespace panicle::ui
