// The queue as a table: what runs, what waits in which order, and what has ended.
#pragma once

#include <QAbstractTableModel>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/runs/queue.h"

namespace panicle::ui {

class QueueModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Place, State, Name, Architecture, Lane, Group, Added, Run, Columns };
  static constexpr int kEntryRole = Qt::UserRole;  // the entry's id

  using QAbstractTableModel::QAbstractTableModel;

  void setEntries(std::vector<QueueEntry> entries);  // as RunQueue::list() tells them
  const std::vector<QueueEntry>& entries() const { return entries_; }
  const QueueEntry* entry(const QModelIndex& index) const;  // null: not valid
  int rowOf(std::int64_t id) const;                          // -1: not there
  std::size_t waiting() const;                               // held ones not counted
  bool running() const;
  // The entry among those that may be moved (waiting or held) that stands `by` places on from `id`.
  std::optional<std::int64_t> neighbour(std::int64_t id, int by) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  QString text(int row, Column column) const;
  QString tip(const QueueEntry& entry) const;

  std::vector<QueueEntry> entries_;
};

QString queueIcon(QueueState state);
bool mayMove(const QueueEntry& entry);   // waiting or held
bool hasEnded(const QueueEntry& entry);

}  // namespace panicle::ui
