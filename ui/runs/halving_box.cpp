#include "ui/runs/halving_box.h"

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>

#include "core/base/error.h"
#include "ui/shared/field_editor.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/labelled_field.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMostEta = 10;
constexpr int kEpochsCharacters = 12;

QString paragraph(const QString& words) { return QStringLiteral("<p>%1</p>").arg(words.toHtmlEscaped()); }

}  // namespace

HalvingBox::HalvingBox(QWidget* parent)
    : QWidget(parent), on_(new QCheckBox(tr("Successive &halving"), this)), epochs_(new QLineEdit(QStringLiteral("3,9,27"), this)), eta_(new QSpinBox(this)) {
  on_->setObjectName(QStringLiteral("halving"));
  on_->setToolTip(paragraph(tr("All runs train for a few epochs; the best of them train again, from their beginning, for more; the best of those for more still. "
                               "What is plainly worse costs little that way.")));
  epochs_->setObjectName(QStringLiteral("halving_epochs"));
  epochs_->setAccessibleName(tr("Epochs of each round"));
  epochs_->setToolTip(paragraph(tr("The epochs of each round, growing: 3,9,27. They take the place of those of the recipe's last stage.")));
  epochs_->setMaximumWidth(kEpochsCharacters * fontMetrics().averageCharWidth() + 2 * kGrid);
  eta_->setRange(2, kMostEta);
  eta_->setValue(3);
  eta_->setAccessibleName(tr("One of so many goes on"));
  eta_->setToolTip(paragraph(tr("Which share goes on to the next round: the best one of so many.")));
  keepWheelForFocus(eta_);
  auto* flow = new FlowLayout(this);
  QWidget* rounds = labelledField(tr("e&pochs"), epochs_, this)->parentWidget();
  QWidget* share = labelledField(tr("keeps &one of"), eta_, this)->parentWidget();
  for (QWidget* one : {static_cast<QWidget*>(on_), rounds, share}) flow->addWidget(one);
  const auto enable = [this, rounds, share](bool on) {
    rounds->setEnabled(on);
    share->setEnabled(on);
  };
  enable(false);
  connect(on_, &QCheckBox::toggled, this, enable);
  connect(on_, &QCheckBox::toggled, this, &HalvingBox::changed);
  connect(epochs_, &QLineEdit::textChanged, this, &HalvingBox::changed);
  connect(eta_, &QSpinBox::valueChanged, this, &HalvingBox::changed);
}

std::optional<Halving> HalvingBox::halving() const {
  if (!on_->isChecked()) return std::nullopt;
  Halving halving{.epochs = {}, .eta = eta_->value()};
  for (const QString& part : epochs_->text().split(QLatin1Char(','))) {
    bool whole = false;
    halving.epochs.push_back(part.trimmed().toInt(&whole));
    if (!whole) throw Error(tr("'%1' is no number of epochs; the rounds of a halving are written as 3,9,27").arg(part.trimmed()).toStdString());
  }
  checkHalving(halving);
  return halving;
}

QString halvingWords(const Halving& halving, std::size_t runs) {
  QStringList parts;
  const std::vector<std::size_t> sizes = rungSizes(halving, runs);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const QString count = formatCount(sizes[i]);
    const int epochs = halving.epochs[i];
    if (i == 0) {
      parts << (epochs == 1 ? HalvingBox::tr("%1 for 1 epoch").arg(count) : HalvingBox::tr("%1 for %2 epochs").arg(count).arg(epochs));
    } else {
      parts << (sizes[i] == 1 ? HalvingBox::tr("the best for %1").arg(epochs) : HalvingBox::tr("the best %1 for %2").arg(count).arg(epochs));
    }
  }
  return parts.join(QStringLiteral(", "));
}

}  // namespace panicle::ui
