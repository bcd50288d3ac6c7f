// One part of the recipe in the strip: a rounded button, red and with a mark when the part is invalid, amber when it is only just fine.
#pragma once

#include <QAbstractButton>

#include "ui/frame/recipe_words.h"

namespace panicle::ui {

class Chip : public QAbstractButton {
  Q_OBJECT
 public:
  explicit Chip(QWidget* parent = nullptr);

  void show(const ChipText& chip);
  bool valid() const { return valid_; }
  const QString& page() const { return page_; }  // where a click leads

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void enterEvent(QEnterEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  bool valid_ = true;
  bool caution_ = false;
  QString page_;
};

}  // namespace panicle::ui
