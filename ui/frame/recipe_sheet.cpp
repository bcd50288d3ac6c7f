#include "ui/frame/recipe_sheet.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/frame/recipe_choice.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kRecipeRole = Qt::UserRole, kRunRole = Qt::UserRole + 1;

QTreeWidgetItem* makeItem(const std::string& text, int recipe, int run) {
  auto* item = new QTreeWidgetItem({QString::fromStdString(text)});
  item->setSizeHint(0, QSize(0, QFontMetrics(QApplication::font()).height() + kGrid));
  item->setToolTip(0, item->text(0));
  item->setData(0, kRecipeRole, recipe);
  item->setData(0, kRunRole, run);
  return item;
}

QString weightWords(const Recipe& recipe) {
  QString rows;
  for (std::size_t i = 0; i < recipe.weights.size(); ++i) {
    rows += QStringLiteral("<tr><td style='padding-right:16px'>%1</td><td align='right'>%2</td></tr>")
                .arg(QString::fromStdString(recipe.runs[i].name).toHtmlEscaped(), QString::number(recipe.weights[i]));
  }
  return rows.isEmpty() ? QString() : RecipeSheet::tr("<p>Counted in the ensemble:</p>") + QStringLiteral("<table style='margin-top:4px'>%1</table>").arg(rows);
}

}  // namespace

RecipeSheet::RecipeSheet(Session& session, QWidget* window)
    : Overlay(tr("Recipes"), QSize(960, 600), window), session_(session), tree_(new QTreeWidget(this)) {
  tree_->setAccessibleName(tr("Recipes"));
  tree_->setHeaderHidden(true);
  tree_->setColumnCount(1);
  tree_->setUniformRowHeights(true);
  tree_->setIndentation(2 * kGrid);
  tree_->setExpandsOnDoubleClick(false);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, 2 * kGrid);
  row->setSpacing(2 * kGrid);
  row->addWidget(tree_, 3);
  row->addWidget(makeDetails(), 4);
  fill();
  setFocusProxy(tree_);
  connect(tree_, &QTreeWidget::currentItemChanged, this, &RecipeSheet::showCurrent);
  connect(tree_, &QTreeWidget::itemDoubleClicked, this, &RecipeSheet::use);
  connect(use_, &QPushButton::clicked, this, &RecipeSheet::use);
  tree_->setCurrentItem(tree_->topLevelItem(0));
}

QWidget* RecipeSheet::makeDetails() {
  auto* details = new QWidget(this);
  auto* column = new QVBoxLayout(details);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kGrid);
  title_ = new QLabel(details);
  QFont bold = title_->font();
  bold.setBold(true);
  bold.setPointSizeF(bold.pointSizeF() * 1.2);
  title_->setFont(bold);
  title_->setWordWrap(true);
  column->addWidget(title_);
  text_ = new QLabel(details);
  text_->setTextFormat(Qt::RichText);
  text_->setWordWrap(true);
  text_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  text_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* scroll = new QScrollArea(details);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidgetResizable(true);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->setWidget(text_);
  column->addWidget(scroll, 1);
  auto* buttons = new QHBoxLayout;
  buttons->addStretch(1);
  auto* close = new QPushButton(tr("Close"), details);
  close->setToolTip(tr("Closes this panel (Esc)"));
  connect(close, &QPushButton::clicked, this, &Overlay::shut);
  use_ = new QPushButton(tr("Use this recipe"), details);
  use_->setToolTip(tr("<p>Sets everything but the data set, the device and the seed: as the recipe says, and by default where it says nothing. Can be "
                      "undone.</p>"));
  makePrimary(use_);
  for (QPushButton* button : {close, use_}) button->setMinimumWidth(button->sizeHint().width() + 2 * kGrid);  // the text alone reaches to the edges
  buttons->addWidget(close);
  buttons->addWidget(use_);
  column->addLayout(buttons);
  return details;
}

void RecipeSheet::fill() {
  const std::vector<Recipe>& all = recipes();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const int index = static_cast<int>(i);
    const bool several = all[i].runs.size() > 1;
    QTreeWidgetItem* top = makeItem(all[i].title, index, several ? -1 : 0);
    tree_->addTopLevelItem(top);
    for (std::size_t run = 0; several && run < all[i].runs.size(); ++run) {
      top->addChild(makeItem(all[i].runs[run].name, index, static_cast<int>(run)));
    }
  }
}

const Recipe* RecipeSheet::recipeOf(const QTreeWidgetItem* item) const {
  return item ? &recipes()[item->data(0, kRecipeRole).toUInt()] : nullptr;
}

const RunSpec* RecipeSheet::runOf(const QTreeWidgetItem* item) const {
  const int run = item ? item->data(0, kRunRole).toInt() : -1;
  return run < 0 ? nullptr : &recipeOf(item)->runs[static_cast<std::size_t>(run)];
}

void RecipeSheet::showCurrent() {
  const QTreeWidgetItem* item = tree_->currentItem();
  const Recipe* recipe = recipeOf(item);
  const RunSpec* run = runOf(item);
  use_->setEnabled(run != nullptr);
  if (!recipe) return;
  const QString purpose = QString::fromStdString(recipe->purpose).toHtmlEscaped();
  title_->setText(QString::fromStdString(recipe->title));
  QString text = QStringLiteral("<p>%1</p>").arg(purpose);
  if (run) {
    if (recipe->runs.size() > 1) text += QStringLiteral("<p><b>%1</b></p>").arg(QString::fromStdString(run->name).toHtmlEscaped());
    text += recipeFacts(*run);
  } else {
    text += tr("<p>%1 runs: unfold it to choose one.</p>").arg(recipe->runs.size()) + weightWords(*recipe);
  }
  text_->setText(text);
}

void RecipeSheet::use() {
  QTreeWidgetItem* item = tree_->currentItem();
  const RunSpec* run = runOf(item);
  if (!run) {
    if (item) item->setExpanded(!item->isExpanded());
    return;
  }
  shut();
  applyRecipe(session_, *run);
}

void RecipeSheet::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
    use();
  } else {
    Overlay::keyPressEvent(event);
  }
}

}  // namespace panicle::ui
