#include "ui/runs/compare_view.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QSettings>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "ui/runs/overlay_panel.h"
#include "ui/runs/paired_panel.h"
#include "ui/runs/settings_table.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/jobs.h"
#include "ui/shared/labelled_field.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

const QLatin1StringView kSeedsKey("runs/seeds_as_one");
constexpr int kBaselineCharacters = 16;
const QLatin1StringView kTabKey("runs/compare_tab");

}  // namespace

CompareView::CompareView(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      baseline_(new QComboBox(this)),
      seeds_(new QCheckBox(tr("S&eeds as one curve"), this)),
      left_(makePanel(tr("Left plot"), QStringLiteral("runs/left_curve"), "valid_loss")),
      right_(makePanel(tr("Right plot"), QStringLiteral("runs/right_curve"), "error_rate")),
      settings_(new SettingsTable(this)),
      photos_(new PairedPanel(session, this)),
      tabs_(new QTabWidget(this)),
      hint_(new EmptyState(this)),
      stack_(new QStackedWidget(this)) {
  tabs_->setDocumentMode(true);
  tabs_->addTab(makeCurves(), tr("Cur&ves"));
  tabs_->addTab(settings_, tr("Settin&gs"));
  tabs_->addTab(photos_, tr("P&hotos"));
  tabs_->setTabToolTip(0, tr("Losses, metrics and learning rates over each other"));
  tabs_->setTabToolTip(1, tr("Results side by side, and only the settings that differ"));
  tabs_->setTabToolTip(2, tr("Whether one run is really better, and the photos that one gets right and another wrong"));
  tabs_->setCurrentIndex(std::clamp(session.settings().value(kTabKey, 0).toInt(), 0, tabs_->count() - 1));
  connect(tabs_, &QTabWidget::currentChanged, this, [this](int index) { session_.settings().setValue(kTabKey, index); });
  tabs_->setCornerWidget(makeHeader());
  stack_->addWidget(hint_);
  stack_->addWidget(tabs_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(stack_);
  showHint();
}

QWidget* CompareView::makeHeader() {
  auto* bar = new QWidget(this);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(0, 0, 0, kGrid / 4);
  row->setSpacing(2 * kGrid);
  baseline_->setAccessibleName(tr("Run that the others are compared with"));
  baseline_->setToolTip(tr("<p>The run that stands first: the photos that changed sides are told against it.</p>"));
  baseline_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  baseline_->setMinimumContentsLength(kBaselineCharacters);
  seeds_->setToolTip(tr("<p>Draws runs that differ in their seed alone as their mean, with the standard deviation as error bars and each of them faint behind it: how far they lie apart is luck.</p>"));
  seeds_->setChecked(session_.settings().value(kSeedsKey, true).toBool());
  row->addWidget(seeds_);
  row->addWidget(labelledField(tr("Compared &with"), baseline_, bar)->parentWidget());
  connect(seeds_, &QCheckBox::toggled, this, [this](bool on) {
    session_.settings().setValue(kSeedsKey, on);
    drawCurves();
  });
  connect(baseline_, &QComboBox::activated, this, [this](int index) {
    first_ = baseline_->itemData(index).toString().toStdString();
    read();
  });
  return bar;
}

OverlayPanel* CompareView::makePanel(const QString& name, const QString& key, const char* wanted) {
  auto* panel = new OverlayPanel(name, session_.settings().value(key, QLatin1StringView(wanted)).toString().toStdString(), this);
  connect(panel, &OverlayPanel::chosen, this, [this, key](const std::string& id) { session_.settings().setValue(key, QString::fromStdString(id)); });
  connect(panel, &OverlayPanel::failed, &session_, &Session::report);
  return panel;
}

QWidget* CompareView::makeCurves() {
  auto* splitter = new QSplitter(Qt::Horizontal, this);
  splitter->addWidget(left_);
  splitter->addWidget(right_);
  splitter->setChildrenCollapsible(false);
  splitter->setHandleWidth(kGrid);
  return splitter;
}

void CompareView::setRuns(const std::vector<std::string>& ids) {
  if (ids == ids_) return;
  ids_ = ids;
  if (std::find(ids_.begin(), ids_.end(), first_) == ids_.end()) first_ = ids_.empty() ? std::string() : ids_.front();
  read();
}

void CompareView::refresh() {
  if (ids_.size() > 1) read();
}

void CompareView::read() {
  if (ids_.size() < 2) {
    if (job_ != 0) session_.jobs().cancel(std::exchange(job_, 0));
    comparison_.reset();
    photos_->setComparison(nullptr);
    return showHint();
  }
  // One at a time: a run in progress changes more often than it can be read.
  stale_ = job_ != 0;
  if (stale_) return;
  job_ = session_.jobs().start(
      this, tr("Comparing %1 runs").arg(ids_.size()),
      [store = &session_.store(), ids = ids_, first = first_](std::stop_token stop, const Progress& progress) {
        return readComparison(*store, ids, first, stop, progress);
      },
      [this](std::shared_ptr<const Comparison> comparison) {
        job_ = 0;
        show(std::move(comparison));
        if (stale_) read();
      },
      [this](const QString& problem) {
        job_ = 0;
        session_.report(problem);
        if (stale_) read();
      });
  if (!comparison_) showHint();
}

void CompareView::show(std::shared_ptr<const Comparison> comparison) {
  if (ids_.size() < 2) return;  // unticked meanwhile
  comparison_ = std::move(comparison);
  const auto& runs = *comparison_->runs;
  {
    const QSignalBlocker quiet(baseline_);
    baseline_->clear();
    for (const ComparedRun& run : runs) baseline_->addItem(run.label, run.id());
    baseline_->setCurrentIndex(0);
  }
  seeds_->setVisible(comparison_->hasRepetitions());
  drawCurves();
  settings_->setComparison(comparison_);
  photos_->setComparison(comparison_);
  stack_->setCurrentIndex(1);
}

void CompareView::drawCurves() {
  if (!comparison_) return;
  const bool asOne = seeds_->isChecked() && comparison_->hasRepetitions();
  left_->setRuns(comparison_->runs, asOne);
  right_->setRuns(comparison_->runs, asOne);
}

void CompareView::showHint() {
  if (ids_.size() > 1) {
    hint_->say(tr("Reading the runs"), {});
  } else if (ids_.size() == 1) {
    hint_->say(tr("Tick another run"), tr("Run %1 is ticked. With a second one their curves, settings and photos are compared here.").arg(QString::fromStdString(ids_.front())));
  } else {
    hint_->say(tr("Tick runs to compare them"),
               tr("Two to twelve: their curves lie over each other, only the settings that differ are listed, and you see the photos that one gets right and another wrong."));
  }
  stack_->setCurrentIndex(0);
}

}  // namespace panicle::ui
