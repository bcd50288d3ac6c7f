// One quantity of several runs in one plot: a metric or a loss by epoch, the loss or the learning rate over the steps. Runs that differ
// in their seed alone can be drawn as one curve, their mean, with each of them faint behind it.
#pragma once

#include <QWidget>
#include <string>
#include <vector>

#include "ui/runs/compared_run.h"

class QComboBox;
class QStackedWidget;

namespace panicle::ui {

class PlotCanvas;

// What can be drawn of a run.
struct Quantity {
  std::string id;      // "valid_loss", "error_rate"; "step:loss", "step:lr" over the steps
  QString label;

  bool overSteps() const { return id.starts_with("step:"); }
  friend bool operator==(const Quantity&, const Quantity&) = default;
};

// Of any of the runs, losses first; without the recalls of single classes.
std::vector<Quantity> quantitiesOf(const std::vector<ComparedRun>& runs);

class OverlayPanel : public QWidget {
  Q_OBJECT
 public:
  // `name` tells two panels apart to a screen reader: "Left plot".
  OverlayPanel(const QString& name, std::string wanted, QWidget* parent = nullptr);

  void setRuns(ComparedRuns runs, bool seedsAsOne);
  void choose(const std::string& id);  // stays wanted where the runs have none of it
  const std::string& wanted() const { return wanted_; }
  const std::string& shown() const { return shown_; }
  PlotCanvas* canvas() const;          // the one in sight

 Q_SIGNALS:
  void chosen(const std::string& id);
  void failed(const QString& problem);

 private:
  void fill();
  void draw();
  void drawRun(const ComparedRun& run, const Quantity& quantity, bool faint);
  void drawMean(const std::vector<const ComparedRun*>& runs, const Quantity& quantity);

  PlotCanvas* makeCanvas(const QString& x);

  QComboBox* choice_;
  QStackedWidget* stack_;
  PlotCanvas* byEpoch_;
  PlotCanvas* byStep_;
  ComparedRuns runs_;
  std::vector<Quantity> quantities_;
  std::string wanted_;
  std::string shown_;
  bool seedsAsOne_ = false;
};

}  // namespace panicle::ui
