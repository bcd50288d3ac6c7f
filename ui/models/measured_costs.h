// What a training step of each architecture costs on this machine, as it was measured here: kept with the
// workspace.
#pragma once

#include <QObject>
#include <QString>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/size.h"

namespace panicle::ui {

class Session;

struct MeasuredCost {
  std::string arch;       // Architecture::name
  Size size;              // that the network got
  double seconds = 0;     // for 64 images
  quint64 bytes = 0;      // of tensors at a batch of 64; 0: not known
  std::string device;     // "CPU, 2 threads"
  std::string precision;  // "fp32"
  std::string day;        // ISO 8601
};

// Lives on the GUI thread; measures in a job, one architecture at a time.
class MeasuredCosts : public QObject {
  Q_OBJECT
 public:
  explicit MeasuredCosts(Session& session, QObject* parent = nullptr);

  const MeasuredCost* find(const std::string& arch, Size size) const;
  std::vector<const MeasuredCost*> of(const std::string& arch) const;  // at any size

  // With the recipe's size, device, precision and threads. Problems are reported to the session.
  void measure(const std::string& arch);
  void cancel();
  std::string measuring() const;  // the architecture, "" when none

 Q_SIGNALS:
  void changed();

 private:
  void load();
  void keep(MeasuredCost cost);
  void ended();

  Session& session_;
  std::vector<MeasuredCost> costs_;
  quint64 job_ = 0;
  std::string measuring_;
};

}  // namespace panicle::ui
