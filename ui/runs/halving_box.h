// Successive halving as an option of a sweep: switched on, all runs train for a few epochs, the best of them again for more, and so on.
#pragma once

#include <QString>
#include <QWidget>
#include <cstddef>
#include <optional>

#include "core/runs/queue.h"

class QCheckBox;
class QLineEdit;
class QSpinBox;

namespace panicle::ui {

class HalvingBox : public QWidget {
  Q_OBJECT
 public:
  explicit HalvingBox(QWidget* parent = nullptr);

  // nullopt where it is off; throws Error for what is no plan.
  std::optional<Halving> halving() const;

 Q_SIGNALS:
  void changed();

 private:
  QCheckBox* on_;
  QLineEdit* epochs_;
  QSpinBox* eta_;
};

// "9 for 3 epochs, the best 3 for 9, the best for 27"
QString halvingWords(const Halving& halving, std::size_t runs);

}  // namespace panicle::ui
