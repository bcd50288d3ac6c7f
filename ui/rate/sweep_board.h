// The sweeps made so far, the one in front, and the rate that is chosen of it. Plain state: the page draws it.
#pragma once

#include <vector>

#include "ui/rate/sweep.h"

namespace panicle::ui {

class SweepBoard {
 public:
  const std::vector<Sweep>& sweeps() const { return sweeps_; }
  int front() const { return front_; }  // row; -1: there is none
  const Sweep* frontSweep() const { return front_ < 0 ? nullptr : &at(front_); }
  Sweep* running();                     // null: none is

  void begin(Sweep sweep);              // in front, with the next number
  void finish(const LrSweep& result);   // of the running one
  // Of the running one; without a point it is forgotten.
  void giveUp(Sweep::State state, const QString& ended);
  void bringToFront(int row);
  void remove(int row);

  RateKind chosen() const { return chosen_; }
  void choose(RateKind kind) { chosen_ = kind; }
  std::optional<double> rate(RateKind kind) const;  // Hand: only where it is not the recipe's
  bool isMoved(RateKind kind) const;
  void move(RateKind kind, double rate);            // and chooses it
  void putBack(RateKind kind);

 private:
  const Sweep& at(int row) const { return sweeps_[static_cast<std::size_t>(row)]; }
  RateKind firstSuggested() const;

  std::vector<Sweep> sweeps_;
  int front_ = -1;
  int made_ = 0;
  RateKind chosen_ = RateKind::Hand;
  std::optional<double> hand_;  // nullopt: the recipe's rate
};

}  // namespace panicle::ui
