// Brings a weight file of somebody's into the workspace: says first what it is, then imports it when told to.
#pragma once

#include <QFrame>
#include <QString>

#include "core/models/weight_search.h"

class QLabel;
class QMimeData;
class QPushButton;

namespace panicle::ui {

class Session;

class ImportPanel : public QFrame {
  Q_OBJECT
 public:
  explicit ImportPanel(Session& session, QWidget* parent = nullptr);

  void inspect(const QString& file);
  void invite();   // while a file is dragged over the page
  void dismiss();  // ends what is under way
  bool open() const { return state_ != State::Closed; }
  bool invited() const { return state_ == State::Invited; }

 Q_SIGNALS:
  void imported(const QString& arch);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  enum class State { Closed, Invited, Reading, Offered, Refused, Importing, Done };
  struct Inspected {
    WeightFileFacts facts;
    bool there = false;  // the workspace has weights of this architecture
  };

  void show(State state, const QString& title, const QString& text);
  void offer(const Inspected& inspected);
  void import();
  void follow();

  Session& session_;
  State state_ = State::Closed;
  QString file_;
  std::string arch_;
  bool replace_ = false;
  quint64 job_ = 0;
  QLabel* title_;
  QLabel* text_;
  QPushButton* import_;
  QPushButton* close_;
};

// The one weight file that `data` brings, or "".
QString draggedWeights(const QMimeData* data);

}  // namespace panicle::ui
