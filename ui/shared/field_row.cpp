#include "ui/shared/field_row.h"

#include <QGridLayout>
#include <QLabel>
#include <QToolButton>
#include <limits>

#include "ui/shared/field_rules.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kResetWidth = 3 * kGrid;

QString rangeText(const FieldInfo& info) {
  const bool low = info.min != std::numeric_limits<double>::lowest();
  const bool high = info.max != std::numeric_limits<double>::max();
  if (low && high) return FieldRow::tr("Range: %1 to %2").arg(formatReal(info.min), formatReal(info.max));
  if (low) return FieldRow::tr("Range: %1 or more").arg(formatReal(info.min));
  if (high) return FieldRow::tr("Range: %1 or less").arg(formatReal(info.max));
  return {};
}

QString listText(const Json& list) {
  QStringList words;
  for (const Json& value : list) {
    words << (value.is_string() ? QString::fromStdString(value.get<std::string>()) : formatReal(value.get<double>()));
  }
  return words.isEmpty() ? FieldRow::tr("none") : words.join(QStringLiteral(", "));
}

}  // namespace

QString valueText(const FieldDescription& field, const Json& value) {
  if (field.kind == FieldKind::Object) return value.is_null() ? FieldRow::tr("off") : FieldRow::tr("on");
  if (value.is_number_float()) return formatReal(value.get<double>());
  if (value.is_string()) return QString::fromStdString(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? FieldRow::tr("on") : FieldRow::tr("off");
  if (field.kind == FieldKind::Size && value.is_array()) {
    return QString::fromStdString(toString(Size{value.at(0).get<int>(), value.at(1).get<int>()}));
  }
  return value.is_null() ? nullText(field) : value.is_array() ? listText(value) : QString::fromStdString(value.dump());
}

FieldRow::FieldRow(const FieldDescription& field, std::optional<Json> standard, QWidget* parent, MakeEditor makeEditor)
    : QWidget(parent),
      field_(field),
      standard_(std::move(standard)),
      label_(new QLabel(this)),
      editor_(makeEditor(field, this)),
      reset_(new QToolButton(this)),
      problem_(new QLabel(this)) {
  QString name = QString::fromUtf8(field.info.label);
  label_->setText(*field.info.unit ? tr("%1 (%2)", "label (unit)").arg(name, QString::fromUtf8(field.info.unit)) : name);
  label_->setWordWrap(true);
  label_->setBuddy(editor_->input());
  label_->setMinimumWidth(12 * kGrid);
  editor_->input()->setAccessibleName(label_->text());
  editor_->input()->setAccessibleDescription(QString::fromUtf8(field.info.help));

  reset_->setIcon(lineIcon(QStringLiteral("reset")));
  reset_->setAutoRaise(true);
  reset_->setFixedSize(kResetWidth, kResetWidth);
  reset_->setAccessibleName(tr("Reset %1").arg(name));
  if (standard_) reset_->setToolTip(tr("Back to the default, %1").arg(valueText(field_, *standard_)));
  connect(reset_, &QToolButton::clicked, this, &FieldRow::resetRequested);

  problem_->setWordWrap(true);
  problem_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  problem_->hide();

  auto* layout = new QGridLayout(this);
  layout->setContentsMargins(kGrid * (1 + 2 * objectDepth(field.path)), 0, 0, 0);
  layout->setHorizontalSpacing(kGrid);
  layout->setVerticalSpacing(kGrid / 2);
  layout->addWidget(label_, 0, 0);
  layout->addWidget(editor_, 0, 1);
  layout->addWidget(reset_, 0, 2);
  layout->addWidget(problem_, 1, 0, 1, 3);
  layout->setColumnStretch(0, 1);
  layout->setColumnStretch(1, 1);
  layout->setColumnMinimumWidth(1, 12 * kGrid);
  layout->setColumnMinimumWidth(2, kResetWidth);
  connect(&Theme::instance(), &Theme::changed, this, &FieldRow::updateLook);
  editor_->setValue(field_.value);
  updateLook();
}

void FieldRow::setValue(const Json& value) {
  if (field_.value == value) return;
  field_.value = value;
  editor_->setValue(value);
  setProblem({});
  updateLook();
}

void FieldRow::setProblem(const QString& problem) {
  refusal_ = problem;
  showProblem();
}

void FieldRow::setFinding(const QString& finding) {
  if (finding == finding_) return;
  finding_ = finding;
  showProblem();
}

void FieldRow::showProblem() {
  const QString& shown = refusal_.isEmpty() ? finding_ : refusal_;
  problem_->setText(shown);
  problem_->setVisible(!shown.isEmpty());
  editor_->input()->setAccessibleDescription(shown.isEmpty() ? QString::fromUtf8(field_.info.help) : shown);
  reset_->setVisible(changed() || !refusal_.isEmpty());
}

void FieldRow::refuse(const QString& text, const QString& problem) {
  editor_->setText(text);
  setProblem(problem);
}

void FieldRow::takeBack() {
  editor_->setValue(field_.value);
  setProblem({});
}

void FieldRow::setWithoutEffect(const QString& why) {
  withoutEffect_ = why;
  editor_->setEnabled(why.isEmpty());
  label_->setEnabled(why.isEmpty());
  updateLook();
}

bool FieldRow::changed() const {
  if (!standard_) return false;
  // The fields of an object have rows of their own; the object itself is there or not.
  if (field_.kind == FieldKind::Object) return field_.value.is_null() != standard_->is_null();
  return field_.value != *standard_;
}

bool FieldRow::matches(const QStringList& words) const {
  const QString text = QString::fromStdString(field_.path) + QLatin1Char(' ') + QString::fromUtf8(field_.info.label) +
                       QLatin1Char(' ') + QString::fromUtf8(field_.info.help) + QLatin1Char(' ') +
                       QString::fromUtf8(field_.info.fastai);
  for (const QString& word : words) {
    if (!text.contains(word, Qt::CaseInsensitive)) return false;
  }
  return true;
}

QString FieldRow::tip() const {
  QStringList lines{QStringLiteral("<b>%1</b>").arg(label_->text().toHtmlEscaped())};
  if (!withoutEffect_.isEmpty()) lines << QStringLiteral("<i>%1</i>").arg(withoutEffect_.toHtmlEscaped());
  if (*field_.info.help) lines << QString::fromUtf8(field_.info.help).toHtmlEscaped();
  if (*field_.info.fastai) lines << tr("fastai: %1").arg(QString::fromUtf8(field_.info.fastai).toHtmlEscaped());
  QString facts = rangeText(field_.info);
  if (standard_) {
    if (!facts.isEmpty()) facts += QStringLiteral("; ");
    facts += tr("default: %1").arg(valueText(field_, *standard_));
  }
  if (!facts.isEmpty()) lines << facts.toHtmlEscaped();
  lines << QStringLiteral("<code>%1</code>").arg(QString::fromStdString(field_.path).toHtmlEscaped());
  return QStringLiteral("<p>%1</p>").arg(lines.join(QStringLiteral("</p><p>")));
}

void FieldRow::updateLook() {
  QFont font = this->font();
  font.setBold(changed());
  label_->setFont(font);
  editor_->setFont(font);
  reset_->setVisible(changed() || !refusal_.isEmpty());
  QPalette palette = problem_->palette();
  palette.setColor(QPalette::WindowText, Theme::instance().colors().error);
  problem_->setPalette(palette);
  label_->setToolTip(tip());
  editor_->setToolTip(tip());  // of further parts, as a slider
  editor_->input()->setToolTip(tip());
}

}  // namespace panicle::ui
