// A sweep of the learning rate as the page keeps it, and the rates that can be taken from it.
#pragma once

#include <QColor>
#include <QString>
#include <QStringList>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/runs/lr_find.h"

namespace panicle::ui {

// fastai's four suggestions, and a rate of one's own.
enum class RateKind { Valley, Slide, Minimum, Steep, Hand };
constexpr std::array kSuggested{RateKind::Valley, RateKind::Slide, RateKind::Minimum, RateKind::Steep};

QString rateName(RateKind kind);   // "valley", as fastai calls it
QString rateRule(RateKind kind);   // "in the middle of the longest fall"
QString rateHelp(RateKind kind);   // a sentence or two, for the tooltip

struct Sweep {
  enum class State { Running, Finished, Cancelled, Failed };

  int number = 1;
  int stage = 0;
  QString subject;          // what was swept: "resnet18 · 128 · batch 64"
  QString learns;           // "the body is frozen; the head and the norm layers learn"; the engine's words once it ended
  QString start;            // what the network started from; "" before the end
  LrSweepOptions options;
  State state = State::Running;
  QString ended;            // why it ended: "100 batches", "cancelled after 12 batches"
  QStringList warnings;     // photos that could not be read ...
  std::vector<LrPoint> points;
  LrSuggestions suggestions;
  std::array<std::optional<double>, kSuggested.size()> moved;  // where the user dragged a suggestion's marker

  QColor color() const;
  std::optional<double> suggested(RateKind kind) const;
  std::optional<double> rate(RateKind kind) const;  // as moved, else as suggested
  bool isMoved(RateKind kind) const;
  void move(RateKind kind, double rate);
  void putBack(RateKind kind);
};

// The losses worth looking at: from the lowest, of single batches too, to the highest smoothed one without the blow-up at the
// end, which would flatten the valley.
// The two are equal when there is nothing to see yet.
std::pair<double, double> lossRange(const std::vector<LrPoint>& points);

}  // namespace panicle::ui
