// The epoch table as fastai prints it, but counted from 1: epoch, train_loss, valid_loss, the metrics, time. The best epoch is bold and says so.
// Where steps were skipped, a column tells how many.
#pragma once

#include <QTableWidget>
#include <string>
#include <vector>

#include "core/runs/run_store.h"

namespace panicle::ui {

class EpochTable : public QTableWidget {
  Q_OBJECT
 public:
  explicit EpochTable(QWidget* parent = nullptr);

  // Empties it. Metric names in the order of the columns; `monitor` says what makes an epoch the best: "" is error_rate, or
  // valid_loss where there is none.
  void begin(std::vector<std::string> metrics, std::string monitor = {});
  void add(const EpochRow& epoch);
  int bestRow() const { return best_; }          // -1: no epoch yet
  QString toText() const;                        // tab-separated, with the header

  QSize sizeHint() const override;

 protected:
  void changeEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;  // Ctrl+C copies the table
  void resizeEvent(QResizeEvent* event) override;

 private:
  int bestColumn() const { return columnCount() - 1; }
  int skippedColumn() const { return columnCount() - 2; }
  void fitColumns();
  double score(const EpochRow& epoch) const;  // the lowest is the best
  void markBest();

  std::vector<std::string> metrics_;
  std::string monitor_;
  std::vector<double> scores_;  // by row
  int best_ = -1;
  bool follows_ = true;
};

}  // namespace panicle::ui
