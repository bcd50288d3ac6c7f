// The rates that can be taken: fastai's four suggestions and one by hand; the button that puts the chosen one into the
// recipe, and what it changes there.
#pragma once

#include <QWidget>
#include <array>

#include "ui/rate/sweep.h"

class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QRadioButton;
class QToolButton;

namespace panicle::ui {

// A rate as a row shows it.
struct RateRow {
  std::optional<double> rate;  // none: the sweep does not suggest it
  bool moved = false;          // by the user, away from where it was
};

constexpr std::size_t kRateRows = kSuggested.size() + 1;

class RateChoice : public QWidget {
  Q_OBJECT
 public:
  explicit RateChoice(QWidget* parent = nullptr);

  void showRates(const std::array<RateRow, kRateRows>& rows, RateKind chosen);  // in the order of RateKind
  // `button` empty: there is nothing to use; `warning` is what to know before.
  void showTarget(const QString& button, bool enabled, const QString& sentence, const QString& warning);

 Q_SIGNALS:
  void chosen(panicle::ui::RateKind kind);
  void putBackRequested(panicle::ui::RateKind kind);
  void typed(double rate);
  void useRequested();
  void formRequested();

 private:
  struct Widgets {
    QRadioButton* name = nullptr;
    QWidget* rate = nullptr;  // a label, by hand an edit
    QLabel* note = nullptr;
    QToolButton* back = nullptr;
  };

  void makeRow(QGridLayout& grid, RateKind kind);
  void makeTarget();
  void colour();

  std::array<Widgets, kRateRows> rows_;
  QLineEdit* hand_ = nullptr;
  QPushButton* use_;
  QPushButton* form_;
  QLabel* sentence_;
  QLabel* warning_;
};

}  // namespace panicle::ui
