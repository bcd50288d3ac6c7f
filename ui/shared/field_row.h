// One row of a form over fields: label, editor, the button back to the default, and under them what is wrong.
#pragma once

#include <QWidget>
#include <optional>

#include "core/runs/run_spec.h"
#include "ui/shared/field_editor.h"

class QLabel;
class QToolButton;

namespace panicle::ui {

// A value of the field in a word or two: "0.75", "on", "640,480".
QString valueText(const FieldDescription& field, const Json& value);

class FieldRow : public QWidget {
  Q_OBJECT
 public:
  using MakeEditor = FieldEditor* (*)(const FieldDescription& field, QWidget* parent);

  FieldRow(const FieldDescription& field, std::optional<Json> standard, QWidget* parent,
           MakeEditor makeEditor = makeFieldEditor);

  const FieldDescription& field() const { return field_; }
  FieldEditor* editor() const { return editor_; }
  const std::optional<Json>& standard() const { return standard_; }  // the default; nothing where there is none

  // Shows the recipe's value; a text that was refused stays until the value changes.
  void setValue(const Json& value);
  void takeBack();                            // what was typed and refused
  void setProblem(const QString& problem);    // why what was typed is refused
  QString problem() const { return refusal_; }
  void refuse(const QString& text, const QString& problem);  // as if `text` had been typed here and refused
  void setFinding(const QString& finding);    // what is wrong about the recipe's value; shown where nothing is refused
  QString finding() const { return finding_; }
  void setWithoutEffect(const QString& why);  // "" enables the row
  bool changed() const;
  bool matches(const QStringList& words) const;

 Q_SIGNALS:
  void resetRequested();

 private:
  QString tip() const;
  void showProblem();
  void updateLook();

  FieldDescription field_;
  std::optional<Json> standard_;
  QString withoutEffect_;
  QString refusal_;
  QString finding_;
  QLabel* label_;
  FieldEditor* editor_;
  QToolButton* reset_;
  QLabel* problem_;
};

}  // namespace panicle::ui
