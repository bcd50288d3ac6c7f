// The form of a recipe in a workspace of its own, and hands that use it.
#pragma once

#include <QAbstractButton>
#include <QTemporaryDir>
#include <QTest>
#include <memory>

#include "ui/shared/field_editor.h"
#include "ui/shared/session.h"
#include "ui/train/recipe_form.h"
#include "ui/train/stage_head.h"

namespace panicle::ui {

class FormInHand : public QObject {
 protected:
  void open() {
    folder_ = std::make_unique<QTemporaryDir>();
    session_ = std::make_unique<Session>(std::make_unique<RunStore>(folder_->path().toStdString()));
    form_ = std::make_unique<RecipeForm>(*session_);
    form_->resize(304, 640);
    form_->show();
    QVERIFY(QTest::qWaitForWindowExposed(form_.get()));
  }

  void close() {
    form_.reset();
    session_.reset();
    folder_.reset();
  }

  QList<StageHead*> heads() {
    QList<StageHead*> heads;
    for (StageHead* head : form_->findChildren<StageHead*>()) {
      if (!head->isHidden()) heads << head;
    }
    return heads;
  }

  // By its text or its accessible name; of a form that is being made anew there may be two for a moment.
  QAbstractButton* button(const QString& name) {
    QAbstractButton* found = nullptr;
    for (auto* each : form_->findChildren<QAbstractButton*>()) {
      if (each->text() == name || each->accessibleName() == name) found = each;
    }
    return found;
  }

  void press(const QString& name) {
    QAbstractButton* found = button(name);
    QVERIFY2(found, qPrintable(name));
    found->click();
  }

  template <typename Widget>
  Widget* input(const char* path) {
    FieldEditor* editor = form_->editor(path);
    return editor ? qobject_cast<Widget*>(editor->input()) : nullptr;
  }

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<RecipeForm> form_;
};

}  // namespace panicle::ui
