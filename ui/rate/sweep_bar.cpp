#include "ui/rate/sweep_bar.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleValidator>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalBlocker>
#include <QSpinBox>
#include <algorithm>

#include "ui/rate/rate_words.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kLeastBatches = 6;  // fewer count as 6
constexpr int kMostBatches = 100'000;
constexpr double kLeastRate = 1e-12;
constexpr double kMostRate = 1e6;
const QLatin1StringView kFromKey("rate/start_lr");
const QLatin1StringView kToKey("rate/end_lr");
const QLatin1StringView kBatchesKey("rate/num_it");
const QLatin1StringView kStopKey("rate/stop_div");

QString tipText(const QString& text) { return QStringLiteral("<p>%1</p>").arg(text); }

}  // namespace

SweepBar::SweepBar(QSettings& settings, QWidget* parent)
    : QWidget(parent),
      settings_(settings),
      stage_(new QComboBox(this)),
      start_(new QPushButton(lineIcon(QStringLiteral("play")), tr("&Start sweep"), this)),
      cancel_(new QPushButton(lineIcon(QStringLiteral("cancel")), tr("Ca&ncel sweep"), this)),
      batches_(new QSpinBox(this)),
      stopEarly_(new QCheckBox(tr("stop when the &loss blows up"), this)) {
  const LrSweepOptions defaults;
  from_ = rateEdit(tr("Lowest rate"), tr("fastai's start_lr: the rate of the first batch."),
                   settings.value(kFromKey, defaults.start_lr).toDouble());
  to_ = rateEdit(tr("Highest rate"), tr("fastai's end_lr: the rate that the sweep rises to, by the same factor from batch to batch."),
                 settings.value(kToKey, defaults.end_lr).toDouble());
  batches_->setRange(kLeastBatches, kMostBatches);
  batches_->setValue(settings.value(kBatchesKey, defaults.num_it).toInt());
  batches_->setAccessibleName(tr("Batches"));
  batches_->setToolTip(tipText(tr("fastai's num_it: how many batches the sweep trains on. More give a smoother curve; a data set "
                                  "with fewer is gone through again.")));
  stopEarly_->setChecked(settings.value(kStopKey, defaults.stop_div).toBool());
  stopEarly_->setToolTip(tipText(tr("fastai's stop_div: the sweep ends as soon as the smoothed loss is above four times its lowest "
                                    "value. What follows says nothing.")));
  start_->setObjectName(QStringLiteral("startSweep"));
  cancel_->setObjectName(QStringLiteral("cancelSweep"));
  cancel_->setToolTip(tipText(tr("Ends the sweep after the batch in work. Its curve stays, without suggestions.")));
  cancel_->hide();
  stage_->setObjectName(QStringLiteral("sweepStage"));
  stage_->setAccessibleName(tr("Stage"));
  stage_->setToolTip(tipText(tr("Whose transforms, batch and loss the sweep has, and whose rate it sets. The network starts from "
                                "the recipe's weights, not from what an earlier stage would leave: for that, name a run's "
                                "model.safetensors as the weights.")));
  build();
}

QLineEdit* SweepBar::rateEdit(const QString& name, const QString& tip, double value) {
  auto* edit = new QLineEdit(formatRate(value), this);
  auto* validator = new QDoubleValidator(kLeastRate, kMostRate, 12, edit);
  validator->setLocale(QLocale::c());
  validator->setNotation(QDoubleValidator::ScientificNotation);
  edit->setValidator(validator);
  edit->setAccessibleName(name);
  edit->setToolTip(tipText(tip));
  edit->setAlignment(Qt::AlignRight);
  edit->setFixedWidth(edit->fontMetrics().horizontalAdvance(QStringLiteral("0.000e-00")) + 2 * kGrid);
  return edit;
}

void SweepBar::build() {
  auto* flow = new FlowLayout(this);
  const auto words = [&](const QString& text, QWidget* buddy) {
    auto* label = new QLabel(text, this);
    label->setBuddy(buddy);
    return label;
  };
  for (QWidget* one : std::initializer_list<QWidget*>{start_, cancel_, stage_, words(tr("from"), from_), from_, words(tr("&to"), to_),
                                                      to_, words(tr("in"), batches_), batches_, words(tr("batches,"), batches_), stopEarly_}) {
    flow->addWidget(one);
  }
  setTabOrder(start_, cancel_);
  setTabOrder(cancel_, stage_);
  setTabOrder(stage_, from_);
  setTabOrder(from_, to_);
  setTabOrder(to_, batches_);
  setTabOrder(batches_, stopEarly_);
  connect(start_, &QPushButton::clicked, this, &SweepBar::startRequested);
  connect(cancel_, &QPushButton::clicked, this, &SweepBar::cancelRequested);
  connect(stage_, &QComboBox::currentIndexChanged, this, &SweepBar::changed);
  connect(from_, &QLineEdit::textChanged, this, &SweepBar::remember);
  connect(to_, &QLineEdit::textChanged, this, &SweepBar::remember);
  connect(batches_, &QSpinBox::valueChanged, this, &SweepBar::remember);
  connect(stopEarly_, &QCheckBox::toggled, this, &SweepBar::remember);
}

void SweepBar::remember() {
  if (problem().isEmpty()) {
    settings_.setValue(kFromKey, from_->text().toDouble());
    settings_.setValue(kToKey, to_->text().toDouble());
    settings_.setValue(kBatchesKey, batches_->value());
    settings_.setValue(kStopKey, stopEarly_->isChecked());
  }
  Q_EMIT changed();
}

LrFindOptions SweepBar::options() const {
  return {.sweep = {.start_lr = from_->text().toDouble(),
                    .end_lr = to_->text().toDouble(),
                    .num_it = batches_->value(),
                    .stop_div = stopEarly_->isChecked()},
          .stage = stage()};
}

QString SweepBar::problem() const {
  if (!from_->hasAcceptableInput()) return tr("The lowest rate must be a number above 0.");
  if (!to_->hasAcceptableInput()) return tr("The highest rate must be a number above 0.");
  const LrSweepOptions sweep = options().sweep;
  return sweep.start_lr < sweep.end_lr ? QString() : tr("The lowest rate must be below the highest.");
}

int SweepBar::stage() const { return std::max(0, stage_->currentIndex()); }

void SweepBar::setRecipe(const RunSpec& spec) {
  const int before = stage();
  const QSignalBlocker blocker(stage_);
  const auto count = static_cast<int>(spec.stages.size());
  while (stage_->count() > count) stage_->removeItem(stage_->count() - 1);
  for (int i = 0; i < count; ++i) {
    if (i == stage_->count()) stage_->addItem({});
    stage_->setItemText(i, stageWords(spec, i));
  }
  stage_->setCurrentIndex(std::min(before, count - 1));
  stage_->setVisible(count > 1);
}

void SweepBar::setActive(bool sweeping) {
  const bool focused = start_->hasFocus() || cancel_->hasFocus();
  start_->setVisible(!sweeping);
  cancel_->setVisible(sweeping);
  if (focused) (sweeping ? cancel_ : start_)->setFocus();
}

void SweepBar::setStartable(bool on, const QString& why) {
  start_->setEnabled(on);
  const QString tip = on ? tr("Trains a copy of the network on a few batches while the rate rises, and watches the loss. "
                              "Weights, runs and data stay as they are.")
                         : why;
  start_->setToolTip(tipText(tip.toHtmlEscaped()));
  start_->setAccessibleDescription(tip);
}

}  // namespace panicle::ui
