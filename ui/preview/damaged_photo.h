// In the place of pictures that cannot be made: which file, why, and what to do.
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace panicle::ui {

class DamagedPhoto : public QWidget {
  Q_OBJECT
 public:
  explicit DamagedPhoto(QWidget* parent = nullptr);

  // `skipped`: a run leaves bad photos out, rather than stop.
  void say(const QString& file, const QString& reason, bool skipped);
  QString text() const;

 Q_SIGNALS:
  void nextRequested();

 private:
  void paintMark();

  QString file_;
  QLabel* mark_;
  QLabel* title_;
  QLabel* reason_;
  QLabel* advice_;
  QPushButton* folder_;
  QPushButton* next_;
};

}  // namespace panicle::ui
