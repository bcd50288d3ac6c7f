// How often each label is in the submission (its colour), and beside it how often among labelled photos (grey): a model that
// predicts quite other proportions than it learned from deserves a look.
#pragma once

#include <QWidget>
#include <memory>

#include "ui/submit/submission_check.h"

namespace panicle::ui {

class LabelBars : public QWidget {
  Q_OBJECT
 public:
  explicit LabelBars(QWidget* parent = nullptr);

  void setReport(std::shared_ptr<const SubmissionReport> report);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  int rowHeight() const;
  void paintRow(QPainter& painter, int row) const;
  QString describe(int row) const;

  std::shared_ptr<const SubmissionReport> report_;
  double largest_ = 0;
};

}  // namespace panicle::ui
