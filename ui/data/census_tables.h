// What the census found, as tables: the sizes of the files, and the files with problems.
#pragma once

#include <QWidget>
#include <memory>

#include "core/data/census.h"

class QLabel;
class QPushButton;
class QTableView;

namespace panicle::ui {

// Rows of text; cells are asked for only when they are painted.
class TextTable;

// Width, height, shape, number and share of the files of each size, most frequent first.
class SizesTable : public QWidget {
  Q_OBJECT
 public:
  explicit SizesTable(QWidget* parent = nullptr);

  void setCensus(std::shared_ptr<const Census> census);  // null: none yet

 Q_SIGNALS:
  void sizeChosen(int width, int height);  // double click or Return

 private:
  struct Row {
    int width = 0;
    int height = 0;
    std::size_t files = 0;
  };

  std::vector<Row> rows_;
  TextTable* model_;
  QTableView* view_;
  QLabel* note_;
};

// Files that cannot be read with the reason, and what the scan passed over. Copyable.
class ProblemsTable : public QWidget {
  Q_OBJECT
 public:
  explicit ProblemsTable(QWidget* parent = nullptr);

  void setDataset(std::shared_ptr<const Dataset> dataset);
  void setCensus(std::shared_ptr<const Census> census);
  int count() const;
  QString toText() const;  // one "file, tab, reason" a line

 private:
  QStringList row(int index) const;
  void refresh();
  void copySelected();

  std::shared_ptr<const Dataset> dataset_;
  std::shared_ptr<const Census> census_;
  TextTable* model_;
  QTableView* view_;
  QLabel* note_;
  QPushButton* copy_;
};

}  // namespace panicle::ui
