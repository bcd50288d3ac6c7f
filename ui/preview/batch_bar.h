// What of a run the Batch tab shows: training or validation, which epoch and batch, one photo or many, the
// seed, and how.
#pragma once

#include <QWidget>
#include <cstdint>
#include <optional>

#include "core/transforms/resize.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPushButton;
class QSettings;
class QSpinBox;
class QToolButton;

namespace panicle::ui {

class BatchBar : public QWidget {
  Q_OBJECT
 public:
  // How many tiles, and whether they are shown as normalised, is remembered.
  explicit BatchBar(QSettings& settings, QWidget* parent = nullptr);

  Mode mode() const;
  std::uint64_t epoch() const;  // from 0
  std::uint64_t batch() const;  // from 0
  bool onePhoto() const;
  std::uint64_t seed() const;  // the run's, unless another one was typed
  bool normalized() const;
  std::size_t tiles() const;

  // None of these says changed().
  void setMode(Mode mode);
  void setEpoch(std::uint64_t epoch);
  void setBatch(std::uint64_t batch);
  void setOnePhoto(bool on);
  void setRun(std::uint64_t seed, std::uint64_t epochs);
  void setBatches(Mode mode, std::uint64_t batches);  // of an epoch

 Q_SIGNALS:
  void changed();
  void redrawRequested();

 private:
  void makeWhere();
  void makeHow();
  void makeSeed();
  QWidget* labelled(const QString& label, QWidget* field);
  void takeSeed();
  void showState();
  void showEpochs();
  void tell();

  QSettings& settings_;
  std::uint64_t run_seed_ = 42;
  std::uint64_t run_epochs_ = 1;
  std::optional<std::uint64_t> other_seed_;
  QComboBox* mode_;
  QCheckBox* one_photo_;
  QSpinBox* epoch_;
  QSpinBox* batch_;
  QPushButton* redraw_;
  QLineEdit* seed_;
  QToolButton* own_seed_;
  QCheckBox* normalized_;
  QComboBox* count_;
};

}  // namespace panicle::ui
