#include "ui/frame/recipe_strip.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/frame/chip.h"
#include "ui/frame/memory_chip.h"
#include "ui/shared/field_rules.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/weight_states.h"

namespace panicle::ui {
namespace {

constexpr int kSteps = 1000;

// A button that is the action: its text, tooltip and whether it can be pressed.
QPushButton* actionButton(QAction* action, const QString& icon, QWidget* parent) {
  auto* button = new QPushButton(lineIcon(icon), action->iconText(), parent);
  const auto follow = [button, action] {
    button->setText(action->iconText());
    button->setEnabled(action->isEnabled());
    button->setToolTip(action->toolTip());
    button->setAccessibleDescription(action->toolTip());
  };
  follow();
  QObject::connect(action, &QAction::changed, button, follow);
  QObject::connect(button, &QPushButton::clicked, action, &QAction::trigger);
  return button;
}

}  // namespace

RecipeStrip::RecipeStrip(Session& session, const RunActions& actions, QWidget* parent)
    : QWidget(parent), session_(session), actions_(actions) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(2 * kGrid, kGrid, 2 * kGrid, kGrid);
  row->setSpacing(kGrid);

  auto* title = new QToolButton(this);
  title->setText(tr("Recipe"));
  title->setIcon(lineIcon(QStringLiteral("recipe")));
  title->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  title->setAutoRaise(true);
  title->setFocusPolicy(Qt::StrongFocus);
  QFont bold = title->font();
  bold.setBold(true);
  title->setFont(bold);
  title->setToolTip(tr("<p>Everything that the next run will do. Each page edits it; Start freezes a copy into a run.</p>"
                       "<p>Click to begin with one of the recipes that come with Panicle. (%1)</p>")
                        .arg(actions.recipes->shortcut().toString(QKeySequence::NativeText)));
  connect(title, &QToolButton::clicked, actions.recipes, &QAction::trigger);
  row->addWidget(title);

  chipArea_ = new QWidget(this);
  flow_ = new FlowLayout(chipArea_);
  flow_->setSpacing(6);
  row->addWidget(chipArea_, 1);

  memory_ = new Chip(this);
  connect(memory_, &Chip::clicked, this, [this] { Q_EMIT session_.pageRequested(memory_->page()); });
  row->addWidget(memory_, 0, Qt::AlignVCenter);
  stateArea_ = makeState();
  row->addWidget(stateArea_);
  makeButtons();
  for (QPushButton* button : {pause_, stop_, start_}) row->addWidget(button);

  connect(&session, &Session::recipeChanged, this, &RecipeStrip::showRecipe);
  connect(&session, &Session::draftProblemsChanged, this, &RecipeStrip::showRecipe);
  connect(&session, &Session::datasetChanged, this, &RecipeStrip::showRecipe);
  connect(&session.weights(), &WeightStates::changed, this, &RecipeStrip::showRecipe);
  connect(&session.forecast(), &MemoryForecast::changed, this, &RecipeStrip::showMemory);
  connect(&session.runs(), &RunController::stateChanged, this, &RecipeStrip::showState);
  session.forecast().start();
  showRecipe();
  showMemory();
  showState();
}

QWidget* RecipeStrip::makeState() {
  auto* area = new QWidget(this);
  auto* column = new QVBoxLayout(area);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(2);
  state_ = new QLabel(area);
  state_->setAccessibleName(tr("Run in progress"));
  bar_ = new QProgressBar(area);
  bar_->setAccessibleName(tr("Progress of the run"));
  bar_->setTextVisible(false);
  bar_->setFixedHeight(6);
  bar_->setRange(0, 0);
  column->addWidget(state_);
  column->addWidget(bar_);
  // The text changes while the run goes on; what stands beside it should not move.
  area->setFixedWidth(fontMetrics().horizontalAdvance(QStringLiteral("Epoch 999/999")) + kGrid);
  return area;
}

void RecipeStrip::makeButtons() {
  pause_ = actionButton(actions_.pause, QStringLiteral("pause"), this);
  stop_ = new QPushButton(lineIcon(QStringLiteral("stop")), tr("Stop"), this);
  stop_->setToolTip(tr("<p>Ends the run: after this epoch, or at once. What it learned and measured so far is kept.</p>"));
  auto* menu = new QMenu(stop_);
  menu->setToolTipsVisible(true);
  menu->addAction(actions_.stopAfterEpoch);
  menu->addAction(actions_.stopNow);
  menu->addSeparator();
  menu->addAction(actions_.freeDevice);
  stop_->setMenu(menu);
  start_ = actionButton(actions_.start, QStringLiteral("play"), this);
  makePrimary(start_);
}

void RecipeStrip::showRecipe() {
  const RunSpec& recipe = session_.recipe();
  std::vector<ChipText> texts = recipeChips(recipe, session_.recipeProblems(), trainingStart(recipe.model, session_.weights()));
  const FieldLabels labels = fieldLabels(recipe);
  for (ChipText& chip : texts) {
    for (QString& problem : chip.problems) problem = inLabels(problem, labels);
  }
  while (chips_.size() < texts.size()) {
    auto* chip = new Chip(chipArea_);
    connect(chip, &Chip::clicked, this, [this, chip] { Q_EMIT session_.pageRequested(chip->page()); });
    flow_->addWidget(chip);
    chips_.push_back(chip);
  }
  for (std::size_t i = 0; i < chips_.size(); ++i) {
    if (i < texts.size()) {
      chips_[i]->show(texts[i]);
    } else {
      chips_[i]->hide();
    }
  }
  flow_->invalidate();
  updateGeometry();
}

void RecipeStrip::showMemory() {
  memory_->show(memoryChip(session_.forecast()));
}

void RecipeStrip::showState() {
  const RunController::State state = session_.runs().state();
  const bool active = state != RunController::State::Idle;
  start_->setVisible(!active);
  pause_->setVisible(active && state != RunController::State::Stopping);
  pause_->setIcon(lineIcon(state == RunController::State::Paused ? QStringLiteral("play") : QStringLiteral("pause")));
  stop_->setVisible(active);
  stateArea_->setVisible(active);
}

void RecipeStrip::showRun(const QString& state, const QString& details, double share) {
  state_->setText(state);
  stateArea_->setToolTip(details);
  if (share < 0) {
    bar_->setRange(0, 0);
  } else {
    bar_->setRange(0, kSteps);
    bar_->setValue(static_cast<int>(std::min(1.0, share) * kSteps));
  }
}

void RecipeStrip::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(Theme::instance().colors().border);
  painter.drawLine(rect().bottomLeft(), rect().bottomRight());
}

}  // namespace panicle::ui
