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

 Q_SIGNALS:
  void runChosen();

 private:
  struct Entry {
    std::string id;
    QString text;
  };

  void refresh();
  void fill();

  Session& session_;
  std::vector<Entry> entries_;
  std::string shown_;
  std::string chosen_;
  bool reading_ = false;
  bool stale_ = false;  // the store changed while it was read
};

}  // namespace panicle::ui
