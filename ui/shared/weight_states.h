// Which architectures have weights on this machine, as it was when somebody last looked. The disk is read in
// a job; answers are instant. Lives on the GUI thread.
#pragma once

#include <QObject>
#include <QString>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/models/weight_search.h"

namespace panicle::ui {

class Jobs;

struct WeightState {
  std::optional<FoundWeights> found;
  quint64 bytes = 0;    // of the file that was found
  quint64 partial = 0;  // of a download that was begun and not ended
  QString problem;      // why it could not be looked for; "" normally
};

class WeightStates : public QObject {
  Q_OBJECT
 public:
  WeightStates(Jobs& jobs, std::filesystem::path workspace, QObject* parent = nullptr);

  // `name` as findArchitecture() takes it. Null while it is not known; then it is looked for, and changed()
  // follows. Null for ever for a name that no architecture has.
  const WeightState* state(const QString& name);
  // Whether downloads are switched off by HF_HUB_OFFLINE.
  bool offline() const { return offline_; }
  // Looks at the disk again; changed() follows.
  void refresh();

  const std::filesystem::path& workspace() const { return workspace_; }

 Q_SIGNALS:
  void changed();

 private:
  using States = std::map<std::string, WeightState>;

  bool looking() const;

  Jobs& jobs_;
  std::filesystem::path workspace_;
  std::set<std::string> names_;
  States states_;
  bool offline_ = false;
  quint64 job_ = 0;
  bool again_ = false;  // something was asked for while the job ran
};

// What downloadWeights() of `name` writes to until it is whole.
std::filesystem::path partialFile(const std::string& name, const std::filesystem::path& workspace);

}  // namespace panicle::ui
