#include "ui/shared/labelled_field.h"

#include <QHBoxLayout>
#include <QLabel>

#include "ui/shared/theme.h"

namespace panicle::ui {

QHBoxLayout* labelledField(const QString& label, QWidget* field, QWidget* parent) {
  auto* pair = new QWidget(parent);
  auto* row = new QHBoxLayout(pair);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid / 2);
  auto* text = new QLabel(label, pair);
  text->setBuddy(field);
  row->addWidget(text);
  row->addWidget(field);
  return row;
}

}  // namespace panicle::ui
