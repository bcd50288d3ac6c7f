// Where the axes of a PlotCanvas have their ticks: at round numbers, as many as there is room for, and four at least where
// four labels fit.
#pragma once

#include "ui/shared/qcustomplot_header.h"

namespace panicle::ui {

// How many labels an axis bears.
struct TickRoom {
  int wanted = 4;  // with air between them
  int most = 4;    // before they touch

  friend bool operator==(const TickRoom&, const TickRoom&) = default;
};

class RoundTicker : public QCPAxisTicker {
 public:
  void setRoom(const TickRoom& room) { room_ = room; }

 protected:
  double getTickStep(const QCPRange& range) override;
  const TickRoom& room() const { return room_; }

 private:
  TickRoom room_;
};

// Ticks at whole numbers: there is no epoch 1.5. Thousands are told as "20k".
class WholeTicker : public RoundTicker {
 public:
  explicit WholeTicker(int offset);  // on what is told of an x

 protected:
  double getTickStep(const QCPRange& range) override;
  int getSubTickCount(double) override { return 0; }
  QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;

 private:
  int offset_;
  double step_ = 1;
};

// Rates are read in powers of ten; zoomed in, in the steps between them.
class LogTicker : public QCPAxisTickerLog {
 public:
  void setRoom(const TickRoom& room);

 protected:
  QVector<double> createTickVector(double step, const QCPRange& range) override;

 private:
  TickRoom room_;
};

void setTickRoom(QCPAxis& axis, const TickRoom& room);

}  // namespace panicle::ui
