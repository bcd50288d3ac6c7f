// Chooses the run that lies beneath the curves to compare with: any of the workspace that has ended with an epoch at
// least, newest first, but not the one that is shown.
#pragma once

#include <QComboBox>
#include <string>
#include <vector>

namespace panicle::ui {

class Session;

class CompareChooser : public QComboBox {
  Q_OBJECT
 public:
  explicit CompareChooser(Session& session, QWidget* parent = nullptr);

  void setShown(const std::string& run);  // the run whose curves lie on top
  std::string chosen() const { return chosen_; }  // its id; "" for none

  QSize sizeHint() const override;        // as wide as the longest entry, up to a limit

 Q_SIGNALS:
  void runChosen();

 protected:
  void paintEvent(QPaintEvent* event) override;  // cuts a long entry at its end

 private:
  struct Entry {
    std::string id;
    QString text;
  };

  void fill();
  void updateTip();

  std::vector<Entry> entries_;
  std::string shown_;
  std::string chosen_;
};

}  // namespace panicle::ui
