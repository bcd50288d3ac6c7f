// The memories that can be planned for: this machine's, well-known cards', one of the user's own; and what the
// user knows better about them. Kept with the workspace. Lives on the GUI thread.
#pragma once

#include <QObject>
#include <QString>
#include <functional>
#include <optional>
#include <vector>

#include "core/memory/device_profile.h"

class QSettings;

namespace panicle::ui {

class Jobs;

class MemoryProfiles : public QObject {
  Q_OBJECT
 public:
  using Find = std::function<std::vector<DeviceProfile>()>;

  MemoryProfiles(Jobs& jobs, QSettings& settings, Find find = deviceProfiles, QObject* parent = nullptr);

  // Looks at this machine's device in a job, once; changed() follows.
  void look();
  // Once more, where it was looked before: what runs took may have taught another overhead. changed() follows where it did.
  void lookAgain();
  // This machine's first, the user's own last; empty until look() has answered.
  const std::vector<DeviceProfile>& all() const { return profiles_; }
  const DeviceProfile* find(const QString& name) const;
  // Where a run of RunSpec::device would be trained; null where this machine has no such device.
  const DeviceProfile* ofDevice(const std::string& device) const;

  bool isElsewhere(const DeviceProfile& profile) const;  // no device of this machine
  bool isOwn(const QString& name) const;
  void setOwn(quint64 total);  // bytes of the user's own card

  // Of the process beside its tensors, bytes; null takes back what was set here.
  void setOverhead(const QString& name, std::optional<quint64> bytes);
  bool overheadChanged(const QString& name) const;

 Q_SIGNALS:
  void changed();

 private:
  void search(bool always);  // `always`: changed() follows though nothing is new
  void apply();
  static QString keyOf(QString name);  // of what was set about it

  Jobs& jobs_;
  QSettings& settings_;
  Find find_;
  bool looked_ = false;
  std::vector<DeviceProfile> standard_;  // as core knows them, without the own one
  std::vector<DeviceProfile> profiles_;  // with what the user changed
};

}  // namespace panicle::ui
