// The cards of all methods, in as many columns as make them largest; scrolls where they do not fit.
#pragma once

#include <QScrollArea>
#include <vector>

#include "ui/preview/resize_preview.h"

namespace panicle::ui {

class MethodCard;

class MethodBoard : public QScrollArea {
  Q_OBJECT
 public:
  explicit MethodBoard(QWidget* parent = nullptr);

  // Cards stay where they are from one photo to the next, with the keyboard's focus.
  void setCases(const std::vector<ResizedCase>& cases, std::uint64_t firstEpoch);
  const std::vector<MethodCard*>& cards() const { return cards_; }
  int pictureWidth() const;  // of a card's picture, on the screen; 0: not known yet

 Q_SIGNALS:
  void entered(int card);  // by the mouse or the keyboard
  void left();
  void chosen(int card);
  void pictureWidthChanged();

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void arrange();

  QWidget* content_;
  std::vector<MethodCard*> cards_;
  double shape_ = 1;  // of the pictures, height over width
};

}  // namespace panicle::ui
