// Paints one photo as large as fits, decoded off the GUI thread; a smaller thumbnail stands in until it is
// there.
#pragma once

#include <QStringList>
#include <QWidget>

namespace panicle::ui {

struct Thumbnail;

class PhotoCanvas : public QWidget {
  Q_OBJECT
 public:
  explicit PhotoCanvas(QWidget* parent = nullptr);

  // The first file is shown; the others are made ready.
  void setFiles(const QStringList& files);
  const Thumbnail* thumbnail() const;  // of the first, of any size; null until one is there

  QSize sizeHint() const override;

 Q_SIGNALS:
  void arrived();  // a thumbnail of the first file

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  int side() const;
  void request();

  QStringList files_;
};

}  // namespace panicle::ui
