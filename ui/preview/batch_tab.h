#pragma once

#include <QWidget>

namespace panicle::ui {

class Session;

class BatchTab : public QWidget {
  Q_OBJECT
 public:
  BatchTab(Session& session, QWidget* parent);

 private:
  Session& session_;
};

}  // namespace panicle::ui
