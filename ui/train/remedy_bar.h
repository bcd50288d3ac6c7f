// After a run that was out of memory: the settings with which it fits, each a press away.
#pragma once

#include <QWidget>
#include <vector>

#include "core/runs/run_spec.h"
#include "core/train/events.h"

class QLabel;
class QToolButton;

namespace panicle::ui {

class FlowLayout;
class Session;

class RemedyBar : public QWidget {
  Q_OBJECT
 public:
  explicit RemedyBar(Session& session, QWidget* parent = nullptr);

  // Hidden where there are none. `spec` is the run's: what is taken of it is all but the remedy.
  void offer(const std::vector<Remedy>& remedies, const RunSpec& spec);
  const std::vector<QToolButton*>& buttons() const { return buttons_; }

 private:
  void add(const Remedy& remedy, const RunSpec& spec);
  bool take(const Remedy& remedy, RunSpec spec);  // into the recipe

  Session& session_;
  FlowLayout* flow_;
  QLabel* title_;
  std::vector<QToolButton*> buttons_;
};

}  // namespace panicle::ui
