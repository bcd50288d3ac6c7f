// The sizes worth trying on the open data set as a table: shape, what crop and squish cost, pixels, and the
// networks that take them.
#pragma once

#include <QWidget>
#include <vector>

#include "ui/preview/size_advice.h"

class QLabel;
class QPushButton;
class QSortFilterProxyModel;
class QTableView;

namespace panicle::ui {

class Session;
class SizeModel;

class SizeAdvisor : public QWidget {
  Q_OBJECT
 public:
  explicit SizeAdvisor(Session& session, QWidget* parent = nullptr);

  const std::vector<SizeAdvice>& advice() const { return advice_; }

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void build();
  void refresh();
  void refreshButtons();
  const SizeAdvice* chosen() const;
  void use(const char* field);

  Session& session_;
  std::vector<SizeAdvice> advice_;
  bool stale_ = true;
  SizeModel* model_;
  QSortFilterProxyModel* sorted_;
  QLabel* facts_;
  QTableView* view_;
  QPushButton* use_resize_;
  QPushButton* use_augment_;
};

}  // namespace panicle::ui
