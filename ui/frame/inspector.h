// The right side of the window: the current photo, its facts, what a run said about it, and what can be done with it.
#pragma once

#include <QWidget>

#include "ui/frame/photo_loader.h"

class QFormLayout;
class QLabel;
class QToolButton;

namespace panicle::ui {

class PhotoFrame;
class Session;

class Inspector : public QWidget {
  Q_OBJECT
 public:
  explicit Inspector(Session& session, QWidget* parent = nullptr);

 protected:
  void showEvent(QShowEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  QWidget* makeContent();
  QWidget* makeHeader();
  QLabel* addFact(QFormLayout* form, const QString& name);
  void showPhoto();
  void showTargets();
  void showPrediction();
  void showLoaded(const LoadedPhoto& photo);
  void walk(int step);

  Session& session_;
  PhotoLoader loader_;
  QLabel* position_ = nullptr;
  QToolButton* previous_ = nullptr;
  QToolButton* next_ = nullptr;
  QLabel* empty_ = nullptr;
  QWidget* content_ = nullptr;
  PhotoFrame* frame_ = nullptr;
  QLabel* label_ = nullptr;
  QLabel* targets_ = nullptr;
  QLabel* prediction_ = nullptr;
  QLabel* size_ = nullptr;
  QLabel* bytes_ = nullptr;
  QLabel* orientation_ = nullptr;
  QLabel* path_ = nullptr;
};

}  // namespace panicle::ui
