// One item transform as a button: what validation gets of the photo, draws of training, and what it costs. A
// click puts the method in the recipe.
#pragma once

#include <QAbstractButton>
#include <QPixmap>
#include <vector>

#include "ui/preview/resize_preview.h"

class QPainter;

namespace panicle::ui {

class MethodCard : public QAbstractButton {
  Q_OBJECT
 public:
  explicit MethodCard(QWidget* parent = nullptr);

  void setCase(const ResizedCase& shown, std::uint64_t firstEpoch);
  void setInRecipe(bool in);
  const ResizedCase& shownCase() const { return case_; }
  QString costs() const { return costs_; }
  bool inRecipe() const { return in_recipe_; }

  int pictureWidth() const;  // on the screen

  // How high the words are on a card of this width; all cards of a board give them the same height.
  int wordsHeightFor(int width) const;
  void setWordsHeight(int height);
  // How high a card of this width is when pictures are `shape` times as high as wide.
  int heightFor(int width, double shape, int wordsHeight) const;
  static constexpr int kMinWidth = 132;
  static constexpr int kMaxWidth = 420;

 Q_SIGNALS:
  void entered();  // by the mouse or the keyboard
  void left();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void enterEvent(QEnterEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  struct Places {
    QRect title, picture, trainTitle, draws, words;
  };
  Places places() const;
  QString words() const;
  void describe();
  void paintTitle(QPainter& painter, const QRect& place) const;
  void paintDraws(QPainter& painter, const Places& places);
  void paintPicture(QPainter& painter, const QRect& place, const ResizedPicture& picture,
                    QPixmap& scaled) const;

  ResizedCase case_;
  std::uint64_t first_epoch_ = 0;
  bool in_recipe_ = false;
  QString costs_;
  QString reduction_;
  int words_height_ = 0;
  QPixmap valid_;
  std::vector<QPixmap> train_;
};

}  // namespace panicle::ui
