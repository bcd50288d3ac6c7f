// The recipe's whole pipeline on the current photo, step by step: fastai's DataBlock.summary as a table. The
// step that fails stands last, with the reason.
#pragma once

#include <QString>
#include <QWidget>

#include "core/loader/pipeline.h"
#include "core/loader/summary.h"

class QComboBox;
class QLabel;
class QTableWidget;

namespace panicle::ui {

class LatestJob;

class StepsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit StepsPanel(QWidget* parent = nullptr);

  // Works only while it is visible.
  void setSubject(const QString& file, const Pipeline& pipeline);
  void clear();

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void refresh();
  void show(const PipelineSummary& summary);

  QString file_;
  Pipeline pipeline_;
  bool stale_ = false;
  QComboBox* mode_;
  QLabel* failure_;
  QTableWidget* table_;
  LatestJob* job_;
};

}  // namespace panicle::ui
