// The photos behind a selection in the matrix: what they are, in which order, and the grid itself.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "ui/inspect/inspection.h"

class QComboBox;
class QLabel;
class QPushButton;
class QSlider;

namespace panicle::ui {

class PhotoGrid;
class Session;

class PhotoPanel : public QWidget {
  Q_OBJECT
 public:
  explicit PhotoPanel(Session& session, QWidget* parent = nullptr);

  void setInspection(std::shared_ptr<const Inspection> inspection);
  // No cells: all validation photos, which by loss are the top losses. A user's choice also becomes the session's selection.
  void showBehind(const std::vector<MatrixCell>& cells);
  const std::vector<std::uint32_t>& rows() const { return rows_; }

 Q_SIGNALS:
  void allRequested();  // leave the selection

 private:
  void build();
  void rebuild();
  QString heading() const;
  void select(int index);
  void followSession();

  Session& session_;
  std::shared_ptr<const Inspection> inspection_;
  std::vector<MatrixCell> cells_;
  std::vector<std::uint32_t> rows_;
  int selectionStart_ = -1;  // grid index of the session's first photo; -1: the session's selection is not ours
  bool selecting_ = false;

  QLabel* heading_;
  QLabel* count_;
  QPushButton* all_;
  QComboBox* order_;
  QComboBox* filter_;
  QSlider* size_;
  PhotoGrid* grid_;
};

}  // namespace panicle::ui
