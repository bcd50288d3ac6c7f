// The header of a part of a form that folds away: a chevron, the part's title, and what to know of it while
// it is folded.
#pragma once

#include <QToolButton>

namespace panicle::ui {

class FoldButton : public QToolButton {
  Q_OBJECT
 public:
  explicit FoldButton(const QString& title, QWidget* parent = nullptr);

  const QString& title() const { return title_; }
  bool isOpen() const { return isChecked(); }
  void setOpen(bool open);
  void setNote(const QString& note);  // "2 changed", behind the title; cut at its end where there is no room, the tooltip has all

 Q_SIGNALS:
  void toggledOpen(bool open);  // by the user or setOpen()

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void updateLook();
  void updateTip();
  int textWidth() const;  // that there is room for

  QString title_;
  QString note_;
};

}  // namespace panicle::ui
