#include "ui/memory/process_model.h"

#include <QFont>

#include "ui/shared/memory_words.h"

namespace panicle::ui {

// Row by row, so that the view keeps its place and selection from second to second.
void ProcessModel::set(const std::vector<ProcessMemory>& processes) {
  const int before = rowCount();
  const int now = static_cast<int>(processes.size());
  if (now < before) beginRemoveRows({}, now, before - 1);
  if (now > before) beginInsertRows({}, before, now - 1);
  processes_ = processes;
  if (now < before) endRemoveRows();
  if (now > before) endInsertRows();
  if (now > 0) Q_EMIT dataChanged(index(0, 0), index(now - 1, Columns - 1));
}

int ProcessModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(processes_.size());
}

int ProcessModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : Columns;
}

QVariant ProcessModel::data(const QModelIndex& index, int role) const {
  const ProcessMemory& process = processes_[static_cast<std::size_t>(index.row())];
  if (role == Qt::DisplayRole) {
    switch (index.column()) {
      case Program: return process.name.empty() ? tr("not told") : QString::fromStdString(process.name);
      case Pid: return QString::number(process.pid);
      case Memory: return mib(process.bytes);
      default: return {};
    }
  }
  if (role == Qt::TextAlignmentRole) return headerData(index.column(), Qt::Horizontal, role);
  if (role == Qt::ToolTipRole && process.own) return tr("This Panicle");
  if (role == Qt::FontRole && process.own) {
    QFont bold;
    bold.setBold(true);
    return bold;
  }
  return {};
}

QVariant ProcessModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole)
    return QVariant::fromValue((section == Program ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  if (role == Qt::DisplayRole) {
    switch (section) {
      case Program: return tr("Program");
      case Pid: return tr("PID");
      case Memory: return tr("MiB");
      default: return {};
    }
  }
  if (role == Qt::ToolTipRole) {
    switch (section) {
      case Program: return tr("<p>What holds memory, largest first. Bold: this Panicle.</p>");
      case Pid: return tr("<p>The number by which the system knows the process.</p>");
      case Memory:
        return tr("<p>On a card, as its driver counts. Else what is resident; pages that several programs share count for each.</p>");
      default: return {};
    }
  }
  return {};
}

}  // namespace panicle::ui
