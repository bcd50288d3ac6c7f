#include "ui/runs/queue_model.h"

#include <QMap>
#include <QMimeData>
#include <algorithm>
#include <utility>

#include "ui/runs/run_columns.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

const QLatin1StringView kEntryMime("application/x-panicle-queue-entry");

QString paragraph(const QString& words) { return QStringLiteral("<p>%1</p>").arg(words.toHtmlEscaped()); }

}  // namespace

QString queueIcon(QueueState state) {
  switch (state) {
    case QueueState::Waiting: return QStringLiteral("list");
    case QueueState::Held: return QStringLiteral("pause");
    case QueueState::Running: return QStringLiteral("play");
    case QueueState::Finished: return QStringLiteral("check");
    case QueueState::Stopped: return QStringLiteral("stop");
    case QueueState::Failed: return QStringLiteral("error");
    case QueueState::Cancelled: return QStringLiteral("close");
    case QueueState::Interrupted: return QStringLiteral("warning");
  }
  return {};
}

bool mayMove(const QueueEntry& entry) { return entry.state == QueueState::Waiting || entry.state == QueueState::Held; }

bool hasEnded(const QueueEntry& entry) { return !mayMove(entry) && entry.state != QueueState::Running; }

void QueueModel::setEntries(std::vector<QueueEntry> entries) {
  Q_EMIT layoutAboutToBeChanged();
  std::vector<std::int64_t> before;
  for (const QueueEntry& entry : entries_) before.push_back(entry.id);
  entries_ = std::move(entries);
  for (const QModelIndex& old : persistentIndexList()) {
    const int row = rowOf(before[static_cast<std::size_t>(old.row())]);
    changePersistentIndex(old, row < 0 ? QModelIndex() : index(row, old.column()));
  }
  Q_EMIT layoutChanged();
}

const QueueEntry* QueueModel::entry(const QModelIndex& index) const {
  return index.isValid() && index.row() < rowCount() ? &entries_[static_cast<std::size_t>(index.row())] : nullptr;
}

int QueueModel::rowOf(std::int64_t id) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [id](const QueueEntry& entry) { return entry.id == id; });
  return found == entries_.end() ? -1 : static_cast<int>(found - entries_.begin());
}

std::size_t QueueModel::waiting() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const QueueEntry& entry) { return entry.state == QueueState::Waiting; }));
}

std::size_t QueueModel::running() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const QueueEntry& entry) { return entry.state == QueueState::Running; }));
}

void QueueModel::setProgress(Progress progress) { progress_ = std::move(progress); }

// Those that run stand first.
void QueueModel::tellProgress() {
  if (const auto count = static_cast<int>(running()); count > 0) Q_EMIT dataChanged(index(0, Run), index(count - 1, Run), {Qt::DisplayRole});
}

std::optional<std::int64_t> QueueModel::neighbour(std::int64_t id, int by) const {
  std::vector<std::int64_t> movable;
  for (const QueueEntry& entry : entries_) {
    if (mayMove(entry)) movable.push_back(entry.id);
  }
  const auto at = std::find(movable.begin(), movable.end(), id) - movable.begin() + by;
  if (at < 0 || at >= std::ssize(movable)) return std::nullopt;
  return movable[static_cast<std::size_t>(at)];
}

int QueueModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(entries_.size()); }

int QueueModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : Columns; }

QString QueueModel::text(int row, Column column) const {
  const QueueEntry& entry = entries_[static_cast<std::size_t>(row)];
  switch (column) {
    case Place: {
      if (!mayMove(entry)) return {};
      const auto before = std::count_if(entries_.begin(), entries_.begin() + row, mayMove);
      return QString::number(before + 1);
    }
    case State: {
      const QString word = QString::fromUtf8(toString(entry.state));
      return entry.stop_asked && entry.state == QueueState::Running ? tr("stopping") : word;
    }
    case Name: return QString::fromStdString(entry.spec.name);
    case Architecture: return QString::fromStdString(entry.spec.model.arch);
    case Lane: return QString::fromStdString(entry.lane);
    case Group: return QString::fromStdString(entry.group);
    case Added: return localTime(entry.added);
    case Run: return outcome(entry);
    case Columns: break;
  }
  return {};
}

// Its number, and how far it is, or why it failed.
QString QueueModel::outcome(const QueueEntry& entry) const {
  const QString run = QString::fromStdString(entry.run);
  QString more;
  if (entry.state == QueueState::Running && progress_) more = progress_(entry.run);
  if (entry.state == QueueState::Failed) more = QString::fromStdString(entry.message).section(QLatin1Char('\n'), 0, 0);
  return more.isEmpty() ? run : run.isEmpty() ? more : QStringLiteral("%1: %2").arg(run, more);
}

QString QueueModel::tip(const QueueEntry& entry) const {
  if (!entry.message.empty()) return paragraph(QString::fromStdString(entry.message));
  return paragraph(QString::fromStdString(transformsInWords(entry.spec)) + QStringLiteral(" · ") + QString::fromStdString(entry.spec.model.arch) +
                   QStringLiteral(" · ") + QString::fromStdString(scheduleInWords(entry.spec)));
}

QVariant QueueModel::data(const QModelIndex& index, int role) const {
  const QueueEntry* shown = entry(index);
  if (!shown) return {};
  switch (role) {
    case Qt::DisplayRole: return text(index.row(), static_cast<Column>(index.column()));
    case Qt::ToolTipRole: return tip(*shown);
    case Qt::DecorationRole: return index.column() == State ? lineIcon(queueIcon(shown->state)) : QVariant();
    case Qt::TextAlignmentRole: return headerData(index.column(), Qt::Horizontal, role);
    case kEntryRole: return QVariant::fromValue(static_cast<qlonglong>(shown->id));
    default: return {};
  }
}

QVariant QueueModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= Columns) return {};
  static const QStringList titles{tr("#"), tr("State"), tr("Name"), tr("Architecture"), tr("Device"), tr("Sweep"), tr("Added"), tr("Run")};
  static const QStringList helps{
      tr("Its place among those that wait. Drag a row to another place, or press Alt with the arrow keys."),
      tr("What has become of the entry: waiting, held, running, and how it ended."),
      tr("The name that its run will have."),
      tr("The network that it trains."),
      tr("The device that it waits for. Each device does one run at a time."),
      tr("The sweep, or the repetition with several seeds, that it belongs to."),
      tr("When it was put into the queue, in local time. It keeps the recipe of that moment."),
      tr("The run that has come of it, how far it is, and why it failed."),
  };
  switch (role) {
    case Qt::DisplayRole: return titles[section];
    case Qt::ToolTipRole: return paragraph(helps[section]);
    case Qt::TextAlignmentRole: return QVariant::fromValue((section == Place ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    default: return {};
  }
}

// Between rows alone: the rows take nothing.
Qt::ItemFlags QueueModel::flags(const QModelIndex& index) const {
  const QueueEntry* shown = entry(index);
  if (!shown) return Qt::ItemIsDropEnabled;
  const Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
  return mayMove(*shown) ? flags | Qt::ItemIsDragEnabled : flags;
}

QStringList QueueModel::mimeTypes() const { return {kEntryMime}; }

QMimeData* QueueModel::mimeData(const QModelIndexList& indexes) const {
  QMap<int, QByteArray> rows;  // an index a column comes of each
  for (const QModelIndex& index : indexes) {
    const QueueEntry* dragged = entry(index);
    if (dragged && mayMove(*dragged)) rows[index.row()] = QByteArray::number(static_cast<qlonglong>(dragged->id));
  }
  if (rows.isEmpty()) return nullptr;
  auto* data = new QMimeData;
  data->setData(kEntryMime, QByteArrayList(rows.values()).join(','));
  return data;
}

bool QueueModel::canDropMimeData(const QMimeData* data, Qt::DropAction action, int, int, const QModelIndex&) const {
  return action == Qt::MoveAction && data && data->hasFormat(kEntryMime);
}

bool QueueModel::dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column, const QModelIndex& parent) {
  if (!canDropMimeData(data, action, row, column, parent)) return false;
  QList<qint64> ids;
  for (const QByteArray& id : data->data(kEntryMime).split(',')) ids << id.toLongLong();
  qint64 before = -1;
  const int below = row >= 0 ? row : parent.isValid() ? parent.row() : rowCount();
  for (auto entry = entries_.begin() + below; entry != entries_.end() && before < 0; ++entry) {
    if (mayMove(*entry) && !ids.contains(entry->id)) before = entry->id;
  }
  Q_EMIT moved(ids, before);
  return true;  // the rows go when the store has been read again
}

}  // namespace panicle::ui
