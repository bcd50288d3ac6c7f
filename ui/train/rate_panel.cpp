#include "ui/train/rate_panel.h"

#include <QDoubleSpinBox>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>
#include <cmath>

#include "ui/shared/flow_layout.h"
#include "ui/shared/labelled_field.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QDoubleSpinBox* makeField(double low, double high, int decimals, const QString& name, const QString& tip, QWidget* parent) {
  auto* field = new QDoubleSpinBox(parent);
  QLocale plain = QLocale::c();
  plain.setNumberOptions(QLocale::OmitGroupSeparator | QLocale::RejectGroupSeparator);
  field->setLocale(plain);
  field->setDecimals(decimals);
  field->setRange(low, high);
  field->setStepType(QAbstractSpinBox::AdaptiveDecimalStepType);
  field->setAccessibleName(name);
  field->setToolTip(tip);
  return field;
}

QString figure(double value) { return QLocale::c().toString(value, 'g', 3); }

}  // namespace

RatePanel::RatePanel(RunController& runs, QWidget* parent) : QWidget(parent), runs_(runs) {
  scale_ = makeField(0.0001, 1000, 4, tr("Factor on the learning rate"),
                     tr("The schedule's learning rates are multiplied by this from the next step to the end of the run.\n0.1 is a "
                        "tenth of what was planned; 1 is the plan."),
                     this);
  scale_->setPrefix(QStringLiteral("× "));
  decay_ = makeField(0, 10, 6, tr("Weight decay"),
                     tr("By how much the weights shrink a step, times the learning rate, from the next step to the end of the run"), this);
  undo_ = new QPushButton(lineIcon(QStringLiteral("reset")), tr("&Undo changes"), this);
  undo_->setToolTip(tr("The changes are handed over on Resume; this takes them back"));
  effect_ = new QLabel(this);
  effect_->setWordWrap(true);
  effect_->setTextFormat(Qt::PlainText);

  auto* fields = new QWidget(this);
  auto* row = new FlowLayout(fields);
  row->addWidget(labelledField(tr("&Learning rate"), scale_, fields)->parentWidget());
  row->addWidget(labelledField(tr("&Weight decay"), decay_, fields)->parentWidget());
  row->addWidget(undo_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addWidget(fields);
  layout->addWidget(effect_);

  connect(scale_, &QDoubleSpinBox::valueChanged, this, &RatePanel::edited);
  connect(decay_, &QDoubleSpinBox::valueChanged, this, &RatePanel::edited);
  connect(undo_, &QPushButton::clicked, this, [this] {
    showRates();
    edited();
  });
  connect(&runs_, &RunController::stateChanged, this, &RatePanel::follow);
  wd_ = runs_.spec().optimizer.wd;
  follow();
}

void RatePanel::apply(const TrainEvent& event) {
  if (std::holds_alternative<RunStarted>(event)) {
    lr_ = -1;
    lrScale_ = 1;
    wd_ = runs_.spec().optimizer.wd;
  } else if (const auto* batch = std::get_if<BatchEnded>(&event)) {
    lr_ = batch->lr;
  } else if (const auto* change = std::get_if<RatesChanged>(&event)) {
    lrScale_ = change->lr_scale;
    wd_ = change->wd;
  } else {
    return;
  }
  if (isHidden()) return;
  // The batch in work when Pause was pressed ends after it.
  if (runs_.pendingChange()) {
    updateEffect();
  } else {
    showRates();
  }
}

void RatePanel::follow() {
  const bool paused = runs_.state() == RunController::State::Paused;
  if (paused && isHidden()) showRates();
  setVisible(paused);
}

void RatePanel::showRates() {
  {
    const QSignalBlocker quietScale(scale_);
    const QSignalBlocker quietDecay(decay_);
    scale_->setValue(lrScale_);
    decay_->setValue(wd_);
  }
  updateEffect();
}

// As far as the fields tell values apart.
bool RatePanel::scaleDiffers() const { return std::abs(scale_->value() - lrScale_) > 5e-5; }

bool RatePanel::decayDiffers() const { return std::abs(decay_->value() - wd_) > 5e-7; }

void RatePanel::edited() {
  if (scaleDiffers() || decayDiffers()) {
    RateChange change{.lr_scale = scaleDiffers() ? scale_->value() : lrScale_, .wd = std::nullopt};
    if (decayDiffers()) change.wd = decay_->value();
    runs_.change(change);
  } else {
    runs_.keepRates();
  }
  updateEffect();
}

void RatePanel::updateEffect() {
  undo_->setEnabled(scaleDiffers() || decayDiffers());
  QStringList parts;
  if (lr_ < 0) {
    parts << tr("learning rates × %1").arg(figure(scale_->value()));
  } else if (scaleDiffers()) {
    parts << tr("learning rate %1 where the last step had %2").arg(figure(lr_ * scale_->value() / lrScale_), figure(lr_));
  } else {
    parts << tr("learning rate %1 as at the last step").arg(figure(lr_));
  }
  if (decayDiffers()) parts << tr("weight decay %1 instead of %2").arg(figure(decay_->value()), figure(wd_));
  effect_->setText(tr("When the run goes on: %1.").arg(parts.join(QStringLiteral(", "))));
}

QString RatePanel::effectText() const { return effect_->text(); }

}  // namespace panicle::ui
