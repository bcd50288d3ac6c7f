// The filter over the runs: what is typed is understood as it is typed (core/runs/run_query.h). What is not understood is told under the
// box, and what was understood before stays in force.
#pragma once

#include <QWidget>

#include "core/runs/run_query.h"

class QLabel;
class QLineEdit;

namespace panicle::ui {

class QueryBox : public QWidget {
  Q_OBJECT
 public:
  explicit QueryBox(QWidget* parent = nullptr);

  QLineEdit* input() const { return input_; }
  QString text() const;
  void setText(const QString& text);
  // Why the text is not understood; "" where it is.
  QString problem() const;
  // Takes the query that the text was understood as last.
  RunQuery takeQuery();

 Q_SIGNALS:
  void queryChanged();   // takeQuery() has another one

 private:
  void read();

  QLineEdit* input_;
  QLabel* problem_;
  RunQuery query_;
};

}  // namespace panicle::ui
