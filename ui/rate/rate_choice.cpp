#include "ui/rate/rate_choice.h"

#include <QDoubleValidator>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/rate/rate_words.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kLeastRate = 1e-12;
constexpr double kMostRate = 1e6;

QString tipText(const QString& text) { return QStringLiteral("<p>%1</p>").arg(text.toHtmlEscaped()); }

// A suggestion has as many figures as a curve can tell, a rate by hand all that were given.
QString rowText(const RateRow& row) { return row.moved ? rateFigures(*row.rate) : formatRate(*row.rate); }

}  // namespace

RateChoice::RateChoice(QWidget* parent)
    : QWidget(parent),
      use_(new QPushButton(this)),
      form_(new QPushButton(tr("Show in the f&orm"), this)),
      sentence_(new QLabel(this)),
      warning_(new QLabel(this)) {
  auto* title = new QLabel(tr("Learning rate"), this);
  QFont strong = title->font();
  strong.setWeight(QFont::DemiBold);
  title->setFont(strong);
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(2 * kGrid);
  grid->setVerticalSpacing(kGrid / 2);
  grid->setColumnStretch(2, 1);
  for (std::size_t i = 0; i < kRateRows; ++i) makeRow(*grid, static_cast<RateKind>(i));
  makeTarget();
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(kGrid);
  buttons->addWidget(use_);
  buttons->addWidget(form_);
  buttons->addStretch(1);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kGrid);
  column->addWidget(title);
  column->addLayout(grid);
  column->addLayout(buttons);
  column->addWidget(sentence_);
  column->addWidget(warning_);
  column->addStretch(1);
  connect(&Theme::instance(), &Theme::changed, this, &RateChoice::colour);
  colour();
}

void RateChoice::makeRow(QGridLayout& grid, RateKind kind) {
  const auto row = static_cast<std::size_t>(kind);
  Widgets& made = rows_[row];
  made.name = new QRadioButton(rateName(kind), this);
  made.name->setObjectName(QStringLiteral("rate_") + QString(rateName(kind)).replace(u' ', u'_'));
  made.name->setToolTip(tipText(rateHelp(kind)));
  made.name->setAccessibleDescription(rateHelp(kind));
  made.note = new QLabel(kind == RateKind::Hand ? tr("the recipe's") : rateRule(kind), this);
  made.note->setForegroundRole(QPalette::PlaceholderText);
  made.note->setToolTip(tipText(rateHelp(kind)));
  const int width = fontMetrics().horizontalAdvance(QStringLiteral("0.000e-00")) + 2 * kGrid;
  if (kind == RateKind::Hand) {
    hand_ = new QLineEdit(this);
    hand_->setObjectName(QStringLiteral("handRate"));
    hand_->setAccessibleName(tr("Rate by hand"));
    hand_->setToolTip(tipText(rateHelp(kind)));
    auto* validator = new QDoubleValidator(kLeastRate, kMostRate, 12, hand_);
    validator->setLocale(QLocale::c());
    validator->setNotation(QDoubleValidator::ScientificNotation);
    hand_->setValidator(validator);
    connect(hand_, &QLineEdit::textEdited, this, [this] {
      if (hand_->hasAcceptableInput()) Q_EMIT typed(hand_->text().toDouble());
    });
    connect(hand_, &QLineEdit::returnPressed, this, &RateChoice::useRequested);
    hand_->setAlignment(Qt::AlignRight);
    made.rate = hand_;
  } else {
    auto* label = new QLabel(this);
    label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    made.rate = label;
  }
  made.rate->setFixedWidth(width);
  made.back = new QToolButton(this);
  made.back->setObjectName(QStringLiteral("back_") + QString(rateName(kind)).replace(u' ', u'_'));
  made.back->setIcon(lineIcon(QStringLiteral("undo")));
  made.back->setAutoRaise(true);
  made.back->setToolTip(kind == RateKind::Hand ? tr("Back to the recipe's rate") : tr("Back to where the sweep suggests it"));
  made.back->setAccessibleName(tr("Put %1 back").arg(rateName(kind)));
  QSizePolicy keeps = made.back->sizePolicy();
  keeps.setRetainSizeWhenHidden(true);
  made.back->setSizePolicy(keeps);
  grid.addWidget(made.name, static_cast<int>(row), 0);
  grid.addWidget(made.rate, static_cast<int>(row), 1);
  grid.addWidget(made.note, static_cast<int>(row), 2);
  grid.addWidget(made.back, static_cast<int>(row), 3);
  connect(made.name, &QRadioButton::toggled, this, [this, kind](bool on) {
    if (on) Q_EMIT chosen(kind);
  });
  connect(made.back, &QToolButton::clicked, this, [this, kind] { Q_EMIT putBackRequested(kind); });
}

void RateChoice::makeTarget() {
  use_->setObjectName(QStringLiteral("useRate"));
  makePrimary(use_);
  connect(use_, &QPushButton::clicked, this, &RateChoice::useRequested);
  form_->setObjectName(QStringLiteral("showForm"));
  form_->setToolTip(tipText(tr("Leads to the Train page, where the form shows the rate with all other settings")));
  connect(form_, &QPushButton::clicked, this, &RateChoice::formRequested);
  sentence_->setObjectName(QStringLiteral("rateTarget"));
  warning_->setObjectName(QStringLiteral("rateWarning"));
  for (QLabel* label : {sentence_, warning_}) {
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  }
}

void RateChoice::showRates(const std::array<RateRow, kRateRows>& rows, RateKind chosen) {
  for (std::size_t i = 0; i < kRateRows; ++i) {
    const Widgets& shown = rows_[i];
    const auto kind = static_cast<RateKind>(i);
    const QSignalBlocker blocker(shown.name);
    shown.name->setEnabled(rows[i].rate.has_value());
    shown.name->setChecked(kind == chosen && rows[i].rate);
    const QString text = rows[i].rate ? rowText(rows[i]) : QStringLiteral("–");
    if (kind == RateKind::Hand) {
      // What is being typed stays as it is typed.
      if (hand_->text().toDouble() != text.toDouble() || !hand_->hasFocus()) hand_->setText(rows[i].rate ? text : QString());
      shown.note->setText(rows[i].moved ? QString() : tr("the recipe's"));
    } else {
      static_cast<QLabel*>(shown.rate)->setText(text);
      shown.note->setText(rows[i].moved ? tr("moved") : rateRule(kind));
    }
    shown.name->setAccessibleName(rows[i].rate ? tr("%1, %2").arg(rateName(kind), text) : tr("%1, not suggested").arg(rateName(kind)));
    shown.back->setVisible(rows[i].moved);
  }
}

void RateChoice::showTarget(const QString& button, bool enabled, const QString& sentence, const QString& warning) {
  use_->setText(button);
  use_->setEnabled(enabled);
  use_->setToolTip(tipText(sentence));
  use_->setAccessibleDescription(sentence);
  sentence_->setText(sentence);
  warning_->setText(warning);
  warning_->setVisible(!warning.isEmpty());
}

void RateChoice::colour() {
  QPalette palette = warning_->palette();
  palette.setColor(QPalette::WindowText, Theme::instance().colors().warning);
  warning_->setPalette(palette);
}

}  // namespace panicle::ui
