#include "ui/rate/sweep_board.h"

#include <algorithm>

namespace panicle::ui {

Sweep* SweepBoard::running() {
  const auto found = std::find_if(sweeps_.begin(), sweeps_.end(),
                                  [](const Sweep& sweep) { return sweep.state == Sweep::State::Running; });
  return found == sweeps_.end() ? nullptr : &*found;
}

void SweepBoard::begin(Sweep sweep) {
  sweep.number = ++made_;
  sweep.state = Sweep::State::Running;
  sweeps_.push_back(std::move(sweep));
  bringToFront(static_cast<int>(sweeps_.size()) - 1);
}

void SweepBoard::finish(const LrSweep& result) {
  Sweep* sweep = running();
  if (!sweep) return;
  sweep->state = Sweep::State::Finished;
  sweep->points = result.points;
  sweep->suggestions = result.suggestions;
  sweep->learns = QString::fromStdString(result.frozen);
  sweep->start = QString::fromStdString(result.start);
  sweep->ended = QString::fromStdString(result.ended);
  if (sweep == frontSweep()) chosen_ = firstSuggested();
}

void SweepBoard::giveUp(Sweep::State state, const QString& ended) {
  Sweep* sweep = running();
  if (!sweep) return;
  sweep->state = state;
  sweep->ended = ended;
  if (sweep->points.empty()) remove(static_cast<int>(sweep - sweeps_.data()));
}

void SweepBoard::bringToFront(int row) {
  front_ = row;
  chosen_ = firstSuggested();
}

void SweepBoard::remove(int row) {
  sweeps_.erase(sweeps_.begin() + row);
  const int last = static_cast<int>(sweeps_.size()) - 1;
  bringToFront(std::min(front_ > row ? front_ - 1 : front_, last));
}

std::optional<double> SweepBoard::rate(RateKind kind) const {
  if (kind == RateKind::Hand) return hand_;
  return front_ < 0 ? std::nullopt : at(front_).rate(kind);
}

bool SweepBoard::isMoved(RateKind kind) const {
  if (kind == RateKind::Hand) return hand_.has_value();
  return front_ >= 0 && at(front_).isMoved(kind);
}

void SweepBoard::move(RateKind kind, double rate) {
  chosen_ = kind;
  if (kind == RateKind::Hand) {
    hand_ = rate;
  } else if (front_ >= 0) {
    sweeps_[static_cast<std::size_t>(front_)].move(kind, rate);
  }
}

void SweepBoard::putBack(RateKind kind) {
  if (kind == RateKind::Hand) {
    hand_.reset();
  } else if (front_ >= 0) {
    sweeps_[static_cast<std::size_t>(front_)].putBack(kind);
  }
}

RateKind SweepBoard::firstSuggested() const {
  const auto found = std::find_if(kSuggested.begin(), kSuggested.end(), [this](RateKind kind) { return rate(kind).has_value(); });
  return found == kSuggested.end() ? RateKind::Hand : *found;
}

}  // namespace panicle::ui
