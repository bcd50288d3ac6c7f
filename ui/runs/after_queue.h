// What happens when the queue has ended: nothing, a notification on the desktop, or the computer shuts down, after a minute in which that
// can be called off. Shutting down is for one time: it is not remembered, and a run or the user's word ends it.
#pragma once

#include <QObject>
#include <QPointer>
#include <QString>
#include <QTimer>
#include <functional>

class QMessageBox;
class QWidget;

namespace panicle::ui {

class Session;

enum class WhenQueueEnds { Nothing, Notify, ShutDown };

// What it does to the desktop. Tests give another.
struct Desktop {
  std::function<void(const QString& title, const QString& text)> notify;
  // `failed` with a reason when the system would not.
  std::function<void(std::function<void(const QString& reason)> failed)> shutDown;
};
Desktop thisDesktop();  // org.freedesktop.Notifications; systemctl, which asks logind

class AfterQueue : public QObject {
  Q_OBJECT
 public:
  static constexpr int kSeconds = 60;  // before it shuts down

  // `owner` is the widget over which it asks.
  AfterQueue(Session& session, QWidget* owner, Desktop desktop = thisDesktop());

  WhenQueueEnds choice() const { return choice_; }
  void choose(WhenQueueEnds choice);
  // `words`: what came of the runs. `elsewhere`: another program still trains an entry.
  void queueEnded(const QString& words, bool elsewhere);
  int secondsLeft() const { return left_; }   // below 0: it will not shut down
  void callOff();
  void tick();                                // a second has passed

 Q_SIGNALS:
  void choiceChanged();

 private:
  void ask(const QString& words);
  void showLeft();
  void shutDown();
  bool trains() const;

  Session& session_;
  QWidget* owner_;
  Desktop desktop_;
  WhenQueueEnds choice_ = WhenQueueEnds::Nothing;
  QTimer second_;
  QPointer<QMessageBox> box_;
  QString words_;
  int left_ = -1;
};

}  // namespace panicle::ui
