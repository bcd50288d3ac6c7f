#include "ui/rate/rate_page.h"

#include <QLabel>
#include <QProgressBar>
#include <QResizeEvent>
#include <QScrollArea>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/rate/rate_choice.h"
#include "ui/rate/rate_words.h"
#include "ui/rate/sweep_bar.h"
#include "ui/rate/sweep_board.h"
#include "ui/rate/sweep_plot.h"
#include "ui/rate/sweep_table.h"
#include "ui/shared/page.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/training_start.h"
#include "ui/shared/weight_states.h"

namespace panicle::ui {
namespace {

constexpr int kWide = 1400;              // from here on the rates stand beside the plot
constexpr int kSideWidth = 60 * kGrid;
constexpr double kMostOfSide = 0.42;     // of the height, where they stand under it
constexpr int kPlotLines = 7;            // of text: the least height of the plot
constexpr int kFineFigures = 5;
constexpr int kMostWarnings = 5;         // that are said at once

class RatePage : public Page {
 public:
  RatePage(Session& session, FindRate find, QWidget* parent);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  enum class Tone { Plain, Warning, Problem };

  void build();
  void follow();
  void followRunner();

  void start();
  void add(const std::vector<LrPoint>& points);
  void finish(const LrSweep& result);
  void giveUp(Sweep::State state, const QString& ended);
  void bringToFront(int row);
  void remove(int row);

  int stage() const;
  const ScheduleOptions* schedule() const;  // of stage(); null where the recipe has lost it
  std::optional<double> rate(RateKind kind) const;
  std::optional<double> rateToUse() const;
  void chooseRate(RateKind kind);
  void drag(RateKind kind, double to);
  void putBack(RateKind kind);
  void use();

  void refresh();  // everything but the curves
  void drawCurves();
  void refreshStatement();
  void refreshProgress();
  void refreshRates();
  void refreshMarkers(const std::array<RateRow, kRateRows>& rows);
  void refreshTarget();
  QString sweepWords();  // what the sweep in progress trains, else what one would train
  void say(const QString& text, Tone tone);
  void colorStatus();

  Session& session_;
  SweepRunner* runner_;
  SweepBar* bar_;
  QLabel* statement_;
  QLabel* status_;
  QProgressBar* progress_;
  SweepPlot* plot_;
  RateChoice* choice_;
  SweepTable* table_;
  QScrollArea* scroll_;  // around choice_
  QSplitter* splitter_;
  QSplitter* side_;

  SweepBoard board_;
  std::vector<RateKind> marked_;  // what each marker of the plot stands for
  QString phase_;
  Tone tone_ = Tone::Plain;       // of the status
};

RatePage::RatePage(Session& session, FindRate find, QWidget* parent)
    : Page(parent),
      session_(session),
      runner_(new SweepRunner(session, std::move(find), this)),
      bar_(new SweepBar(session.settings(), this)),
      statement_(new QLabel(this)),
      status_(new QLabel(this)),
      progress_(new QProgressBar(this)),
      plot_(new SweepPlot(this)),
      choice_(new RateChoice(this)),
      table_(new SweepTable(this)),
      scroll_(new QScrollArea(this)),
      splitter_(new QSplitter(Qt::Vertical, this)),
      side_(new QSplitter(Qt::Horizontal)) {
  build();
  follow();
  followRunner();
  refresh();
}

void RatePage::build() {
  statement_->setObjectName(QStringLiteral("sweepStatement"));
  status_->setObjectName(QStringLiteral("sweepStatus"));
  statement_->setAccessibleName(tr("What a sweep trains"));
  status_->setAccessibleName(tr("State of the sweep"));
  for (QLabel* label : {statement_, status_}) {
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  }
  progress_->setTextVisible(false);
  progress_->setFixedHeight(6);
  progress_->setAccessibleName(tr("Progress of the sweep"));
  progress_->hide();
  status_->hide();
  scroll_->setWidget(choice_);
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setFocusPolicy(Qt::NoFocus);
  scroll_->setAccessibleName(tr("Learning rate"));
  plot_->setMinimumHeight(kPlotLines * fontMetrics().height());
  side_->addWidget(scroll_);
  side_->addWidget(table_);
  splitter_->addWidget(plot_);
  splitter_->addWidget(side_);
  for (QSplitter* splitter : {splitter_, side_}) {
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(2 * kGrid);
  }
  splitter_->setStretchFactor(0, 1);
  splitter_->setStretchFactor(1, 0);
  side_->setStretchFactor(1, 1);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, 2 * kGrid);
  column->setSpacing(kGrid);
  column->addWidget(bar_);
  column->addWidget(statement_);
  column->addWidget(status_);
  column->addWidget(progress_);
  column->addWidget(splitter_, 1);
}

void RatePage::follow() {
  connect(bar_, &SweepBar::startRequested, this, &RatePage::start);
  connect(bar_, &SweepBar::cancelRequested, runner_, &SweepRunner::cancel);
  connect(bar_, &SweepBar::changed, this, &RatePage::refresh);
  connect(table_, &SweepTable::chosen, this, &RatePage::bringToFront);
  connect(table_, &SweepTable::removeRequested, this, &RatePage::remove);
  connect(choice_, &RateChoice::chosen, this, &RatePage::chooseRate);
  connect(choice_, &RateChoice::putBackRequested, this, &RatePage::putBack);
  connect(choice_, &RateChoice::typed, this, [this](double typed) {
    board_.move(RateKind::Hand, typed);
    refreshRates();
  });
  connect(choice_, &RateChoice::useRequested, this, &RatePage::use);
  connect(choice_, &RateChoice::formRequested, this, [this] {
    if (schedule()) return session_.showField(ratePath(session_.recipe(), stage()));
    Q_EMIT session_.pageRequested(QStringLiteral("train"));
  });
  connect(plot_, &PlotCanvas::markerChosen, this,
          [this](int marker) { chooseRate(marked_[static_cast<std::size_t>(marker)]); });
  connect(plot_, &PlotCanvas::markerDragged, this,
          [this](int marker, double x) { drag(marked_[static_cast<std::size_t>(marker)], x); });
  connect(plot_, &PlotCanvas::markerActivated, this, &RatePage::use);
  connect(plot_, &PlotCanvas::failed, &session_, &Session::report);
  connect(&session_, &Session::recipeChanged, this, &RatePage::refresh);
  connect(&session_, &Session::draftProblemsChanged, this, &RatePage::refresh);
  connect(&session_, &Session::datasetChanged, this, &RatePage::refresh);
  connect(&session_.weights(), &WeightStates::changed, this, &RatePage::refreshStatement);
  connect(&session_.runs(), &RunController::stateChanged, this, &RatePage::refresh);
  connect(&Theme::instance(), &Theme::changed, this, &RatePage::refresh);
  connect(&Theme::instance(), &Theme::changed, this, &RatePage::colorStatus);
}

void RatePage::followRunner() {
  connect(runner_, &SweepRunner::activeChanged, this, [this] { bar_->setActive(runner_->active()); });
  connect(runner_, &SweepRunner::points, this, &RatePage::add);
  connect(runner_, &SweepRunner::phaseChanged, this, [this](const QString& what) {
    phase_ = what;
    refreshProgress();
  });
  connect(runner_, &SweepRunner::timeLeftChanged, this, &RatePage::refreshProgress);
  connect(runner_, &SweepRunner::warned, this, [this](const QString& message) {
    if (Sweep* sweep = board_.running()) sweep->warnings << message;
  });
  connect(runner_, &SweepRunner::finished, this, &RatePage::finish);
  connect(runner_, &SweepRunner::cancelled, this, [this] {
    const Sweep* sweep = board_.running();
    const auto batches = sweep ? sweep->points.size() : 0;
    giveUp(Sweep::State::Cancelled, tr("cancelled after %1 batches").arg(batches));
  });
  connect(runner_, &SweepRunner::failed, this, [this](const QString& message) {
    giveUp(Sweep::State::Failed, message.section(u'\n', 0, 0));
    say(message, Tone::Problem);
    session_.report(message);
  });
}

// --- Sweeps

void RatePage::start() {
  if (runner_->active() || !session_.recipeProblems().isEmpty() || !bar_->problem().isEmpty()) return;
  const RunSpec& spec = session_.recipe();
  const LrFindOptions options = bar_->options();
  Sweep sweep;
  sweep.stage = options.stage;
  sweep.subject = sweepSubject(spec, options.stage);
  sweep.learns = learnsWords(spec.stages[static_cast<std::size_t>(options.stage)].schedule);
  sweep.options = options.sweep;
  board_.begin(std::move(sweep));
  phase_.clear();
  runner_->start(spec, options);
  refresh();
  drawCurves();
}

void RatePage::add(const std::vector<LrPoint>& points) {
  Sweep* sweep = board_.running();
  if (!sweep) return;
  sweep->points.insert(sweep->points.end(), points.begin(), points.end());
  if (sweep == board_.frontSweep()) {
    plot_->extend(board_.sweeps(), board_.front(), points);
  } else {
    drawCurves();
  }
  refreshProgress();
}

void RatePage::finish(const LrSweep& result) {
  const Sweep* sweep = board_.running();
  if (!sweep) return;
  board_.finish(result);
  drawCurves();
  refresh();
  const QString text = tr("Sweep %1 ended: %2.").arg(sweep->number).arg(sweep->ended);
  if (sweep->warnings.isEmpty()) return say(text, Tone::Plain);
  say(text + QLatin1Char('\n') + sweep->warnings.mid(0, kMostWarnings).join(QLatin1Char('\n')), Tone::Warning);
}

void RatePage::giveUp(Sweep::State state, const QString& ended) {
  const Sweep* sweep = board_.running();
  say(sweep ? tr("Sweep %1 was %2.").arg(sweep->number).arg(ended) : QString(), Tone::Plain);
  board_.giveUp(state, ended);
  drawCurves();
  refresh();
}

void RatePage::bringToFront(int row) {
  board_.bringToFront(row);
  drawCurves();
  refresh();
}

void RatePage::remove(int row) {
  const bool running = board_.sweeps()[static_cast<std::size_t>(row)].state == Sweep::State::Running;
  board_.remove(row);
  if (running) return runner_->cancel();  // which draws what is left
  drawCurves();
  refresh();
}

// --- Rates

// Of the sweep in front; before the first one, of the bar.
int RatePage::stage() const { return board_.frontSweep() ? board_.frontSweep()->stage : bar_->stage(); }

const ScheduleOptions* RatePage::schedule() const {
  const auto index = static_cast<std::size_t>(stage());
  const auto& stages = session_.recipe().stages;
  return index < stages.size() ? &stages[index].schedule : nullptr;
}

std::optional<double> RatePage::rate(RateKind kind) const {
  if (const auto known = board_.rate(kind)) return known;
  return kind == RateKind::Hand && schedule() ? std::optional(rateOf(*schedule())) : std::nullopt;
}

// Of a suggestion as many figures as a curve can tell; of a rate by hand all.
std::optional<double> RatePage::rateToUse() const {
  const std::optional<double> chosen = rate(board_.chosen());
  if (!chosen || board_.isMoved(board_.chosen())) return chosen;
  return roundedRate(*chosen);
}

void RatePage::chooseRate(RateKind kind) {
  board_.choose(kind);
  refreshRates();
}

void RatePage::drag(RateKind kind, double to) {
  const double rounded = roundedRate(to);
  // In a plot that is zoomed far in, three figures would hold the line where it is.
  board_.move(kind, rounded == rate(kind) ? QString::number(to, 'g', kFineFigures).toDouble() : rounded);
  refreshRates();
}

void RatePage::putBack(RateKind kind) {
  board_.putBack(kind);
  refreshRates();
}

void RatePage::use() {
  const std::optional<double> chosen = rateToUse();
  if (!chosen || !schedule()) return;
  const QString problem = session_.setRecipeField(ratePath(session_.recipe(), stage()), rateJson(withRate(*schedule(), *chosen)));
  if (!problem.isEmpty()) return session_.report(problem);
  board_.putBack(RateKind::Hand);  // if it was that, it is the recipe's now
  refreshRates();
}

// --- What the page shows

void RatePage::refresh() {
  bar_->setRecipe(session_.recipe());
  refreshStatement();
  refreshProgress();
  table_->showSweeps(board_.sweeps(), board_.front());
  refreshRates();
}

void RatePage::drawCurves() { plot_->showSweeps(board_.sweeps(), board_.front()); }

void RatePage::refreshStatement() {
  const QStringList problems = session_.recipeProblems();
  QString why = problems.isEmpty() ? bar_->problem() : problems.first();
  const bool wrong = !why.isEmpty() && !board_.running();
  if (why.isEmpty() && session_.runs().active()) why = tr("A run is in progress. Sweep when it has ended: each would slow the other.");
  bar_->setStartable(why.isEmpty(), why);
  statement_->setText(why.isEmpty() || board_.running() ? sweepWords() : why);
  QPalette palette = statement_->palette();
  const ThemeColors& colors = Theme::instance().colors();
  palette.setColor(QPalette::WindowText, wrong ? colors.error : colors.mutedText);
  statement_->setPalette(palette);
}

QString RatePage::sweepWords() {
  if (const Sweep* sweep = board_.running()) {  // whatever the recipe has become meanwhile
    return tr("Sweep %1 is training a copy of %2: %3.").arg(sweep->number).arg(sweep->subject, sweep->learns);
  }
  const RunSpec& spec = session_.recipe();
  const TrainingStart begin = trainingStart(spec.model, session_.weights());
  const QString from = begin.brief.isEmpty() ? QString() : tr(" (%1)").arg(begin.brief);
  return tr("A sweep trains a copy of %1%2: %3, as in the first epoch of the %4.")
      .arg(sweepSubject(spec, bar_->stage()), from, learnsWords(spec.stages[static_cast<std::size_t>(bar_->stage())].schedule),
           spec.stages.size() > 1 ? tr("stage") : tr("recipe"));
}

void RatePage::refreshProgress() {
  const Sweep* sweep = board_.running();
  progress_->setVisible(sweep);
  if (!sweep) return;
  if (sweep->points.empty()) {
    progress_->setRange(0, 0);
    return say(phase_.isEmpty() ? tr("Getting ready") : phase_.left(1).toUpper() + phase_.mid(1), Tone::Plain);
  }
  const LrPoint& last = sweep->points.back();
  const auto done = static_cast<int>(sweep->points.size());
  const int total = std::max(sweep->options.num_it, done);
  progress_->setRange(0, total);
  progress_->setValue(done);
  QString text = tr("%1 of %2 batches, rate %3, loss %4")
                     .arg(done)
                     .arg(total)
                     .arg(formatRate(last.lr), QString::number(last.smooth_loss, 'g', 4));
  if (runner_->secondsLeft() >= 0) text += tr(", %1 left").arg(formatDuration(runner_->secondsLeft()));
  say(text, Tone::Plain);
}

void RatePage::refreshRates() {
  std::array<RateRow, kRateRows> rows;
  for (std::size_t i = 0; i < kRateRows; ++i) {
    const auto kind = static_cast<RateKind>(i);
    rows[i] = {rate(kind), board_.isMoved(kind)};
  }
  choice_->showRates(rows, board_.chosen());
  refreshMarkers(rows);
  refreshTarget();
}

void RatePage::refreshMarkers(const std::array<RateRow, kRateRows>& rows) {
  std::vector<PlotMarker> markers;
  marked_.clear();
  for (std::size_t i = 0; i < kRateRows && board_.frontSweep(); ++i) {
    const auto kind = static_cast<RateKind>(i);
    if (!rows[i].rate) continue;
    QString name = rateName(kind);
    if (kind == RateKind::Hand) {
      if (!rows[i].moved) name = tr("recipe");
    } else if (rows[i].moved) {
      name = tr("%1, moved").arg(name);
    }
    markers.push_back({.x = *rows[i].rate,
                       .label = name + QLatin1Char(' ') + formatRate(*rows[i].rate),
                       .strong = kind == board_.chosen(),
                       .draggable = true});
    marked_.push_back(kind);
  }
  plot_->setMarkers(markers);
}

void RatePage::refreshTarget() {
  if (!schedule()) {
    return choice_->showTarget(tr("&Use"), false, tr("The recipe has no stage %1 any more.").arg(stage() + 1), {});
  }
  const RunSpec& spec = session_.recipe();
  const QString field = rateField(*schedule());
  const QString where = spec.stages.size() > 1 ? tr("%1 of stage %2").arg(field).arg(stage() + 1)
                                               : tr("%1 of %2").arg(field, QString::fromUtf8(enumName(schedule()->kind)));
  const std::optional<double> chosen = rateToUse();
  const QString now = rateText(*schedule());
  const QString next = chosen ? rateText(withRate(*schedule(), *chosen)) : now;
  QString warning;
  if (const Sweep* sweep = board_.frontSweep()) {
    const QString subject = sweepSubject(spec, stage());
    if (subject != sweep->subject) warning = tr("Swept was %1; the recipe has %2 now.").arg(sweep->subject, subject);
  }
  const QString sentence = next == now ? tr("%1 is %2 in the recipe.").arg(where, now) : tr("Sets %1, now %2, to %3.").arg(where, now, next);
  choice_->showTarget(chosen ? tr("&Use %1").arg(rateFigures(*chosen)) : tr("&Use"), chosen && next != now, sentence, warning);
}

void RatePage::say(const QString& text, Tone tone) {
  status_->setText(text);
  status_->setVisible(!text.isEmpty());
  tone_ = tone;
  colorStatus();
}

void RatePage::colorStatus() {
  QPalette palette = status_->palette();
  const ThemeColors& colors = Theme::instance().colors();
  palette.setColor(QPalette::WindowText, tone_ == Tone::Problem ? colors.error : tone_ == Tone::Warning ? colors.warning : colors.text);
  status_->setPalette(palette);
}

void RatePage::resizeEvent(QResizeEvent* event) {
  Page::resizeEvent(event);
  const int words = choice_->minimumSizeHint().width() + 2 * kGrid;
  scroll_->setMinimumWidth(words);
  const bool wide = width() >= kWide;
  if (event->oldSize().isValid() && wide == (splitter_->orientation() == Qt::Horizontal)) return;
  splitter_->setOrientation(wide ? Qt::Horizontal : Qt::Vertical);
  side_->setOrientation(wide ? Qt::Vertical : Qt::Horizontal);
  if (wide) {
    splitter_->setSizes({width() - kSideWidth, kSideWidth});
  } else {
    const int low = std::min(choice_->sizeHint().height(), static_cast<int>(kMostOfSide * height()));
    splitter_->setSizes({height() - low, low});
    side_->setSizes({words, width() - words});
  }
}

}  // namespace

Page* makeRatePage(Session& session, QWidget* parent) { return makeRatePage(session, findLearningRate, parent); }

Page* makeRatePage(Session& session, FindRate find, QWidget* parent) {
  return new RatePage(session, std::move(find), parent);
}

}  // namespace panicle::ui
