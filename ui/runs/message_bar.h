// A line over the table with what has just happened, or waits for a decision, and one or two buttons: "2 runs went to the trash. Undo".
#pragma once

#include <QFrame>
#include <functional>
#include <vector>

class QHBoxLayout;
class QLabel;
class QPushButton;
class QToolButton;

namespace panicle::ui {

class MessageBar : public QFrame {
  Q_OBJECT
 public:
  struct Choice {
    QString text;
    QString help;                 // the tooltip
    std::function<void()> chosen; // the bar is gone by then
  };

  explicit MessageBar(const QString& icon, QWidget* parent = nullptr);

  void say(const QString& text, const std::vector<Choice>& choices);
  QString text() const;
  void dismiss();

 Q_SIGNALS:
  void dismissed();               // by its cross

 private:
  QHBoxLayout* row_;
  QLabel* text_;
  std::vector<QPushButton*> buttons_;
  QToolButton* close_;
};

}  // namespace panicle::ui
