// The lower half of the Memory page: which networks fit at which sizes.
#pragma once

#include <QWidget>

#include "ui/memory/fit_runner.h"

class QLabel;
class QPushButton;
class QTableView;

namespace panicle::ui {

class EmptyState;
class FitBar;
class FitModel;
class Session;
class WordFilter;

class FitPanel : public QWidget {
  Q_OBJECT
 public:
  explicit FitPanel(Session& session, QWidget* parent = nullptr);

  FitBar* bar() const { return bar_; }
  QTableView* view() const { return view_; }
  const FitRunner& runner() const { return *runner_; }
  bool writeCsv(const QString& file);  // reports what goes wrong

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void makeTable();
  QWidget* makeDetails();
  void follow();
  FitRequest request() const;
  void plan();
  void refresh();
  void fitColumns();
  void filter(const QString& text);
  const FitCell* current() const;
  void showCurrent();
  void useCurrent();
  void chooseFile();

  Session& session_;
  FitBar* bar_;
  FitRunner* runner_;
  FitModel* model_;
  WordFilter* sorted_;
  QTableView* view_;
  EmptyState* nothing_;
  QLabel* details_;
  QPushButton* use_;
  bool stopped_ = false;  // by the user: not begun again by itself
};

}  // namespace panicle::ui
