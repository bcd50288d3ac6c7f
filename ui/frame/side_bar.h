// The pages in the order of the work. Collapses to icons.
#pragma once

#include <QWidget>

class QListWidget;
class QToolButton;

namespace panicle::ui {

class SideBar : public QWidget {
  Q_OBJECT
 public:
  explicit SideBar(QWidget* parent = nullptr);

  void setCurrent(int page);
  bool collapsed() const { return collapsed_; }
  void setCollapsed(bool collapsed);

 Q_SIGNALS:
  void pageChosen(int page);
  void collapsedChanged(bool collapsed);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void fit();

  QListWidget* list_;
  QToolButton* fold_;
  bool collapsed_ = false;
};

}  // namespace panicle::ui
