#include "ui/frame/recipe_choice.h"

#include <QAction>
#include <QCoreApplication>
#include <QMenu>
#include <algorithm>

#include "ui/frame/recipe_words.h"
#include "ui/shared/session.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("RecipeChoice", text); }

// A data set of class folders has no columns; in a table the label columns are those of the recipe or further ones.
bool hasColumn(const Dataset& dataset, const std::string& name) {
  const auto& targets = dataset.further_targets;
  return dataset.column(name) || std::any_of(targets.begin(), targets.end(), [&](const Target& target) { return target.name == name; });
}

// Takes out what the open data set cannot do, and says what.
QStringList fitToData(RunSpec& run, const Dataset& dataset, const RunSpec& mine) {
  QStringList missing;
  const RunSpec standard;
  SplitOptions& split = run.data.split;
  if (split.kind == SplitKind::Column && !hasColumn(dataset, split.column)) {
    const QString column = QString::fromStdString(split.column);
    split = standard.data.split;
    const bool byMine = onMyData(run, mine).data.split.kind == SplitKind::Column;
    missing << (byMine ? tr("it has no column \"%1\" that marks validation photos, so your column does it as before")
                       : tr("it has no column \"%1\" that marks validation photos, so a random fifth of them validates"))
                   .arg(column);
  }
  std::vector<std::string>& labels = run.data.label_columns;
  for (std::size_t i = labels.size(); i-- > 1;) {
    if (hasColumn(dataset, labels[i])) continue;
    missing << tr("it has no column \"%1\", so nothing is learnt of that").arg(QString::fromStdString(labels[i]));
    labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return missing;
}

}  // namespace

void applyRecipe(Session& session, const RunSpec& run) {
  const RunSpec mine = session.recipe();
  RunSpec chosen = run;
  QStringList missing;
  if (const auto dataset = session.dataset()) missing = fitToData(chosen, *dataset, mine);
  session.replaceRecipe(onMyData(chosen, mine), tr("Recipe %1").arg(QString::fromStdString(run.name)));
  Q_EMIT session.pageRequested(QStringLiteral("train"));
  if (!missing.isEmpty()) {
    const QString text = tr("The recipe \"%1\" does not fit this data set as it is: %2.")
                             .arg(QString::fromStdString(run.name), missing.join(tr("; ")));
    session.tell(QStringLiteral("recipe"), text, Session::Weight::Notice);
  }
}

QString recipeFacts(const RunSpec& run) {
  QString rows;
  const bool ownData = toJson(run.data) != toJson(DataOptions{});
  for (const ChipText& chip : recipeChips(run, {})) {
    const bool stays = chip.id == QLatin1String("data") && !ownData;
    const QString text = stays ? tr("your label and nothing beside it; %1, or by your column").arg(chip.text) : chip.text;
    rows += QStringLiteral("<tr><td width='36%' style='padding-right:16px; padding-bottom:4px'>%1</td><td style='padding-bottom:4px'><b>%2</b></td></tr>")
                .arg(chip.what.toHtmlEscaped(), text.toHtmlEscaped());
  }
  return QStringLiteral("<table width='100%' style='margin-top:12px'>%1</table>").arg(rows);
}

void fillRecipeMenu(QMenu& menu, Session& session) {
  menu.setToolTipsVisible(true);
  const auto add = [&session](QMenu& to, const QString& title, const QString& purpose, const RunSpec& run) {
    QAction* action = to.addAction(title);
    action->setToolTip(QStringLiteral("<p>%1</p>").arg(purpose.toHtmlEscaped()));
    QObject::connect(action, &QAction::triggered, &session, [&session, chosen = &run] { applyRecipe(session, *chosen); });
  };
  for (const Recipe& recipe : recipes()) {
    const QString title = QString::fromStdString(recipe.title), purpose = QString::fromStdString(recipe.purpose);
    if (recipe.runs.size() == 1) {
      add(menu, title, purpose, recipe.runs.front());
      continue;
    }
    QMenu* members = menu.addMenu(title);
    members->setToolTipsVisible(true);
    for (const RunSpec& run : recipe.runs) add(*members, QString::fromStdString(run.name), purpose, run);
  }
}

}  // namespace panicle::ui
