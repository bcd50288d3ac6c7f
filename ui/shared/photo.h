// A photo as the pages hand it around.
#pragma once

#include <QString>
#include <QVector>
#include <optional>

namespace panicle::ui {

// What a run said about a photo; set where the photo comes from a run's predictions.
struct PhotoPrediction {
  QString run;              // id and name, for the inspector
  QString label;            // predicted class
  double probability = 0;   // of the predicted class
  double loss = 0;
  QVector<QPair<QString, double>> top;  // most probable classes first, up to five
};

// What else is known of a photo beside its label: a further target of the data set ("variety", "age").
struct PhotoTarget {
  QString name;
  QString value;            // the true class or number; empty when the photo has none
  QString predicted;        // what the run said; empty without a run
};

struct Photo {
  QString id;
  QString file;             // absolute path
  QString path;             // relative to the data set, for display
  QString label;            // true class; empty when unlabelled
  int target = -1;          // index of the true class in the vocab (for its colour); -1 when unlabelled
  QVector<PhotoTarget> targets;  // further ones, in the data set's order
  std::optional<PhotoPrediction> prediction;
};

}  // namespace panicle::ui
