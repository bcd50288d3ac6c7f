// The sweeps made so far, newest last: what each was of, what learned, how it ended. Choosing one puts it in front of the
// others in the plot; removing takes it off.
#pragma once

#include <QWidget>
#include <vector>

#include "ui/rate/sweep.h"

class QPushButton;
class QTableView;

namespace panicle::ui {

class RateSweepModel;

class SweepTable : public QWidget {
  Q_OBJECT
 public:
  explicit SweepTable(QWidget* parent = nullptr);

  void showSweeps(const std::vector<Sweep>& sweeps, int chosen);
  QTableView* view() const { return view_; }

 Q_SIGNALS:
  void chosen(int row);
  void removeRequested(int row);

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void build();
  void fitColumns();
  int widthOf(int column) const;
  void remove();

  RateSweepModel* model_;
  QTableView* view_;
  QPushButton* remove_;
  bool showing_ = false;
};

}  // namespace panicle::ui
