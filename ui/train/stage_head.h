// The line above the settings of one of several stages: its number, what it does in a few words, and what can be done with it.
#pragma once

#include <QWidget>

class QToolButton;

namespace panicle::ui {

class FoldButton;

class StageHead : public QWidget {
  Q_OBJECT
 public:
  StageHead(std::size_t stage, std::size_t stages, QWidget* parent = nullptr);

  FoldButton* fold() const { return fold_; }
  void setWords(const QString& words);

 Q_SIGNALS:
  void moveRequested(int by);
  void duplicateRequested();
  void removeRequested();

 protected:
  void changeEvent(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  QToolButton* addButton(const QString& icon, const QString& name, const QString& help);
  void embolden();

  FoldButton* fold_;
};

}  // namespace panicle::ui
