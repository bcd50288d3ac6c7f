// What to sweep and how: the stage, the range of rates, the number of batches; start and cancel.
#pragma once

#include <QWidget>

#include "core/runs/lr_find.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPushButton;
class QSettings;
class QSpinBox;

namespace panicle::ui {

class SweepBar : public QWidget {
  Q_OBJECT
 public:
  explicit SweepBar(QSettings& settings, QWidget* parent = nullptr);

  LrFindOptions options() const;
  QString problem() const;                        // of the range; "" when it can be swept
  int stage() const;

  void setRecipe(const RunSpec& spec);            // its stages
  void setActive(bool sweeping);
  void setStartable(bool on, const QString& why);  // `why` not, for the tooltip

 Q_SIGNALS:
  void startRequested();
  void cancelRequested();
  void changed();                                 // the stage or an option

 private:
  void build();
  QLineEdit* rateEdit(const QString& name, const QString& tip, double value);
  void remember();

  QSettings& settings_;
  QComboBox* stage_;
  QPushButton* start_;
  QPushButton* cancel_;
  QLineEdit* from_;
  QLineEdit* to_;
  QSpinBox* batches_;
  QCheckBox* stopEarly_;
};

}  // namespace panicle::ui
