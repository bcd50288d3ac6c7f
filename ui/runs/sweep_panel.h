// Many runs of the recipe at once: the settings to vary with their values, all combinations of them or a random sample, and the list of
// what would run, with the memory and time that each would need, before it goes into the queue; by successive halving if wanted.
#pragma once

#include <QTimer>
#include <QWidget>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/runs/queue.h"
#include "core/runs/run_summary.h"
#include "core/runs/sweep.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QTableView;
class QVBoxLayout;

namespace panicle::ui {

class HalvingBox;
class Session;
class SweepModel;

class SweepPanel : public QWidget {
  Q_OBJECT
 public:
  explicit SweepPanel(Session& session, QWidget* parent = nullptr);

  void open();                                            // on the recipe as it is now
  void addAxis(const QString& field, const QString& values);
  void setTimed(const std::vector<RunSummary>& runs);     // newest first; their epochs tell how long others take
  SweepModel& model() { return *model_; }
  QString problem() const;
  QPushButton* addButton() const { return add_; }

 Q_SIGNALS:
  void queued(const std::vector<panicle::RunSpec>& specs, const panicle::QueueOptions& options);
  void closed();

 private:
  struct Axis {
    QWidget* row;
    QComboBox* field;
    QLineEdit* values;
  };

  QWidget* makeLeft();
  QWidget* makeRight();
  void fillFields(QComboBox* box);
  void removeAxis(QWidget* row);
  void proposeValues(const Axis& axis);
  void plan();
  std::vector<SweepMember> members(const std::optional<Halving>& halving) const;  // throws Error
  void forecast();
  void showState();
  double secondsOf(const RunSpec& spec) const;
  double secondsOfAll() const;   // below 0: not known
  void queue();

  Session& session_;
  SweepModel* model_;
  RunSpec base_;
  std::vector<FieldDescription> fields_;
  std::vector<Axis> axes_;
  std::unordered_map<std::string, double> timed_;  // seconds of an epoch, by what takes as long
  QTimer delay_;
  std::optional<Halving> halving_;
  quint64 job_ = 0;          // 0: none
  bool planning_ = false;    // the members' memory is being predicted
  QVBoxLayout* rows_;
  QPushButton* more_;
  QCheckBox* sample_;
  QSpinBox* draws_;
  QSpinBox* seeds_;
  HalvingBox* rounds_;
  QLabel* problem_;
  QLabel* state_;
  QTableView* table_;
  QPushButton* add_;
  QPushButton* close_;
};

}  // namespace panicle::ui
