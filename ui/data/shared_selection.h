// Shares what the Data page shows with the other pages as the session's selection. The session holds photos
// one by one, so of a very long list only a window around the current photo is shared; it moves along when
// the photo comes near its edge.
#pragma once

#include <QObject>
#include <functional>

#include "ui/shared/photo.h"

namespace panicle::ui {

class Session;

class SharedSelection : public QObject {
  Q_OBJECT
 public:
  static constexpr int kWindow = 12'000;

  explicit SharedSelection(Session& session, QObject* parent = nullptr);

  // Another list; what is shared stays until share() is called.
  void setSource(int count, std::function<Photo(int)> photo);
  // Makes photo `index` of the list the session's current one; -1: none.
  void share(int index);

 Q_SIGNALS:
  void currentChanged(int index);  // another page, or the inspector, walked the selection

 private:
  void shareWindow(int index);
  void follow();
  bool nearEdge(int index) const;

  Session& session_;
  int count_ = 0;
  std::function<Photo(int)> photo_;
  int first_ = 0;  // index of the first shared photo
  int shared_ = 0;
  bool ours_ = false;  // the session's selection is a window of this list
  bool sharing_ = false;
};

}  // namespace panicle::ui
