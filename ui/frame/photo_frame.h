// A photo scaled to fit, or why it cannot be shown.
#pragma once

#include <QPixmap>
#include <QWidget>

namespace panicle::ui {

class PhotoFrame : public QWidget {
  Q_OBJECT
 public:
  explicit PhotoFrame(QWidget* parent = nullptr);

  void setImage(const QImage& image);
  void setMessage(const QString& message);

  QSize sizeHint() const override;
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QPixmap pixmap_;
  QPixmap scaled_;  // for the size it was painted at last
  QString message_;
};

}  // namespace panicle::ui
