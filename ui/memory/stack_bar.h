// A bar of what fills a memory, with marks where it gets tight and where it is full.
#pragma once

#include <QColor>
#include <QString>
#include <QWidget>
#include <vector>

namespace panicle::ui {

class StackBar : public QWidget {
  Q_OBJECT
 public:
  struct Part {
    QString name;
    QString meaning;
    quint64 bytes = 0;
    QColor color;
  };

  explicit StackBar(QWidget* parent = nullptr);

  // From left to right. What is more than `total` together shrinks the scale, so that all of it shows.
  void show(std::vector<Part> parts, quint64 total);
  void setExpected(quint64 bytes);  // what it is planned to become: marked below the bar; 0: nothing
  const std::vector<Part>& parts() const { return parts_; }
  quint64 sum() const;

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  bool event(QEvent* event) override;

 private:
  void paintExpected(QPainter& painter) const;
  QRectF bar() const;
  double pixels(quint64 bytes) const;
  const Part* partAt(double x) const;

  std::vector<Part> parts_;
  quint64 total_ = 0;
  quint64 expected_ = 0;
};

}  // namespace panicle::ui
