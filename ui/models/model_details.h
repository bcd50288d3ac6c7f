// What there is to know and to do about the selected architecture: facts, sizes, weights, cost here.
#pragma once

#include <QWidget>

#include "core/models/architecture.h"

class QBoxLayout;
class QComboBox;
class QFormLayout;
class QLabel;
class QProgressBar;
class QPushButton;

namespace panicle::ui {

class MeasuredCosts;
class Session;
class WeightDownloads;

class ModelDetails : public QWidget {
  Q_OBJECT
 public:
  ModelDetails(Session& session, WeightDownloads& downloads, MeasuredCosts& costs, QWidget* parent = nullptr);

  void setArchitecture(const Architecture* architecture);  // null: none is selected
  const Architecture* architecture() const { return architecture_; }
  void refresh();
  // Puts the selected architecture, with the chosen weights, into the recipe; can be undone.
  void use();
  // Beside each other under a wide table, else below each other at its side.
  void setDirection(Qt::Orientation orientation);

 Q_SIGNALS:
  // The button that was pressed is gone; the focus belongs where the architecture was chosen.
  void finished();

 private:
  QWidget* makeFacts();
  QWidget* makeWeights();
  QWidget* makeCost();
  const Pretrained& pretrained() const;
  void showFacts();
  void showSize();
  void showWeights();
  void showCost();
  void useInputSize();
  void download();

  Session& session_;
  WeightDownloads& downloads_;
  MeasuredCosts& costs_;
  const Architecture* architecture_ = nullptr;
  QBoxLayout* blocks_;
  QLabel* name_;
  QLabel* facts_;
  QPushButton* use_;
  QLabel* size_;
  QPushButton* useSize_;
  QComboBox* tags_;
  QLabel* weights_;
  QProgressBar* bar_;
  QPushButton* download_;
  QPushButton* cancel_;
  QLabel* start_;
  QLabel* cost_;
  QPushButton* measure_;
};

}  // namespace panicle::ui
