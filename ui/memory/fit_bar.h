// What the fit table is asked: which card, which sizes, which batches; and the filter over its rows.
#pragma once

#include <QString>
#include <QWidget>
#include <vector>

#include "core/base/size.h"
#include "core/memory/device_profile.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSettings;
class QSpinBox;
class QToolButton;

namespace panicle::ui {

class MemoryProfiles;

// "128 192 256,192": height and width where they differ. Throws Error for what is no size.
std::vector<Size> readSizes(const QString& text);

class FitBar : public QWidget {
  Q_OBJECT
 public:
  FitBar(MemoryProfiles& profiles, QSettings& settings, QWidget* parent = nullptr);

  QLineEdit* filter() const { return filter_; }
  const DeviceProfile* profile() const;  // null until this machine has been looked at
  const std::vector<Size>& sizes() const { return sizes_; }
  int effective() const;
  std::vector<int> batches() const;

  // `done` of `total` cells; while it does not run and some are missing, the button goes on.
  void showProgress(bool running, std::size_t done, std::size_t total);

 Q_SIGNALS:
  void changed();  // another table is asked for
  void stopRequested();
  void goOnRequested();
  void exportRequested();

 private:
  void makeFields();
  void makeButtons();
  void arrange();
  void follow();
  void showProfiles();
  void showProfile();
  void showBatches();
  void takeSizes();

  MemoryProfiles& profiles_;
  QSettings& settings_;
  QLineEdit* filter_;
  QComboBox* card_;
  QSpinBox* own_;
  QSpinBox* overhead_;
  QToolButton* standard_;
  QSpinBox* effective_;
  QComboBox* batch_;
  QLineEdit* sizesEdit_;
  QPushButton* stop_;
  QPushButton* export_;
  QLabel* summary_;
  std::vector<Size> sizes_;
  bool running_ = false;
};

}  // namespace panicle::ui
