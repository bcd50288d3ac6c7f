#include "ui/train/train_page.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QSplitter>
#include <QVBoxLayout>

#include "ui/shared/page.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/train/recipe_form.h"
#include "ui/train/run_view.h"

namespace panicle::ui {
namespace {

class TrainPage : public Page {
 public:
  TrainPage(Session& session, QWidget* parent) : Page(parent), form_(new RecipeForm(session, this)) {
    auto* view = new RunView(session, this);
    auto* splitter = new QSplitter(Qt::Horizontal, this);
    splitter->addWidget(form_);
    splitter->addWidget(view);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 2);
    splitter->setSizes({1, 2});
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(2 * kGrid);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, 2 * kGrid);
    layout->addWidget(splitter);
  }

  QWidget* filterWidget() override { return form_->search(); }
  bool leaveDrillDown() override { return form_->clearSearch(); }

 private:
  RecipeForm* form_;
};

}  // namespace

Page* makeTrainPage(Session& session, QWidget* parent) { return new TrainPage(session, parent); }

}  // namespace panicle::ui
