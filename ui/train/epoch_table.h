// The epoch table as fastai prints it: epoch, train_loss, valid_loss, the metrics, time. The best epoch is bold and says so.
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

  void begin(std::vector<std::string> metrics);  // empties it; metric names in the order of the columns
  void add(const EpochRow& epoch);
  int bestRow() const { return best_; }          // the lowest error_rate, else the lowest valid_loss; -1: no epoch yet
  QString toText() const;                        // tab-separated, with the header

  QSize sizeHint() const override;

 protected:
  void changeEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;  // Ctrl+C copies the table

 private:
  void fitRows();
  void markBest();

  std::vector<std::string> metrics_;
  std::vector<double> scores_;  // by row; the lowest is the best
  int best_ = -1;
  bool follows_ = true;
};

}  // namespace panicle::ui
