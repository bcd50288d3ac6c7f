// Lays widgets out in a row and goes on in the next row where they do not fit: chips and bars at any font size. Each row has one
// middle line.
#pragma once

#include <QLayout>
#include <QList>

namespace panicle::ui {

class FlowLayout : public QLayout {
  Q_OBJECT
 public:
  // Without margins, kGrid apart; `parent` takes what width there is and the height that the rows need.
  explicit FlowLayout(QWidget* parent);
  ~FlowLayout() override;

  void addItem(QLayoutItem* item) override;
  int count() const override { return static_cast<int>(items_.size()); }
  QLayoutItem* itemAt(int index) const override { return items_.value(index); }
  QLayoutItem* takeAt(int index) override;
  Qt::Orientations expandingDirections() const override { return Qt::Horizontal; }
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;
  QSize sizeHint() const override;
  QSize minimumSize() const override;
  void setGeometry(const QRect& rect) override;

 private:
  enum class Pass { Measure, Place };
  int arrange(const QRect& rect, Pass pass) const;
  static void place(const QList<QLayoutItem*>& row, int x, int y, int width, int height, int spacing);

  QList<QLayoutItem*> items_;
};

}  // namespace panicle::ui
