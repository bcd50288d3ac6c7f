// The memory meter in the status bar: a bar of what fills the memory with marks at the thresholds, the figures, and a minute of history.
#pragma once

#include <QWidget>
#include <deque>
#include <optional>

#include "core/memory/meter.h"

namespace panicle::ui {

class MemoryView : public QWidget {
  Q_OBJECT
 public:
  static constexpr std::size_t kHistory = 240;  // a minute at 4 Hz

  explicit MemoryView(QWidget* parent = nullptr);

  void add(const MemoryReading& reading);
  void setExpected(std::optional<quint64> bytes);  // of the process at its peak: marked in the bar
  const std::deque<MemoryReading>& history() const { return history_; }

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 Q_SIGNALS:
  void clicked();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  bool event(QEvent* event) override;

 private:
  struct Layout;
  Layout layoutFor(int width) const;
  QString details() const;
  void paintBar(QPainter& painter, const QRectF& rect) const;
  void paintHistory(QPainter& painter, const QRectF& rect) const;

  QString tooltip() const;

  std::deque<MemoryReading> history_;
  std::optional<quint64> expected_;
};

}  // namespace panicle::ui
