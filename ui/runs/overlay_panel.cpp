#include "ui/runs/overlay_panel.h"

#include <QComboBox>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/runs/compare_runs.h"
#include "ui/shared/plot_canvas.h"
#include "ui/shared/theme.h"
#include "ui/train/smoothing.h"

namespace panicle::ui {
namespace {

const char* const kStepLoss = "step:loss";
const char* const kStepRate = "step:lr";

QString words(const std::string& id) { return QString::fromStdString(id).replace(QLatin1Char('_'), QLatin1Char(' ')); }

// The values of a run by epoch; NaN where an epoch has none.
Points byEpoch(const ComparedRun& run, const std::string& id) {
  Points points;
  for (const EpochRow& row : run.record.epochs) points.add(row.epoch, row.value(id));
  return points;
}

Points bySteps(const ComparedRun& run, const std::string& id) {
  return {run.series.steps(), id == kStepRate ? run.series.lr() : run.series.smoothLoss(kFastaiWindow)};
}

bool any(const Points& points) {
  return std::any_of(points.y.begin(), points.y.end(), [](double y) { return std::isfinite(y); });
}

}  // namespace

std::vector<Quantity> quantitiesOf(const std::vector<ComparedRun>& runs) {
  std::vector<Quantity> found{{"valid_loss", OverlayPanel::tr("validation loss")}, {"train_loss", OverlayPanel::tr("training loss by epoch")}};
  std::set<std::string> metrics;
  for (const ComparedRun& run : runs) {
    for (const EpochRow& row : run.record.epochs) {
      for (const auto& [name, value] : row.metrics) {
        if (name.find('/') == std::string::npos) metrics.insert(name);
      }
    }
  }
  // What is looked at most stands first.
  const auto rank = [](const std::string& name) { return name == "error_rate" ? 0 : name == "accuracy" ? 1 : 2; };
  std::vector<std::string> ordered(metrics.begin(), metrics.end());
  std::stable_sort(ordered.begin(), ordered.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  for (const std::string& name : ordered) found.push_back({name, words(name)});
  found.push_back({kStepLoss, OverlayPanel::tr("training loss by step")});
  found.push_back({kStepRate, OverlayPanel::tr("learning rate by step")});
  return found;
}

OverlayPanel::OverlayPanel(const QString& name, std::string wanted, QWidget* parent)
    : QWidget(parent),
      choice_(new QComboBox(this)),
      stack_(new QStackedWidget(this)),
      byEpoch_(makeCanvas(tr("epoch"))),
      byStep_(makeCanvas(tr("step"))),
      wanted_(std::move(wanted)) {
  choice_->setAccessibleName(tr("%1: what is drawn").arg(name));
  choice_->setToolTip(tr("What this plot shows of the runs. Losses and metrics by epoch are of the validation photos; by step you see\n"
                         "the training itself, smoothed as fastai does."));
  choice_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  byEpoch_->setWholeX(true, 1);  // epochs are kept from 0, and read from 1
  byStep_->setWholeX(true);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addWidget(choice_, 0, Qt::AlignLeft);
  layout->addWidget(stack_, 1);
  connect(choice_, &QComboBox::activated, this, [this](int index) {
    choose(choice_->itemData(index).toString().toStdString());
    Q_EMIT chosen(wanted_);
  });
}

PlotCanvas* OverlayPanel::makeCanvas(const QString& x) {
  auto* canvas = new PlotCanvas(x, tr("loss"), stack_);
  canvas->setToolTip(tr("Every run in its colour. Hover for the values, wheel zooms, drag pans, double click shows everything,\n"
                        "right click saves as PNG, PDF or CSV."));
  canvas->setEmptyText(tr("None of these runs has this yet."));
  stack_->addWidget(canvas);
  connect(canvas, &PlotCanvas::failed, this, &OverlayPanel::failed);
  return canvas;
}

PlotCanvas* OverlayPanel::canvas() const { return static_cast<PlotCanvas*>(stack_->currentWidget()); }

void OverlayPanel::setRuns(ComparedRuns runs, bool seedsAsOne) {
  runs_ = std::move(runs);
  seedsAsOne_ = seedsAsOne;
  fill();
  draw();
}

void OverlayPanel::choose(const std::string& id) {
  wanted_ = id;
  fill();
  draw();
}

void OverlayPanel::fill() {
  quantities_ = runs_ ? quantitiesOf(*runs_) : std::vector<Quantity>();
  const auto there = std::find_if(quantities_.begin(), quantities_.end(), [this](const Quantity& q) { return q.id == wanted_; });
  shown_ = there != quantities_.end() ? wanted_ : quantities_.empty() ? std::string() : quantities_.front().id;
  const QSignalBlocker quiet(choice_);
  choice_->clear();
  for (const Quantity& quantity : quantities_) choice_->addItem(quantity.label, QString::fromStdString(quantity.id));
  choice_->setCurrentIndex(choice_->findData(QString::fromStdString(shown_)));
  choice_->setEnabled(!quantities_.empty());
}

void OverlayPanel::draw() {
  for (PlotCanvas* canvas : {byEpoch_, byStep_}) {
    canvas->removeCurves();
    canvas->resetView();
  }
  if (!runs_ || shown_.empty()) return;
  const auto quantity = *std::find_if(quantities_.begin(), quantities_.end(), [this](const Quantity& q) { return q.id == shown_; });
  stack_->setCurrentWidget(quantity.overSteps() ? byStep_ : byEpoch_);
  canvas()->setYLabel(quantity.label);
  std::map<int, std::vector<const ComparedRun*>> groups;
  for (const ComparedRun& run : *runs_) groups[run.seedGroup].push_back(&run);
  for (const ComparedRun& run : *runs_) {
    const auto& group = groups[run.seedGroup];
    const bool together = seedsAsOne_ && group.size() > 1 && !quantity.overSteps();
    drawRun(run, quantity, together);
    if (together && group.back() == &run) drawMean(group, quantity);
  }
}

void OverlayPanel::drawRun(const ComparedRun& run, const Quantity& quantity, bool faint) {
  const bool steps = quantity.overSteps();
  const Points points = steps ? bySteps(run, quantity.id) : byEpoch(run, quantity.id);
  if (!any(points)) return;
  const int curve = canvas()->addCurve({.name = run.label, .color = classColor(run.color), .faint = faint, .points = !faint && !steps});
  canvas()->setData(curve, points.x, points.y);
}

// The mean of those that have the epoch, in the colour of the first, with the standard deviation of a sample as error bars.
void OverlayPanel::drawMean(const std::vector<const ComparedRun*>& runs, const Quantity& quantity) {
  std::map<double, std::vector<double>> values;
  for (const ComparedRun* run : runs) {
    const Points points = byEpoch(*run, quantity.id);
    for (std::size_t i = 0; i < points.x.size(); ++i) {
      if (std::isfinite(points.y[i])) values[points.x[i]].push_back(points.y[i]);
    }
  }
  Points mean;
  std::vector<double> deviations;
  for (const auto& [x, ys] : values) {
    const Spread spread = spreadOf(ys);
    mean.add(x, spread.mean);
    deviations.push_back(spread.deviation);
  }
  if (mean.x.empty()) return;
  const ComparedRun& first = *runs.front();
  const QString name = tr("%1, mean of %2").arg(first.label).arg(runs.size());
  const int curve = canvas()->addCurve({.name = name, .color = classColor(first.color), .points = true});
  canvas()->setData(curve, mean.x, mean.y);
  canvas()->setSpread(curve, deviations);
}

}  // namespace panicle::ui
