// A session in a folder of its own, and the page that is tested on it: what tests of pages set up before each of their functions.
#pragma once

#include <QTemporaryDir>
#include <QTest>
#include <memory>

#include "ui/shared/page.h"
#include "ui/shared/session.h"

namespace panicle::ui {

class PageSession {
 public:
  using MakePage = Page* (*)(Session&, QWidget*);

  // A new folder with a new workspace.
  void begin() {
    folder_ = std::make_unique<QTemporaryDir>();
    session_ = std::make_unique<Session>(std::make_unique<RunStore>(path(QStringLiteral("workspace")).toStdString()));
  }

  void end() {
    page_.reset();
    session_.reset();
    folder_.reset();
  }

  // False where the page does not come to the front.
  bool open(MakePage make) {
    page_.reset(make(*session_, nullptr));
    page_->resize(1000, 700);
    page_->show();
    page_->activateWindow();
    return QTest::qWaitForWindowActive(page_.get());
  }

  QString path(const QString& name) const { return folder_->filePath(name); }
  Session* operator->() const { return session_.get(); }
  Session& operator*() const { return *session_; }
  Page& page() const { return *page_; }

 private:
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Page> page_;
};

}  // namespace panicle::ui
