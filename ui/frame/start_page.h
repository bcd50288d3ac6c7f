// What stands in the place of the Data page while nothing is open: the ways to begin.
#pragma once

#include <QWidget>

class QLabel;
class QListWidget;
class QPushButton;

namespace panicle::ui {

class Session;

class StartPage : public QWidget {
  Q_OBJECT
 public:
  explicit StartPage(Session& session, QWidget* parent = nullptr);

  void setDropping(bool dropping);  // a file hovers over the window

 Q_SIGNALS:
  void folderRequested();
  void csvRequested();
  void sampleRequested();

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* makeChoices();
  QWidget* makeRecent();
  void fillRecent();

  Session& session_;
  QWidget* recent_ = nullptr;
  QListWidget* recentList_ = nullptr;
  QWidget* drop_ = nullptr;
};

}  // namespace panicle::ui
