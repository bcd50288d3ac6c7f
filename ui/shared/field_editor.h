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
  QWidget* input() const { return input_; }            // takes the focus

 protected:
  using QWidget::QWidget;
  void setInput(QWidget* input);

 private:
  QWidget* input_ = nullptr;
};

FieldEditor* makeFieldEditor(const FieldDescription& field, QWidget* parent);

// Scrolling a form must not change the values that pass under the mouse: the wheel turns `input` only while it has the focus.
void keepWheelForFocus(QWidget* input);

// As a scientist writes it, the shortest text that reads back the same: 0.003, 1e-5, 100000.
QString formatReal(double value);

}  // namespace panicle::ui
