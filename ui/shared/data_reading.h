// Reading the data set that a recipe names, with what is wrong about it told by the recipe's fields.
#pragma once

#include <QStringList>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/data/dataset.h"

namespace panicle::ui {

struct ReadData {
  std::shared_ptr<const Dataset> dataset;  // null where it cannot be read
  QString failure;                         // why; "" where there is a data set
  // Columns that the recipe names and the label table does not have, as core says problems: "data.label_columns: "age" is no column of train.csv,
  // which has image_id and label." There may be a data set all the same, of folders that name its labels.
  QStringList missing;

  // All of it as problems of fields, those of no field as the folder's.
  QStringList problems() const;
};

// Throws only Cancelled.
ReadData readData(const DataOptions& options, std::stop_token stop, const Progress& progress);

// '"age" is no column of train.csv, which has image_id and label.' With the nearest of them, if one is near.
QString noSuchColumn(const std::string& name, const QString& table, const std::vector<std::string>& columns);

}  // namespace panicle::ui
