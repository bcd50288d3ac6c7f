#include "ui/shared/memory_profiles.h"

#include <QSettings>
#include <algorithm>
#include <utility>

#include "ui/shared/jobs.h"

namespace panicle::ui {
namespace {

const QLatin1StringView kOwnKey("memory/own_mib");
const QLatin1StringView kOverheadGroup("memory/overhead_mib/");
constexpr quint64 kMib = quint64{1} << 20;
constexpr quint64 kFirstOwn = 16 * 1024;  // MiB

}  // namespace

MemoryProfiles::MemoryProfiles(Jobs& jobs, QSettings& settings, Find find, QObject* parent)
    : QObject(parent), jobs_(jobs), settings_(settings), find_(std::move(find)) {}

void MemoryProfiles::look() {
  if (!std::exchange(looked_, true)) search(true);
}

void MemoryProfiles::lookAgain() {
  if (looked_) search(false);
}

void MemoryProfiles::search(bool always) {
  const auto alike = [](const DeviceProfile& a, const DeviceProfile& b) {
    return a.name == b.name && a.total == b.total && a.overhead == b.overhead && a.overhead_measured == b.overhead_measured;
  };
  jobs_.start(
      this, tr("Looking at this machine's memory"),
      [find = find_](std::stop_token, const Progress&) { return find(); },
      [this, always, alike](std::vector<DeviceProfile> found) {
        if (!always && std::ranges::equal(found, standard_, alike)) return;
        standard_ = std::move(found);
        apply();
      });
}

void MemoryProfiles::apply() {
  profiles_ = standard_;
  profiles_.push_back(ownProfile(settings_.value(kOwnKey, kFirstOwn).toULongLong() * kMib));
  for (DeviceProfile& profile : profiles_) {
    const QVariant kept = settings_.value(keyOf(QString::fromStdString(profile.name)));
    if (kept.isValid()) profile.overhead = kept.toULongLong() * kMib;
  }
  Q_EMIT changed();
}

const DeviceProfile* MemoryProfiles::find(const QString& name) const {
  const auto found = std::find_if(profiles_.begin(), profiles_.end(), [&](const DeviceProfile& profile) {
    return QString::fromStdString(profile.name) == name;
  });
  return found == profiles_.end() ? nullptr : &*found;
}

// The processor is this machine's alone, and its card comes first.
const DeviceProfile* MemoryProfiles::ofDevice(const std::string& device) const {
  if (profiles_.empty()) return nullptr;
  if (device == "auto") return &profiles_.front();
  const ComputeKind wanted = device == "cpu" ? ComputeKind::Cpu : ComputeKind::Cuda;
  if (wanted == ComputeKind::Cuda)
    return profiles_.front().kind == ComputeKind::Cuda ? &profiles_.front() : nullptr;
  const auto found = std::find_if(profiles_.begin(), profiles_.end(),
                                  [](const DeviceProfile& profile) { return profile.kind == ComputeKind::Cpu; });
  return found == profiles_.end() ? nullptr : &*found;
}

bool MemoryProfiles::isElsewhere(const DeviceProfile& profile) const {
  return profile.kind == ComputeKind::Cuda && (profiles_.empty() || profile.name != profiles_.front().name);
}

bool MemoryProfiles::isOwn(const QString& name) const {
  return !profiles_.empty() && QString::fromStdString(profiles_.back().name) == name;
}

void MemoryProfiles::setOwn(quint64 total) {
  if (profiles_.empty() || profiles_.back().total == total) return;
  settings_.setValue(kOwnKey, total / kMib);
  apply();
}

QString MemoryProfiles::keyOf(QString name) {
  return kOverheadGroup + name.replace(u'/', u' ');
}

void MemoryProfiles::setOverhead(const QString& name, std::optional<quint64> bytes) {
  const QString key = keyOf(name);
  if (bytes) {
    settings_.setValue(key, *bytes / kMib);
  } else {
    settings_.remove(key);
  }
  apply();
}

bool MemoryProfiles::overheadChanged(const QString& name) const {
  return settings_.contains(keyOf(name));
}

}  // namespace panicle::ui
