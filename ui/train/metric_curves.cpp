#include "ui/train/metric_curves.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "ui/shared/plot_canvas.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr std::size_t kMostClasses = 10;  // that can be told apart; the worst are shown
constexpr int kFirstColor = 1;            // orange, as the validation loss
const char* const kAll = "*";
const char* const kClasses = "recall/";

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::RunView", text); }

// "recall/" of "recall/blast", "variety_recall/" of "variety_recall/ADT45"; "" of other metrics.
std::string classGroup(const std::string& metric) {
  const auto slash = metric.find(kClasses);
  const bool whole = slash == 0 || (slash != std::string::npos && metric[slash - 1] == '_');
  return whole ? metric.substr(0, slash + std::string(kClasses).size()) : std::string();
}

QString words(const std::string& metric) { return QString::fromStdString(metric).replace(QLatin1Char('_'), QLatin1Char(' ')); }

const Points* pointsOf(const RunSeries& run, const std::string& metric) {
  const auto found = run.metrics().find(metric);
  return found == run.metrics().end() || found->second.y.empty() ? nullptr : &found->second;
}

int add(PlotCanvas& canvas, const CurveStyle& style, const Points* points) {
  const int curve = canvas.addCurve(style);
  if (points) canvas.setData(curve, points->x, points->y);
  return curve;
}

}  // namespace

std::vector<MetricChoice> metricChoices(const std::vector<std::string>& metrics) {
  std::vector<MetricChoice> choices;
  std::size_t plain = 0;
  for (const std::string& metric : metrics) {
    const std::string group = classGroup(metric);
    if (group.empty()) ++plain;
    MetricChoice choice{.id = group.empty() ? metric : group,
                        .label = group.empty() ? words(metric) : tr("%1 of each class").arg(words(group.substr(0, group.size() - 1)))};
    if (std::find(choices.begin(), choices.end(), choice) == choices.end()) choices.push_back(std::move(choice));
  }
  if (plain > 1) choices.push_back({kAll, tr("all metrics")});
  return choices;
}

void MetricCurves::setMetrics(std::vector<std::string> metrics) {
  metrics_ = std::move(metrics);
  choices_ = metricChoices(metrics_);
  choose(wanted_);
}

void MetricCurves::choose(const std::string& id) {
  wanted_ = id;
  const bool there = std::any_of(choices_.begin(), choices_.end(), [&](const MetricChoice& choice) { return choice.id == id; });
  chosen_ = there ? id : choices_.empty() ? std::string() : choices_.front().id;
}

// The metrics of the choice; of many classes those that the newest epoch knows worst.
std::vector<std::string> MetricCurves::shown(const RunSeries& run) const {
  std::vector<std::string> names;
  for (const std::string& metric : metrics_) {
    const std::string group = classGroup(metric);
    if (group.empty() ? chosen_ == metric || chosen_ == kAll : chosen_ == group) names.push_back(metric);
  }
  if (chosen_ == kAll || names.size() <= kMostClasses) return names;
  const auto newest = [&](const std::string& metric) {
    const Points* points = pointsOf(run, metric);
    return points && std::isfinite(points->y.back()) ? points->y.back() : 2.0;
  };
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return newest(a) < newest(b); });
  names.resize(kMostClasses);
  return names;
}

void MetricCurves::draw(const RunSeries& run, const RunSeries* reference, const QString& referenceName) {
  const std::vector<std::string> names = shown(run);
  const auto choice = std::find_if(choices_.begin(), choices_.end(), [&](const MetricChoice& c) { return c.id == chosen_; });
  canvas_.removeCurves();
  canvas_.setYLabel(choice == choices_.end() ? tr("metrics") : choice->label);
  const bool classes = !names.empty() && !classGroup(names.front()).empty();
  const auto all = static_cast<std::size_t>(
      std::count_if(metrics_.begin(), metrics_.end(), [&](const std::string& metric) { return classGroup(metric) == chosen_; }));
  canvas_.setTitle(classes && all > names.size() ? tr("the %1 lowest of %2").arg(names.size()).arg(all) : QString());

  // In the table's order each metric keeps its colour, whatever else is shown.
  const auto colorOf = [&](const std::string& metric) {
    const auto at = std::find(metrics_.begin(), metrics_.end(), metric) - metrics_.begin();
    return classColor(kFirstColor + static_cast<int>(at));
  };
  if (reference && !classes) {
    for (const std::string& name : names) {
      const Points* points = pointsOf(*reference, name);
      if (!points) continue;
      const QString label = names.size() == 1 ? referenceName : referenceName + QLatin1Char(' ') + words(name);
      add(canvas_, {.name = label, .color = colorOf(name), .points = true, .reference = true}, points);
    }
  }
  for (const std::string& name : names) {
    const std::string group = classGroup(name);
    const QString label = group.empty() ? words(name) : QString::fromStdString(name.substr(group.size()));
    const QColor color = names.size() == 1 ? classColor(kFirstColor) : colorOf(name);
    add(canvas_, {.name = label, .color = color, .points = true}, pointsOf(run, name));
  }
}

}  // namespace panicle::ui
