// A slider with a spin box beside it, for numbers that one tries out.
#pragma once

#include "ui/shared/field_editor.h"

namespace panicle::ui {

// Numbers of a known range get a slider, all other fields the editor of any form.
FieldEditor* makeSliderEditor(const FieldDescription& field, QWidget* parent);

}  // namespace panicle::ui
