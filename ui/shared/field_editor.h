// The widget that edits one field: by kind a spin box, a text, a check box or a list of choices.
#pragma once

#include <QWidget>
#include <functional>

#include "core/runs/run_spec.h"

namespace panicle::ui {

class FieldEditor : public QWidget {
 public:
  std::function<void(const Json&)> edited;             // the user set a value
  std::function<void(const QString&)> notUnderstood;   // what the user typed is no value of this kind: the reason

  virtual void setValue(const Json& value) = 0;        // calls neither
  virtual void commit();                               // takes what has been typed so far, as leaving the field does
  // What is typed, whether understood or not, for editors that take any text; setText() calls neither.
  virtual QString text() const { return {}; }
  virtual void setText(const QString&) {}
  QWidget* input() const { return input_; }            // takes the focus

 protected:
  using QWidget::QWidget;
  void setInput(QWidget* input);

 private:
  QWidget* input_ = nullptr;
};

FieldEditor* makeFieldEditor(const FieldDescription& field, QWidget* parent);

// Commits the field that has the keyboard, if one has: before anything reads what the fields edit, as keys and menus leave the focus where it is.
void commitFocusedField();

// Scrolling a form must not change the values that pass under the mouse: the wheel turns `input` only while it has the focus.
void keepWheelForFocus(QWidget* input);

// As a scientist writes it, the shortest text that reads back the same: 0.003, 1e-5, 100000.
QString formatReal(double value);

}  // namespace panicle::ui
