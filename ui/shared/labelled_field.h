// A label beside the field that it names, for bars of fields.
#pragma once

#include <QString>

class QHBoxLayout;
class QWidget;

namespace panicle::ui {

// The row of a new widget (parentWidget()) that holds both; the label's mnemonic leads to `field`. More may be added to it.
QHBoxLayout* labelledField(const QString& label, QWidget* field, QWidget* parent);

}  // namespace panicle::ui
