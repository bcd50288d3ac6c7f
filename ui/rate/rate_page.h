// Which learning rate: sweeps of a rising rate, their curves, and the rates that they suggest.
#pragma once

#include "ui/rate/sweep_runner.h"

class QWidget;

namespace panicle::ui {

class Page;
class Session;

Page* makeRatePage(Session& session, QWidget* parent);

// With another way of finding the curve than findLearningRate().
Page* makeRatePage(Session& session, FindRate find, QWidget* parent);

}  // namespace panicle::ui
