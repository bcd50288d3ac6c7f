// The recipe with its undo and redo steps.
#pragma once

#include <QString>
#include <cstddef>
#include <vector>

#include "core/runs/run_spec.h"

namespace panicle::ui {

class RecipeHistory {
 public:
  const RunSpec& current() const { return steps_[at_].spec; }
  // Forgets what could be redone; false when `spec` is what is there already.
  bool push(const RunSpec& spec, const QString& what);
  // Replaces everything by one state without undo.
  void reset(const RunSpec& spec);

  bool canUndo() const { return at_ > 0; }
  bool canRedo() const { return at_ + 1 < steps_.size(); }
  void undo() { at_ -= canUndo() ? 1 : 0; }
  void redo() { at_ += canRedo() ? 1 : 0; }
  QString undoText() const { return canUndo() ? steps_[at_].what : QString(); }
  QString redoText() const { return canRedo() ? steps_[at_ + 1].what : QString(); }

 private:
  struct Step {
    RunSpec spec;
    QString what;  // the change that led here
  };

  std::vector<Step> steps_{Step{}};
  std::size_t at_ = 0;
};

}  // namespace panicle::ui
