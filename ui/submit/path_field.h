// A file's path: typed, browsed for, or dropped here.
#pragma once

#include <QWidget>

class QLineEdit;
class QToolButton;

namespace panicle::ui {

class PathField : public QWidget {
  Q_OBJECT
 public:
  enum class Purpose { Open, Save };

  PathField(Purpose purpose, const QString& name, const QString& help, QWidget* parent = nullptr);

  QString path() const;
  void setPath(const QString& path);  // no signal

 Q_SIGNALS:
  void chosen(const QString& path);   // by the user

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void browse();
  void take(const QString& path);

  Purpose purpose_;
  QString name_;
  QString help_;
  QLineEdit* edit_;
  QToolButton* browse_;
};

}  // namespace panicle::ui
