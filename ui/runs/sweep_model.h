// The runs of a sweep before they are queued: what each changes, what it would need, and why one cannot run.
#pragma once

#include <QAbstractTableModel>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/memory/device_profile.h"
#include "core/runs/sweep.h"

namespace panicle::ui {

// What a member would need; nothing where it is not known (yet).
struct MemberForecast {
  std::optional<std::uint64_t> bytes;   // of the device, at its peak
  Fit fit = Fit::Fits;
  double seconds = -1;                  // below 0: no run like it has been timed
};

class SweepModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  using QAbstractTableModel::QAbstractTableModel;

  void setMembers(std::vector<SweepMember> members);
  void setForecast(std::size_t member, const MemberForecast& forecast);
  const std::vector<SweepMember>& members() const { return members_; }
  std::vector<RunSpec> runnable() const;             // those without problems
  // Of all runnable ones; below 0 where one is not known.
  double seconds() const;
  std::size_t tooLarge() const;                      // runnable ones that do not fit

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;  // a column a key, then memory, time, and what is wrong
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  int settings() const;
  QString text(std::size_t member, int column) const;

  std::vector<SweepMember> members_;
  std::vector<MemberForecast> forecasts_;
};

}  // namespace panicle::ui
