// The queue as a table: what runs, what waits in which order, and what has ended. What waits can be dragged to another place.
#pragma once

#include <QAbstractTableModel>
#include <QList>
#include <QString>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/runs/queue.h"

namespace panicle::ui {

class QueueModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Place, State, Name, Architecture, Lane, Group, Added, Run, Columns };
  // What to say of a run that is in work, by its id; "" for nothing.
  using Progress = std::function<QString(const std::string& run)>;
  static constexpr int kEntryRole = Qt::UserRole;  // the entry's id

  using QAbstractTableModel::QAbstractTableModel;

  void setEntries(std::vector<QueueEntry> entries);  // as RunQueue::list() tells them
  const std::vector<QueueEntry>& entries() const { return entries_; }
  const QueueEntry* entry(const QModelIndex& index) const;  // null: not valid
  int rowOf(std::int64_t id) const;                          // -1: not there
  std::size_t waiting() const;                               // held ones not counted
  std::size_t running() const;
  void setProgress(Progress progress);
  void tellProgress();                                       // it says something else now
  // The entry among those that may be moved (waiting or held) that stands `by` places on from `id`.
  std::optional<std::int64_t> neighbour(std::int64_t id, int by) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  Qt::DropActions supportedDropActions() const override { return Qt::MoveAction; }
  QStringList mimeTypes() const override;
  QMimeData* mimeData(const QModelIndexList& indexes) const override;
  bool canDropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column, const QModelIndex& parent) const override;
  bool dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column, const QModelIndex& parent) override;

 Q_SIGNALS:
  // Entries were dropped, in this order, before another one, or (-1) at the end of those that wait.
  void moved(const QList<qint64>& ids, qint64 before);

 private:
  QString text(int row, Column column) const;
  QString outcome(const QueueEntry& entry) const;
  QString tip(const QueueEntry& entry) const;

  std::vector<QueueEntry> entries_;
  Progress progress_;
};

QString queueIcon(QueueState state);
bool mayMove(const QueueEntry& entry);   // waiting or held
bool hasEnded(const QueueEntry& entry);

}  // namespace panicle::ui
